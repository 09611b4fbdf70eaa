// A batch that goes through a network in parts: the same features, losses and gradients as the whole, in less memory.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { featuresInParts, type TrainingMode } from "../../src/assemble/batch-parts.ts";
import { planTraining } from "../../src/assemble/planning/training-plan.ts";
import { labelSpaceOf } from "../../src/assemble/label-space.ts";
import { trainModel } from "../../src/assemble/train-classifier.ts";
import { Tape } from "../../src/autograd/tape.ts";
import { sum } from "../../src/functions/reduction.ts";
import { globalAveragePool } from "../../src/functions/pooling.ts";
import { multiply, softplus } from "../../src/functions/elementwise.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import { BatchNorm, Conv2d, Dropout } from "../../src/nn/index.ts";
import { Module, type Mode } from "../../src/nn/module.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { TrainingSettings } from "../../src/assemble/training-settings.ts";
import type { Checkpoint } from "../../src/training/checkpoint-record.ts";
import type { Checkpoints } from "../../src/training/checkpoint.ts";
import type { StepReport } from "../../src/training/training-reports.ts";
import { smallAssembly, smallSettings } from "./settings.ts";
import { shapeAssembly, shapeSettings } from "./shapes.ts";

/** Two convolutions, with batch norm between them or without. */
class TwoLayers extends Module {
  readonly first: Conv2d;
  readonly norm: BatchNorm | undefined;
  readonly second: Conv2d;

  constructor(engine: Engine, hasNorm: boolean) {
    super(engine);
    const init = new Initialiser(engine, 5);
    this.first = this.child("first", new Conv2d(engine, init, 1, 4, { kernel: 3 }));
    this.norm = hasNorm ? this.child("norm", new BatchNorm(engine, 4)) : undefined;
    this.second = this.child("second", new Conv2d(engine, init, 4, 3, { kernel: 3 }));
  }

  forward(images: Tensor, mode: Mode): Tensor {
    const maps = this.first.forward(images);
    const normed = this.norm?.forward(maps, mode) ?? maps;
    return globalAveragePool(this.second.forward(softplus(normed)));
  }
}

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ device: "webgpu" });
});
afterAll(() => {
  engine.close();
});

/** Loss of two views, and the gradients of all parameters, of the whole or in parts. */
async function lossOf(net: TwoLayers, mode: TrainingMode, parts: number): Promise<number[]> {
  const [batch, size] = [7, 6];
  const values = Float32Array.from({ length: batch * size * size }, (_, i) => Math.sin(i * i));
  const parameters = [...net.parameters().values()];
  const found = engine.scope(() => {
    const weak = engine.tensor(values, [batch, size, size, 1]);
    const strong = engine.tensor(
      values.map((value) => value * value),
      [batch, size, size, 1],
    );
    using tape = new Tape(engine, parameters);
    const [first, second] = featuresInParts(net, [weak, strong], mode, parts);
    // The views in one product: a loss of a part of them would be another.
    const loss = sum(multiply(multiply(first, second), first));
    return [loss, ...tape.gradients(loss, parameters)];
  });
  const read = await engine.readAll(found);
  for (const tensor of found) tensor.dispose();
  return read.flatMap((each) => [...each]);
}

describe("a network without batch norm", () => {
  test.each([2, 3, 7, 9])("in %i parts has the loss and the gradients of the whole batch", async (parts) => {
    const net = new TwoLayers(engine, false);
    const whole = await lossOf(net, "training", 1);
    const divided = await lossOf(net, "training", parts);
    const largest = Math.max(...whole.map(Math.abs));
    expect(largest).toBeGreaterThan(0.01);
    divided.forEach((value, i) => {
      expect(Math.abs(value - whole[i])).toBeLessThan(1e-5 * largest);
    });
    net.dispose();
  });
});

test("statistics of batch norm are of each part, of each view by itself, and the running ones hear each part once", async () => {
  const net = new TwoLayers(engine, true);
  const before = engine.memory().tensors;
  const whole = await lossOf(net, { mode: "training", groups: 2 }, 1);
  const means = await net.state().get("norm.running_mean")?.tensor.read();
  const divided = await lossOf(net, { mode: "training", groups: 2 }, 3);
  expect(divided[0]).not.toBeCloseTo(whole[0], 4);
  expect(await net.state().get("norm.running_mean")?.tensor.read()).not.toEqual(means);
  // A second time, from the same weights: the loss does not depend on the running statistics.
  expect(await lossOf(net, { mode: "training", groups: 2 }, 3)).toEqual(divided);
  expect(engine.memory().tensors).toBe(before);
  net.dispose();
});

test("dropout would draw anew, and is refused", () => {
  class Dropped extends Module {
    readonly dropout = this.child(
      "dropout",
      new Dropout(this.engine, new Initialiser(this.engine, 1), { rate: 0.5 }),
    );
    forward(x: Tensor, mode: Mode): Tensor {
      return this.dropout.forward(x, mode);
    }
  }
  const net = new Dropped(engine);
  using images = engine.zeros([4, 2, 2, 1]);
  expect(() => featuresInParts(net, [images], "training", 2)).toThrow(/^train\.batchSplit: .*dropout/);
  net.dispose();
});

test.each([
  ["classification", smallSettings, smallAssembly()],
  ["segmentation", shapeSettings, shapeAssembly()],
] as const)(
  "%s: fewer images at a time need less memory, and all of it is planned",
  async (_, settings, assembly) => {
    const peaks: number[] = [];
    for (const batchSplit of [1, 4]) {
      using own = await openEngine({ device: "webgpu" });
      const divided: TrainingSettings = { ...settings, epochs: 2, warmupEpochs: 1, batchSplit };
      const { height, width, channels, count } = assembly.sources[0];
      const labels = labelSpaceOf(assembly);
      const { batch } = settings;
      const plan = await planTraining(
        own.traits,
        divided,
        { height, width, channels },
        labels,
        batch,
        2 * count,
      );
      const checkpoints = { save: () => Promise.resolve() };
      const { model } = await trainModel(own, assembly, divided, {}, undefined, checkpoints);
      model.dispose();
      const { tensors, working, own: ofSteps, reads } = plan.memory;
      const planned = tensors + working + ofSteps + reads;
      const { peakBytes } = own.memory();
      expect(Math.abs(peakBytes / planned - 1)).toBeLessThan(0.03);
      peaks.push(working);
    }
    expect(peaks[1]).toBeLessThan(0.6 * peaks[0]);
  },
);

test("a run in parts goes on from a checkpoint bit for bit", async () => {
  const settings: TrainingSettings = { ...smallSettings, epochs: 2, warmupEpochs: 0, batchSplit: 3 };
  const assembly = smallAssembly();
  const losses = async (checkpoints: Checkpoints): Promise<number[]> => {
    const told: number[] = [];
    const step = (report: StepReport): void => void told.push(report.losses.total);
    const { model } = await trainModel(engine, assembly, settings, { step }, undefined, checkpoints);
    model.dispose();
    return told;
  };
  const kept: Checkpoint[] = [];
  const whole = await losses({
    every: { steps: 2 },
    save: (checkpoint) => Promise.resolve(void kept.push(checkpoint)),
  });
  const from = { checkpoint: kept[1], file: "a checkpoint" };
  const rest = await losses({ from, save: () => Promise.resolve() });
  expect(rest.length).toBeGreaterThan(2);
  expect(rest).toEqual(whole.slice(-rest.length));
});
