// Batch norm's statistics, estimated anew: what they come to, that nothing else moves, and runs that end with them.

import { describe, expect, test } from "vitest";
import type { Classifier } from "../../src/assemble/classifier.ts";
import { labelSpaceOf } from "../../src/assemble/label-space.ts";
import { predict } from "../../src/assemble/evaluation.ts";
import { reestimateStatistics, reestimation } from "../../src/assemble/reestimate.ts";
import { segmenterOf } from "../../src/assemble/segmentation-task.ts";
import { trainModel } from "../../src/assemble/train-classifier.ts";
import type { Model } from "../../src/assemble/assembly-task.ts";
import { classifierOf, type TrainingSettings } from "../../src/assemble/training-settings.ts";
import type { ImageSet } from "../../src/data/assembly/assembly.ts";
import { normaliseImages } from "../../src/functions/images.ts";
import { readWeights } from "../../src/nn/weights.ts";
import type { Checkpoint } from "../../src/training/checkpoint-record.ts";
import { useEngine } from "../engines.ts";
import { smallAssembly, smallSettings } from "./settings.ts";
import { shapeAssembly, shapeSettings } from "./shapes.ts";

const engine = useEngine({ device: "reference" });
const isStatistic = (name: string): boolean => name.includes("running_");

async function statisticsOf(model: Model): Promise<Map<string, number[]>> {
  const all = [...(await readWeights(model))];
  return new Map(
    all.filter(([name]) => isStatistic(name)).map(([name, { data }]) => [name, Array.from(data)]),
  );
}

/** What training on all of a set's images as one batch would move the statistics to, by the rule of a moving average. */
async function oneBatch(
  model: Model,
  set: ImageSet,
  settings: TrainingSettings,
): Promise<Map<string, number[]>> {
  const before = await statisticsOf(model);
  engine().scope(() => {
    const shape = [set.count, set.height, set.width, set.channels];
    const images = engine().tensor(set.pixels as Uint8Array, shape, "u8");
    model.features.forward(normaliseImages(images, settings.normalisation), "training");
  });
  const after = await statisticsOf(model);
  return new Map(
    [...after].map(([name, values]) => [
      name,
      values.map((value, i) => (value - 0.9 * (before.get(name)?.[i] ?? NaN)) / 0.1),
    ]),
  );
}

describe.each([
  [
    "a classifier",
    smallAssembly(10),
    smallSettings as TrainingSettings,
    (settings: TrainingSettings): Model => classifierOf(engine(), settings, labelSpaceOf(smallAssembly(10))),
  ],
  [
    "a segmenter",
    shapeAssembly(10),
    shapeSettings,
    (settings: TrainingSettings): Model => segmenterOf(engine(), settings, labelSpaceOf(shapeAssembly(10))),
  ],
] as const)("the statistics of %s", (_name, { sources }, settings, modelOf) => {
  const [first] = sources;

  test("are those of the batch, whatever they were before; nothing else moves", async () => {
    const model = modelOf(settings);
    const weights = await readWeights(model);
    const expected = await oneBatch(model, first, settings);
    for (let round = 0; round < 2; round++) {
      await reestimateStatistics(engine(), model, [first], { images: 10, batches: 1 }, settings);
      const found = await statisticsOf(model);
      expect(found.size).toBeGreaterThan(3);
      for (const [name, values] of found) {
        values.forEach((value, i) => expect(value).toBeCloseTo(expected.get(name)?.[i] ?? NaN, 4));
      }
    }
    for (const [name, { data }] of await readWeights(model)) {
      if (!isStatistic(name)) expect(data).toEqual(weights.get(name)?.data);
    }
    model.dispose();
  });

  test("are the mean over batches that count the same, the same bits at each call", async () => {
    const model = modelOf(settings);
    const drawn: Map<string, number[]>[] = [];
    for (const seed of [3, 3, 4]) {
      await reestimateStatistics(engine(), model, sources, { images: 9, batches: 2 }, { ...settings, seed });
      drawn.push(await statisticsOf(model));
    }
    expect(drawn[1]).toEqual(drawn[0]);
    expect(drawn[2]).not.toEqual(drawn[0]);
    // Two batches of the same images, in any order, are one batch of them.
    const twice = [first, { ...first, source: "again" }].map((set) => ({ ...set, count: 1 }));
    await reestimateStatistics(engine(), model, twice, { images: 2, batches: 2 }, settings);
    const [both, one] = [
      await statisticsOf(model),
      await oneBatch(
        model,
        { ...first, count: 1, pixels: (first.pixels as Uint8Array).subarray(0, first.height * first.width) },
        settings,
      ),
    ];
    for (const [name, values] of both) {
      values.forEach((value, i) => expect(value).toBeCloseTo(one.get(name)?.[i] ?? NaN, 4));
    }
    model.dispose();
  });

  test("are as they were after an interruption", async () => {
    const model = modelOf(settings);
    const before = await statisticsOf(model);
    const controller = new AbortController();
    const done = reestimateStatistics(engine(), model, sources, { images: 20, batches: 4 }, settings, {
      signal: controller.signal,
      progress: (images) => {
        if (images >= 10) controller.abort();
      },
    });
    await expect(done).rejects.toThrow("aborted");
    expect(await statisticsOf(model)).toEqual(before);
    model.dispose();
  });
});

test("not more images than there are, in batches of the training's size at most", () => {
  expect(reestimation({ reestimate: 200, batch: 64 }, 1000)).toEqual({ images: 200, batches: 4 });
  expect(reestimation({ reestimate: 200, batch: 64 }, 50)).toEqual({ images: 50, batches: 1 });
  expect(reestimation({ batch: 64 }, 1000)).toBeUndefined();
});

describe("a run", () => {
  const validation = smallAssembly(20).sources[0];
  const assembly = { ...smallAssembly(24), validation };
  const run = async (more: Partial<TrainingSettings>) => {
    const parts: string[] = [];
    const found = await trainModel(
      engine(),
      assembly,
      { ...smallSettings, evaluate: "end", ...more },
      {
        evaluated: ({ part, done, total }) => {
          if (done === total) parts.push(part);
        },
      },
    );
    const weights = await readWeights(found.model);
    return { ...found, weights, parts };
  };

  test("settles the weights that it keeps, and is judged by what came of it", async () => {
    const learning = { keep: "best", learningRate: 0.02, epochs: 3 } as const;
    const [without, settled] = [await run(learning), await run({ ...learning, reestimate: 20 })];
    expect(settled.kept).toBe(without.kept);
    expect(settled.validation).toBe(without.validation);
    for (const [name, { data }] of settled.weights) {
      if (isStatistic(name)) expect(data).not.toEqual(without.weights.get(name)?.data);
      else expect(data).toEqual(without.weights.get(name)?.data);
    }
    expect(settled.reestimated).toMatchObject({ images: 20, batches: 2 });
    expect(without.reestimated).toBeUndefined();
    expect(settled.parts.slice(-3)).toEqual(["settling", "validation", "test"]);
    const { normalisation } = smallSettings;
    const logits = await predict(engine(), settled.model as Classifier, assembly.test, normalisation, 16);
    expect(settled.logits).toEqual(logits);
    expect(without.logits).not.toEqual(logits);
    without.model.dispose();
    settled.model.dispose();
  });

  test("settles a moving average of the weights, which is what it keeps", async () => {
    const { model, weights } = await run({ ema: 0.5, epochs: 1, warmupEpochs: 0, reestimate: 48 });
    const again = await statisticsOf(model);
    await reestimateStatistics(engine(), model, assembly.sources, { images: 48, batches: 3 }, smallSettings);
    expect(await statisticsOf(model)).toEqual(again);
    expect(weights.size).toBeGreaterThan(again.size);
    model.dispose();
  });

  test.each([[{}], [{ ema: 0.5 }]])(
    "leaves frozen parts alone, also of a run that goes on behind its last step: %j",
    async (more) => {
      const settings: TrainingSettings = {
        ...{ ...smallSettings, evaluate: "end", epochs: 1, warmupEpochs: 0, reestimate: 24, ...more },
        freeze: ["features.conv0", "features.denseblock1"],
      };
      const begun = classifierOf(engine(), settings, labelSpaceOf(assembly));
      const before = await statisticsOf(begun);
      begun.dispose();
      const saved: Checkpoint[] = [];
      const save = (checkpoint: Checkpoint): Promise<void> => {
        saved.push(checkpoint);
        return Promise.resolve();
      };
      const trained = async (from?: Checkpoint): Promise<Map<string, number[]>> => {
        const { model } = await trainModel(engine(), assembly, settings, {}, undefined, {
          from: from && { checkpoint: from, file: "checkpoint" },
          save,
        });
        const found = await statisticsOf(model);
        model.dispose();
        return found;
      };
      const ended = await trained();
      for (const [name, values] of ended) {
        if (name.startsWith("features.denseblock1")) expect(values).toEqual(before.get(name));
        else expect(values).not.toEqual(before.get(name));
      }
      expect(await trained(saved.at(-1))).toEqual(ended);
    },
  );
});
