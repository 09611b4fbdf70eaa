// Weights of positive labels: what "balanced" comes to, and what a step feeds its loss.

import { expect, test } from "vitest";
import { balancedWeights, positiveWeightsOf } from "../../src/assemble/positive-weights.ts";
import { trainClassifier } from "../../src/assemble/train-classifier.ts";
import type { TrainingSettings } from "../../src/assemble/training-settings.ts";
import type { Assembly, ImageSet } from "../../src/data/assembly/assembly.ts";
import { absent } from "../../src/labels/states.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { WatchingBackend } from "./calls.ts";
import { smallAssembly, smallSettings } from "./settings.ts";

const of = (...states: number[]): ImageSet => ({ ...smallAssembly(1).test, states: Uint8Array.from(states) });

test("balanced is labelled negatives over positives, of all sources together; absent labels count for nothing", () => {
  // Three classes: 3 negatives and a positive; a soft label of .25 with a positive; no positive at all.
  const sources = [of(0, 125, 0, 0, absent, 0), of(0, 1, absent, 1, absent, 0)];
  const [rare, soft, none] = balancedWeights(sources, 3);
  expect([rare, none]).toEqual([3, 1]);
  expect(soft).toBeCloseTo(0.75 / 1.25, 12);
});

test("balanced goes no further than 100", () => {
  const states = [1, ...new Array<number>(400).fill(0)];
  expect(balancedWeights([of(...states)], 1)).toEqual([100]);
  expect(balancedWeights([of(...states.map((state) => 1 - state))], 1)).toEqual([0.01]);
});

test("weights by name leave other classes at 1, and nothing said is no weights", () => {
  expect(positiveWeightsOf({ b: 4 }, ["a", "b"])).toEqual([1, 4]);
  expect(positiveWeightsOf(undefined, ["a", "b"])).toBeUndefined();
  expect(positiveWeightsOf("balanced", ["a", "b"])).toEqual([1, 1]);
  expect(positiveWeightsOf("balanced", ["a", "b"], [2, 3])).toEqual([2, 3]);
});

async function fed(more: Partial<TrainingSettings>, assembly: Assembly = smallAssembly(8)) {
  const backend = new WatchingBackend(["assembleLoss"]);
  using engine = new Engine(backend);
  const length = { epochs: 1, warmupEpochs: 0, batch: 16, evaluate: "end" } as const;
  const { classifier } = await trainClassifier(engine, assembly, { ...smallSettings, ...length, ...more });
  classifier.dispose();
  return backend.of("assembleLoss")[0];
}

test("a step takes them for each output of its head, after the parents of a tree", async () => {
  const assembly = smallAssembly(8);
  const [first] = assembly.classes;
  const weights = [3, 1, 1, 1, 1, 1];
  const queries = await fed({ positiveWeight: { [first]: 3 } });
  expect(queries.inputs[6]).toEqual(weights);
  const perSource = await fed({ positiveWeight: { [first]: 3 }, head: { kind: "per-source" } });
  expect(perSource.inputs[6]).toEqual([...weights, ...weights]);
  const tree = await fed(
    { positiveWeight: { [first]: 3 } },
    { ...assembly, parents: [-1, 0, 0, -1, -1, -1] },
  );
  expect(tree.inputs.slice(6).map((each) => each.length)).toEqual([6, 6]);
  expect(tree.inputs[7]).toEqual(weights);
  expect((await fed({})).inputs).toHaveLength(6);
});

test("balanced weighs absent labels that are taken for negatives as these", async () => {
  const [ignored, negative] = [
    await fed({ positiveWeight: "balanced" }),
    await fed({ positiveWeight: "balanced", absent: "negative" }),
  ];
  // The first class is known to one of two sources of the same size.
  expect(negative.inputs[6][0]).toBeGreaterThan(ignored.inputs[6][0] + 1);
});

test("a class that there is not is named, with the nearest", async () => {
  await expect(fed({ positiveWeight: { nodle: 2 } })).rejects.toThrow(
    /positiveWeight names "nodle", which is none of the classes.*nodule/u,
  );
});
