// Given labels of mixed images, and the AUC margin beside them: what is drawn and known of a mixture, and what a step computes of it.

import { describe, expect, test } from "vitest";
import { mixedStates, mixtureOf, symmetricBeta } from "../../src/assemble/mixup.ts";
import { noLambdas, takesStrongView, termWeights, viewsOf } from "../../src/assemble/assemble-terms.ts";
import { trainClassifier } from "../../src/assemble/train-classifier.ts";
import type { TrainingSettings } from "../../src/assemble/training-settings.ts";
import { randomStream } from "../../src/data/random-stream.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { absent, targetOf } from "../../src/labels/states.ts";
import { WatchingBackend } from "./calls.ts";
import { smallAssembly, smallSettings } from "./settings.ts";

describe("a mixture", () => {
  test("knows what both images are labelled with, in the share of each", () => {
    // Two images of five classes, mixed with each other.
    const states = Uint8Array.of(1, 0, 1, 140, absent, 0, 0, 1, 1, 1);
    const mixed = mixedStates(states, Uint32Array.of(1, 0), 0.7);
    expect(Array.from(mixed)).toEqual([170, 0, 1, 158, absent, 130, 0, 1, 182, absent]);
    expect(mixedStates(states, Uint32Array.of(0, 1), 0.3)).toEqual(states);
    expect(Array.from(mixedStates(states, Uint32Array.of(1, 0), 1), targetOf)).toEqual(
      Array.from(states, targetOf).map((target, i) => (i % 5 === 4 ? undefined : target)),
    );
  });

  test("is the same for the same seed and step, and another for another", () => {
    const states = new Uint8Array(32);
    const at = (seed: number, step: number) => mixtureOf(0.4, seed, step, states, 16);
    expect(at(1, 7)).toEqual(at(1, 7));
    expect(at(1, 8).partners).not.toEqual(at(1, 7).partners);
    expect(at(2, 7).partners).not.toEqual(at(1, 7).partners);
    expect([...at(1, 7).partners].sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, i) => i));
    expect(Number.isInteger(Math.round(1e9 * at(1, 7).share) / 1e7)).toBe(true);
  });

  test.each([0.001, 0.2, 1, 8])(
    "has shares of mean 1/2 and variance 1 / (4 (2 alpha + 1)), alpha %d",
    (alpha) => {
      const random = randomStream(5, "beta");
      const draws = Array.from({ length: 4000 }, () => symmetricBeta(alpha, random));
      expect(draws.every((share) => share >= 0 && share <= 1)).toBe(true);
      const mean = draws.reduce((sum, share) => sum + share, 0) / draws.length;
      const variance = draws.reduce((sum, share) => sum + (share - mean) ** 2, 0) / draws.length;
      expect(mean).toBeCloseTo(0.5, 1);
      expect(variance * 4 * (2 * alpha + 1)).toBeCloseTo(1, 1);
    },
  );
});

describe("views", () => {
  const on = { lambdaPseudo: 1, lambdaConsistency: 1 };

  test("are those of mixtures, and both as they are where unsupervised losses are on", () => {
    expect([viewsOf({ mixup: 0.2, ...noLambdas }), viewsOf({ mixup: 0.2, ...on })]).toEqual([1, 3]);
    expect(viewsOf({ mixup: 0.2, supervised: "both", ...noLambdas })).toBe(2);
    expect(viewsOf({ mixup: 0.2, supervised: "both", ...on })).toBe(4);
    expect([viewsOf(noLambdas), viewsOf(on)]).toEqual([1, 2]);
    expect(takesStrongView({ mixup: 0.2, supervised: "both", ...noLambdas })).toBe(false);
    expect(takesStrongView({ mixup: 0.2, lambdaPseudo: 1, lambdaConsistency: 0 })).toBe(true);
  });
});

/** Two epochs of two steps on 16 images, the first in warm-up: calls of the losses, in order. */
async function run(more: Partial<TrainingSettings>) {
  const backend = new WatchingBackend([
    "assembleLoss",
    "aucMargin",
    "augmentImages",
    "batchNorm",
    "denseBlock",
  ]);
  using engine = new Engine(backend);
  const losses: Readonly<Record<string, number>>[] = [];
  const { classifier } = await trainClassifier(
    engine,
    smallAssembly(8),
    { ...smallSettings, batch: 8, evaluate: "end", ...more },
    { step: (report) => losses.push(report.losses) },
  );
  classifier.dispose();
  return { backend, losses };
}
const [weakFeatures, , , , states, weights] = [0, 1, 2, 3, 4, 5];

describe("a step with mixup", () => {
  test("has one view in warm-up, and after it three: given labels of mixtures, the rest of images as they are", async () => {
    const { backend, losses } = await run({ mixup: 0.5, lambdaPseudo: 0.5 });
    expect(backend.of("augmentImages").map(({ attributes }) => attributes["view"])).toEqual([
      0, 0, 0, 0, 1, 0, 0, 1,
    ]);
    const calls = backend.of("assembleLoss");
    expect(calls.map(({ inputs }) => inputs[weights])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
      [0.5, 1],
      [0, 0],
      [0.5, 1],
    ]);
    const [, , taught, pulled] = calls;
    expect(taught.attributes["labels"]).toBeUndefined();
    expect(pulled.attributes["labels"]).toMatchObject({ taught: false });
    expect(taught.inputs[weakFeatures]).not.toEqual(pulled.inputs[weakFeatures]);
    // Of two sources with other classes, mixtures of both know less than either.
    const known = (call: typeof taught): number =>
      call.inputs[states].filter((state) => state !== absent).length;
    expect(known(taught)).toBeLessThan(known(pulled));
    for (const each of losses) {
      expect(each["total"]).toBeCloseTo(
        each["bce"] + (each["pseudo"] > 0 ? 0.5 * each["pseudo"] + each["consistency"] : 0),
        5,
      );
    }
    expect(losses.map((each) => each["pseudo"] > 0)).toEqual([false, false, true, true]);
    expect(losses.map((each) => each["consistency"] > 0)).toEqual([false, false, true, true]);
  });

  test("takes the same mixtures of images that are fed as of those on the device", async () => {
    const resident = await run({ mixup: 0.5 });
    expect((await run({ mixup: 0.5, memory: 1 })).losses).toEqual(resident.losses);
  });

  test("mixes both views where given labels teach both", async () => {
    const { backend } = await run({ mixup: 0.5, supervised: "both" });
    const of = backend.of("augmentImages").map(({ attributes }) => attributes["view"]);
    expect(of).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    const [first, , third, fourth] = backend.of("assembleLoss");
    expect(first.attributes["strongShare"]).toBe(0.5);
    expect([third.attributes["strongShare"], fourth.attributes["strongShare"]]).toEqual([0.5, 0]);
  });
});

describe("the AUC margin", () => {
  test("is a term with a weight of its own, in warm-up, too", async () => {
    const { backend, losses } = await run({ lambdaAucMargin: 0.5, supervised: "both" });
    expect(backend.of("aucMargin")).toHaveLength(8);
    for (const each of losses) {
      expect(Object.keys(each)).toEqual(["total", "bce", "aucMargin", "pseudo", "consistency"]);
      expect(each["aucMargin"]).toBeGreaterThan(0);
    }
    const [first] = losses;
    expect(first["total"]).toBeCloseTo(first["bce"] + 0.5 * first["aucMargin"], 5);
    expect(termWeights({ lambdaAucMargin: 0.5 }, noLambdas)).toMatchObject({
      bce: 1,
      aucMargin: 0.5,
      pseudo: 0,
    });
  });

  test("without a weight is not computed, nor told", async () => {
    const { backend, losses } = await run({ lambdaAucMargin: 0 });
    expect(backend.of("aucMargin")).toHaveLength(0);
    expect(losses[0]).not.toHaveProperty("aucMargin");
  });
});
