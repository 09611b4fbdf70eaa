// The trainer: determinism, warm-up, stopping, refusing what is not finite, leaving nothing behind.

import { describe, expect, test } from "vitest";
import {
  NonFiniteError,
  stepsPerEpoch,
  train,
  type EpochReport,
  type StepReport,
} from "../../src/assemble/index.ts";
import { openEngine } from "../../src/runtime/index.ts";
import { useEngine } from "../engines.ts";
import { smallAssembly, smallSettings } from "./settings.ts";

describe("training on the GPU", () => {
  const open = useEngine({ device: "webgpu" });

  async function run(settings = smallSettings): Promise<{ steps: StepReport[]; epochs: EpochReport[] }> {
    const steps: StepReport[] = [];
    const epochs: EpochReport[] = [];
    const { classifier } = await train(open(), smallAssembly(), settings, {
      step: (report) => steps.push(report),
      epoch: (report) => epochs.push(report),
    });
    classifier.dispose();
    return { steps, epochs };
  }

  test("two runs with one seed give the same losses and AUC, bit for bit; another seed does not", async () => {
    const first = await run();
    expect(await run()).toEqual(first);
    const other = await run({ ...smallSettings, seed: 4 });
    expect(other.steps[0]?.losses.total).not.toBe(first.steps[0]?.losses.total);
  });

  test("the loss falls, every epoch has its steps, and pseudo-labels count only after warm-up", async () => {
    const { steps, epochs } = await run({ ...smallSettings, epochs: 6, warmupEpochs: 3, learningRate: 5e-3 });
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 36 }, (_, i) => i + 1));
    expect(epochs.at(2)?.losses.bce).toBeLessThan(epochs[0]?.losses.bce ?? 0);
    for (const { epoch, losses } of steps) {
      const extra = losses.pseudo + losses.consistency;
      expect(losses.total).toBeCloseTo(epoch < 3 ? losses.bce : losses.bce + extra, 5);
    }
    for (const { evaluation } of epochs) expect(evaluation?.meanAuc).toBeGreaterThanOrEqual(0);
  });

  test("a signal stops the run after the step under way, and no tensor is left behind", async () => {
    const engine = open();
    const before = engine.memory().tensors;
    const controller = new AbortController();
    let steps = 0;
    const result = await train(
      engine,
      smallAssembly(),
      { ...smallSettings, epochs: 50 },
      {
        step: () => {
          if (++steps === 8) controller.abort();
        },
      },
      controller.signal,
    );
    expect([result.stopped, result.epochs]).toEqual([true, 1]);
    expect(steps).toBeLessThanOrEqual(10);
    result.classifier.dispose();
    expect(engine.memory().tensors).toBe(before);
  });

  test("a loss that is no finite number ends the run with epoch and step", async () => {
    const wild = { ...smallSettings, learningRate: 1e30, epochs: 4 };
    await expect(run(wild)).rejects.toThrow(NonFiniteError);
    await expect(run(wild)).rejects.toThrow(/epoch \d+, step \d+/);
  });

  test("bytes stay flat from step to step", async () => {
    const engine = open();
    const bytes: number[] = [];
    const { classifier } = await train(
      engine,
      smallAssembly(),
      { ...smallSettings, epochs: 4, warmupEpochs: 0 },
      {
        epoch: () => bytes.push(engine.memory().bytes + engine.memory().pooledBytes),
      },
    );
    classifier.dispose();
    expect(new Set(bytes.slice(1)).size).toBe(1);
  });
});

test("an epoch has as many steps as whole batches, and at least one", () => {
  expect([stepsPerEpoch(100, 32), stepsPerEpoch(64, 64), stepsPerEpoch(10, 64)]).toEqual([3, 1, 1]);
});

test("the reference backend trains the same way", async () => {
  using engine = await openEngine({ device: "reference" });
  const losses: number[] = [];
  const { evaluation, classifier } = await train(engine, smallAssembly(), smallSettings, {
    step: (report) => losses.push(report.losses.total),
  });
  expect(losses).toHaveLength(12);
  expect(evaluation?.meanAuc).not.toBeNull();
  classifier.dispose();
});
