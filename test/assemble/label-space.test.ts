// What sources know, and labels as a head with outputs per source learns from them.

import { expect, test } from "vitest";
import { labelSpaceOf, wholeLabelSpace } from "../../src/assemble/label-space.ts";
import { planTraining } from "../../src/assemble/planning/training-plan.ts";
import { trainClassifier } from "../../src/assemble/train-classifier.ts";
import type { TrainingSettings } from "../../src/assemble/training-settings.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import { WatchingBackend } from "./calls.ts";
import { smallAssembly, smallSettings } from "./settings.ts";

const perSource: TrainingSettings = {
  ...smallSettings,
  ...{ head: { kind: "per-source" }, epochs: 1, warmupEpochs: 0, evaluate: "end" },
};

test("a source knows the classes of which one of its images has a label", () => {
  const { classes, known } = labelSpaceOf(smallAssembly(8));
  expect(classes).toBe(6);
  expect(known).toEqual([
    [0, 1, 2, 3],
    [2, 3, 4, 5],
  ]);
});

test("an image teaches the block of its source alone, in memory and fed", async () => {
  const { sources } = smallAssembly(8);
  const expected = sources
    .flatMap(({ states }, source) =>
      Array.from({ length: 8 }, (_, row) => {
        const own = Array.from(states.subarray(row * 6, row * 6 + 6));
        const absent = Array<number>(6).fill(255);
        return (source === 0 ? [...own, ...absent] : [...absent, ...own]).join();
      }),
    )
    .toSorted();
  for (const memory of [1, 2 ** 20]) {
    const backend = new WatchingBackend(["assembleLoss"]);
    using engine = new Engine(backend);
    const { classifier } = await trainClassifier(engine, smallAssembly(8), {
      ...perSource,
      batch: 8,
      memory,
    });
    const rows = backend.of("assembleLoss").flatMap(({ inputs }) => {
      const states = inputs[4];
      return Array.from({ length: states.length / 12 }, (_, row) =>
        states.slice(12 * row, 12 * row + 12).join(),
      );
    });
    expect(rows.toSorted()).toEqual(expected);
    expect(classifier.head.settings).toEqual({
      kind: "per-source",
      known: [
        [0, 1, 2, 3],
        [2, 3, 4, 5],
      ],
    });
  }
});

test("a moving average of the weights leaves the mean over sources as it is", async () => {
  using engine = await openEngine({ device: "webgpu" });
  const { classifier } = await trainClassifier(engine, smallAssembly(16), {
    ...perSource,
    epochs: 3,
    ema: 0.9,
  });
  const average = await classifier.head.state().get("average")?.tensor.read();
  expect(new Set(average)).toEqual(new Set([0, 0.5, 1]));
});

test("a plan counts the states of all blocks, and their rows", async () => {
  using engine = await openEngine({ device: "webgpu" });
  const image = { height: 16, width: 16, channels: 1 };
  const plan = (sources: number): ReturnType<typeof planTraining> =>
    planTraining(engine.traits, perSource, image, wholeLabelSpace(6, sources), 16, 40);
  const [one, three] = [await plan(1), await plan(3)];
  expect(three.residentBytes - one.residentBytes).toBe(40 * 2 * 6);
  // 12 rows more of features and a bias, and as many columns of the 6 rows that take their mean.
  const features = (three.parameterCount - one.parameterCount) / 12 - 1;
  expect(features).toBe(16);
  expect(three.statisticBytes - one.statisticBytes).toBe(4 * 6 * 12);
});
