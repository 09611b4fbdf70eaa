// What a training needs on the device is planned, all of it is there before its first step, and what is not there is told.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { evaluate } from "../../src/assemble/evaluation.ts";
import { labelSpaceOf } from "../../src/assemble/label-space.ts";
import { planTraining } from "../../src/assemble/planning/training-plan.ts";
import { trainModel } from "../../src/assemble/train-classifier.ts";
import { classifierOf, type TrainingSettings } from "../../src/assemble/training-settings.ts";
import type { Assembly, ImageSet } from "../../src/data/assembly/assembly.ts";
import { findingNames } from "../../src/data/phantoms/phantom-names.ts";
import { phantoms } from "../../src/data/phantoms/index.ts";
import { OutOfMemoryError } from "../../src/errors/errors.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { limitMemory } from "../runtime/limited-memory.ts";
import { smallSettings } from "./settings.ts";
import { shapeAssembly, shapeSettings } from "./shapes.ts";

const set = (site: "A" | "B", seed: number): ImageSet =>
  phantoms({ count: 32, size: 64, site, seed, knows: findingNames.slice() });
const assembly: Assembly = {
  classes: findingNames,
  sources: [set("A", 1), set("B", 1)],
  validation: set("A", 2),
  test: set("A", 3),
};
const settings: TrainingSettings = { ...smallSettings, batch: 32, epochs: 2, warmupEpochs: 1, ema: 0.9 };
const checkpoints = { save: () => Promise.resolve() };

const planned = async (
  on: Engine,
  how: TrainingSettings,
  of: Assembly,
  batch = how.batch,
): Promise<number> => {
  const images = of.sources.reduce((sum, { count }) => sum + count, 0);
  return (await planTraining(on.traits, how, of.sources[0], labelSpaceOf(of), batch, images)).memory.total;
};

let engine: Engine;
beforeEach(async () => {
  engine = await openEngine({ device: "webgpu" });
});
afterEach(() => {
  engine.close();
});

describe.each([
  ["classification", settings, assembly],
  ["segmentation", { ...shapeSettings, epochs: 2, warmupEpochs: 1, ema: 0.9 }, shapeAssembly()],
] as const)("%s", (_, how, of) => {
  test("takes all steps, is validated and tested with just the memory that was planned, and allocates it before step 1", async () => {
    const total = await planned(engine, how, of);
    const limit = limitMemory(engine, total);
    let beforeSteps = 0;
    const begun = (): void => void (beforeSteps = engine.memory().bytes);
    const after: number[] = [];
    const epoch = (): void => void after.push(engine.memory().bytes);
    const { model, evaluation } = await trainModel(engine, of, how, { begun, epoch }, undefined, checkpoints);
    expect(evaluation?.meanAuc).not.toBeUndefined();
    expect(limit.refused).toEqual([]);
    expect(engine.memory().peakBytes).toBeLessThanOrEqual(total);
    expect(engine.memory().peakBytes).toBeGreaterThan(0.97 * total);
    // A step keeps gradients and constants for itself, which are allocated when it is recorded.
    for (const bytes of after) expect(bytes - beforeSteps).toBeLessThan(0.1 * total);
    model.dispose();
  });

  test("with less, it is refused before its first step", async () => {
    const total = await planned(engine, how, of);
    limitMemory(engine, Math.floor(0.95 * total));
    let steps = 0;
    const refusal = await trainModel(
      engine,
      of,
      how,
      {
        step: () => {
          steps++;
        },
      },
      undefined,
      checkpoints,
    ).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(OutOfMemoryError);
    expect((refusal as Error).message).toMatch(/; by the plan .* The largest buffers/);
    expect(steps).toBe(0);
    // What was taken is given back, and the engine goes on.
    expect(engine.memory().tensors).toBe(0);
    expect(await engine.tensor([1, 2]).read()).toEqual(Float32Array.of(1, 2));
  });
});

test("the batch and the number of parts that are told fit, and the next larger one does not", async () => {
  const most = Math.floor(0.8 * (await planned(engine, settings, assembly)));
  limitMemory(engine, most);
  const refusal = await trainModel(engine, assembly, settings).catch((error: unknown) => error);
  const [, told, parts] =
    /by the plan a batch of (\d+) fits, or this one with --batch-split (\d+)\./.exec(
      (refusal as Error).message,
    ) ?? [];
  const [batch, batchSplit] = [Number(told), Number(parts)];
  {
    using divided = await openEngine({ device: "webgpu" });
    const { refused } = limitMemory(divided, most);
    const { model } = await trainModel(divided, assembly, { ...settings, batchSplit, steps: 2 });
    model.dispose();
    expect(refused).toEqual([]);
  }
  expect(batch).toBeGreaterThan(0);
  using other = await openEngine({ device: "webgpu" });
  const limit = limitMemory(other, most);
  const { model } = await trainModel(other, assembly, { ...settings, batch, steps: 2 });
  model.dispose();
  expect(limit.refused).toEqual([]);
  // Room is left for what WebGPU itself takes, and not much more.
  const room = 2 ** 23 + 2 ** 21;
  expect(await planned(engine, settings, assembly, batch + 1)).toBeGreaterThan(most - room);
});

test("weights that do not fit are told by the run that they were for", async () => {
  limitMemory(engine, 20_000);
  await expect(trainModel(engine, assembly, settings)).rejects.toThrow(
    /^\S+: ".*" does not have \S+ MiB beside the \S+ MiB in use; by the plan no batch fits; use smaller images/,
  );
});

test("evaluating and predicting tell a batch that fits, which then gives the same", async () => {
  const { normalisation } = settings;
  const classifier = classifierOf(engine, settings, labelSpaceOf(assembly));
  const judge = (batch: number): ReturnType<typeof evaluate> =>
    evaluate(engine, classifier, assembly.test, findingNames, normalisation, batch);
  const whole = await judge(32);
  const { bytes, pooledBytes } = engine.memory();
  const [before, with32] = [bytes + pooledBytes, engine.memory().peakBytes];
  const limit = limitMemory(engine, Math.floor(0.75 * with32 + 0.25 * before));
  const refusal = await judge(32).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(OutOfMemoryError);
  expect(limit.refused.length).toBeGreaterThan(0);
  const { message } = refusal as Error;
  expect(message).toMatch(/^the step needs \S+ MiB, which is more than there is on/);
  expect(message).toMatch(/by the plan (a batch of \d+|no batch) fits/);
  const fewer = await judge(16);
  for (const name of findingNames) expect(fewer.auc[name]).toBe(whole.auc[name]);
  classifier.dispose();
});
