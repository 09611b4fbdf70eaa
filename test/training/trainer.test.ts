// The trainer: determinism, warm-up, stopping, refusing what is not finite, leaving nothing behind.

import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Evaluation } from "../../src/assemble/evaluation.ts";
import { NonFiniteError } from "../../src/errors/training-errors.ts";
import { classifierOf, type TrainingSettings } from "../../src/assemble/training-settings.ts";
import { labelSpaceOf } from "../../src/assemble/label-space.ts";
import { trainClassifier } from "../../src/assemble/train-classifier.ts";
import type { EpochReport, StepReport } from "../../src/training/training-reports.ts";
import { stepsPerEpoch } from "../../src/data/assembly/sampler.ts";
import { viewPresets } from "../../src/assemble/augmentation.ts";
import { Engine } from "../../src/runtime/engine.ts";
import type { Operand } from "../../src/runtime/operand.ts";
import { ReferenceBackend } from "../../src/runtime/reference-backend.ts";
import type { HostArray } from "../../src/tensor/host.ts";
import { useEngine } from "../engines.ts";
import { smallAssembly, smallSettings } from "../assemble/settings.ts";

describe("training on the GPU", () => {
  const open = useEngine({ device: "webgpu" });

  async function run(
    settings = smallSettings,
  ): Promise<{ steps: StepReport[]; epochs: EpochReport<Evaluation>[] }> {
    const steps: StepReport[] = [];
    const epochs: EpochReport<Evaluation>[] = [];
    const { classifier } = await trainClassifier(open(), smallAssembly(), settings, {
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
    expect(steps.map(({ epoch }) => epoch)).toEqual(steps.map(({ step }) => Math.ceil(step / 6)));
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(epochs.at(2)?.losses.bce).toBeLessThan(epochs[0]?.losses.bce ?? 0);
    for (const { epoch, losses } of steps) {
      const extra = losses.pseudo + losses.consistency;
      expect(losses.total).toBeCloseTo(epoch <= 3 ? losses.bce : losses.bce + extra, 5);
      // Without a strong view there is nothing to be consistent with.
      expect(losses.consistency > 0).toBe(epoch > 3);
    }
    for (const { evaluation } of epochs) expect(evaluation?.meanAuc).toBeGreaterThanOrEqual(0);
  });

  test("a signal stops the run after the steps under way, and no tensor is left behind", async () => {
    const engine = open();
    const before = engine.memory().tensors;
    const controller = new AbortController();
    let steps = 0;
    const result = await trainClassifier(
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
    // The losses of an epoch this short come back together: the second one was queued when the signal came.
    expect(steps).toBeLessThanOrEqual(12);
    result.classifier.dispose();
    expect(engine.memory().tensors).toBe(before);
  });

  test("a loss that is no finite number ends the run with epoch and step, and leaves no tensor", async () => {
    const before = open().memory().tensors;
    const wild = { ...smallSettings, learningRate: 1e30, epochs: 4 };
    const error: unknown = await run(wild).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NonFiniteError);
    expect((error as Error).message).toMatch(/^epoch [1-4], step \d+: the /);
    expect(open().memory().tensors).toBe(before);
  });

  test("a listener that throws ends the run with its error, and leaves no tensor", async () => {
    const before = open().memory().tensors;
    for (const told of ["step", "epoch"] as const) {
      const failure = new Error("the disk is full");
      const listener = {
        [told]: () => {
          throw failure;
        },
      };
      await expect(trainClassifier(open(), smallAssembly(), smallSettings, listener)).rejects.toBe(failure);
      expect(open().memory().tensors).toBe(before);
    }
  });

  test("bytes stay flat from step to step", async () => {
    const engine = open();
    const bytes: number[] = [];
    const { classifier } = await trainClassifier(
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

describe("training on the reference backend", () => {
  const open = useEngine({ device: "reference" });
  const still = viewPresets.none;

  test("goes the same way", async () => {
    const losses: number[] = [];
    const { evaluation, classifier } = await trainClassifier(open(), smallAssembly(), smallSettings, {
      step: (report) => losses.push(report.losses.total),
    });
    expect(losses).toHaveLength(12);
    expect(evaluation?.meanAuc).not.toBeNull();
    classifier.dispose();
  });

  test("an error leaves no tensor, not even one whose losses are still being read", async () => {
    class SlowReads extends ReferenceBackend {
      override async read(operand: Operand): Promise<HostArray> {
        await setTimeout(30);
        return super.read(operand);
      }
    }
    using engine = new Engine(new SlowReads());
    const failure = new Error("the disk is full");
    const listener = {
      step: () => {
        throw failure;
      },
    };
    const run = trainClassifier(engine, smallAssembly(8), { ...smallSettings, batch: 8 }, listener);
    await expect(run).rejects.toBe(failure);
    expect(engine.memory().tensors).toBe(0);
  });

  test("a signal during an evaluation stops it, and its epoch does not count", async () => {
    const controller = new AbortController();
    let steps = 0;
    const epochs: number[] = [];
    const result = await trainClassifier(
      open(),
      smallAssembly(8),
      { ...smallSettings, batch: 8 },
      {
        // The last step of the second epoch: only its evaluation is left to do.
        step: () => {
          if (++steps === 4) controller.abort();
        },
        epoch: ({ epoch }) => epochs.push(epoch),
      },
      controller.signal,
    );
    expect([result.epochs, result.stopped, steps, epochs]).toEqual([1, true, 4, [1]]);
    expect(result.evaluation).toBeDefined();
    result.classifier.dispose();
  });

  test("every batch of an evaluation is told, of validation and of the test, before its epoch", async () => {
    const told: unknown[] = [];
    const assembly = smallAssembly(8);
    const { classifier } = await trainClassifier(
      open(),
      { ...assembly, validation: assembly.sources[0] },
      { ...smallSettings, batch: 16, epochs: 1, evaluate: "epoch" },
      {
        evaluated: ({ part, done, total }) => told.push(`${part} ${done}/${total}`),
        epoch: ({ epoch }) => told.push(epoch),
      },
    );
    classifier.dispose();
    expect(told).toEqual(["validation 8/8", "test 16/40", "test 32/40", "test 40/40", 1]);
  });

  test("a signal after the last epoch stops nothing", async () => {
    const controller = new AbortController();
    const result = await trainClassifier(
      open(),
      smallAssembly(8),
      smallSettings,
      {
        epoch: ({ epoch }) => {
          if (epoch === 2) controller.abort();
        },
      },
      controller.signal,
    );
    expect([result.epochs, result.stopped]).toEqual([2, false]);
    expect(result.evaluation).toBeDefined();
    result.classifier.dispose();
  });

  async function rates(more: Partial<TrainingSettings>): Promise<EpochReport<Evaluation>[]> {
    const epochs: EpochReport<Evaluation>[] = [];
    // All images in one step and without changes: nothing but training moves the loss.
    const settings = {
      ...smallSettings,
      weak: still,
      batch: 16,
      epochs: 9,
      evaluate: "end",
      ...more,
    } as const;
    const { classifier } = await trainClassifier(open(), smallAssembly(8), settings, {
      epoch: (report) => epochs.push(report),
    });
    classifier.dispose();
    return epochs;
  }

  test("the learning rate is halved when the loss has stood still for more than five epochs", async () => {
    const epochs = await rates({ learningRate: 1e-7 });
    expect(epochs.map(({ learningRate }) => learningRate / 1e-7)).toEqual([1, 1, 1, 1, 1, 1, 1, 0.5, 0.5]);
  });

  test("or as its schedule says", async () => {
    const of = async (schedule: NonNullable<TrainingSettings["schedule"]>): Promise<number[]> => {
      const epochs = await rates({ learningRate: 1e-7, epochs: 4, schedule });
      return epochs.map(({ learningRate }) => learningRate / 1e-7);
    };
    expect(await of({ by: "plateau", patience: 1 })).toEqual([1, 1, 1, 0.5]);
    expect(await of({ by: "halving", every: 2 })).toEqual([1, 1, 0.5, 0.5]);
    expect(await of({ by: "constant" })).toEqual([1, 1, 1, 1]);
  });

  test("the head is the one asked for, and all of it is trained", async () => {
    const heads = [
      [{ kind: "linear" }, ["weight", "bias"]],
      [{ kind: "per-source" }, ["weight", "bias"]],
      [
        { kind: "dynamic" },
        ["reduction.weight", "reduction.bias", "controller.weight", "controller.codes", "controller.bias"],
      ],
      [{ kind: "queries", bias: "none" }, ["queries", "fc.weight"]],
      [{ kind: "queries", bias: "class" }, ["queries", "fc.weight", "bias"]],
      [undefined, ["queries", "fc.weight", "fc.bias"]],
    ] as const;
    for (const [head, names] of heads) {
      const settings = { ...smallSettings, batch: 16, epochs: 1, warmupEpochs: 0 };
      const asked = head === undefined ? settings : { ...settings, head };
      const begun = classifierOf(open(), asked, labelSpaceOf(smallAssembly(8)));
      const { classifier } = await trainClassifier(open(), smallAssembly(8), asked);
      const trained = classifier.head.parameters();
      expect([...trained.keys()]).toEqual(names);
      for (const [name, tensor] of begun.head.parameters()) {
        const after = await trained.get(name)?.read();
        expect(Array.from(after ?? [])).not.toEqual(Array.from(await tensor.read()));
      }
      begun.dispose();
      classifier.dispose();
    }
  });

  test("the losses that join after warm-up do not lower it while the given labels' loss falls", async () => {
    const epochs = await rates({ learningRate: 1e-4, warmupEpochs: 1, lambdaPseudo: 5 });
    for (const { losses } of epochs.slice(1)) expect(losses.total).toBeGreaterThan(epochs[0].losses.total);
    expect(new Set(epochs.map(({ learningRate }) => learningRate))).toEqual(new Set([1e-4]));
  });
});
