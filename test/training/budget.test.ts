// Runs that are counted in steps: they end, and their warm-up does, wherever that is in an epoch.

import { describe, expect, test } from "vitest";
import { warmedBudgetOf } from "../../src/assemble/warm-up.ts";
import { stepsOf } from "../../src/training/budget.ts";
import type { Evaluation } from "../../src/assemble/evaluation.ts";
import { NonFiniteError } from "../../src/errors/training-errors.ts";
import { trainClassifier } from "../../src/assemble/train-classifier.ts";
import type { Checkpoints } from "../../src/training/checkpoint.ts";
import type { EpochReport, StepReport } from "../../src/training/training-reports.ts";
import type { TrainingSettings } from "../../src/assemble/training-settings.ts";
import { useEngine } from "../engines.ts";
import { smallAssembly, smallSettings } from "../assemble/settings.ts";

describe("a budget", () => {
  const settings = { epochs: 4, warmupEpochs: 1 };

  test("of epochs is their steps", () => {
    const budget = warmedBudgetOf(settings, 6);
    expect(budget).toEqual({ steps: 24, warmup: 6, stepsPerEpoch: 6, epochs: 4 });
    expect([1, 2, 3, 4].map((epoch) => stepsOf(budget, epoch))).toEqual([6, 6, 6, 6]);
  });

  test("of steps ends within an epoch, and a warm-up no later than the run", () => {
    const budget = warmedBudgetOf({ ...settings, steps: 13, warmupSteps: 20 }, 6);
    expect(budget).toEqual({ steps: 13, warmup: 13, stepsPerEpoch: 6, epochs: 3 });
    expect([1, 2, 3].map((epoch) => stepsOf(budget, epoch))).toEqual([6, 6, 1]);
  });

  test("may have the clock of another run: epochs of so many steps, however many images there are", () => {
    expect(warmedBudgetOf({ ...settings, stepsPerEpoch: 2 }, 1)).toEqual({
      ...{ steps: 8, warmup: 2, stepsPerEpoch: 2, epochs: 4 },
    });
  });

  test("may have a warm-up in epochs, or epochs and a warm-up in steps", () => {
    expect(warmedBudgetOf({ ...settings, steps: 13 }, 6)).toMatchObject({ steps: 13, warmup: 6 });
    expect(warmedBudgetOf({ ...settings, warmupSteps: 8 }, 6)).toMatchObject({ steps: 24, warmup: 8 });
  });
});

for (const device of ["webgpu", "reference"] as const) {
  describe(`training for a number of steps (${device})`, () => {
    const open = useEngine({ device });
    const assembly = smallAssembly(24); // three steps an epoch
    const settings: TrainingSettings = { ...smallSettings, steps: 7, warmupSteps: 4, evaluate: "end" };

    async function run(
      with_: TrainingSettings,
      checkpoints?: Checkpoints,
    ): Promise<{
      steps: StepReport[];
      epochs: EpochReport<Evaluation>[];
      meanAuc: number | null | undefined;
    }> {
      const steps: StepReport[] = [];
      const epochs: EpochReport<Evaluation>[] = [];
      const listener = {
        step: (report: StepReport) => steps.push(report),
        epoch: (report: EpochReport<Evaluation>) => epochs.push(report),
      };
      const result = await trainClassifier(open(), assembly, with_, listener, undefined, checkpoints);
      result.classifier.dispose();
      return { steps, epochs, meanAuc: result.evaluation?.meanAuc };
    }

    test("takes so many, and the unsupervised losses join in after the warm-up's", async () => {
      const { steps, epochs, meanAuc } = await run(settings);
      expect(steps.map(({ step, epoch }) => [step, epoch])).toEqual([
        ...[1, 2, 3].map((step) => [step, 1]),
        ...[4, 5, 6].map((step) => [step, 2]),
        [7, 3],
      ]);
      for (const { step, losses } of steps) {
        const { total, bce, pseudo, consistency } = losses;
        expect(total).toBeCloseTo(step <= 4 ? bce : bce + pseudo + consistency, 5);
      }
      expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
      // The mean of the one step that the last epoch has.
      expect(epochs[2]?.losses).toEqual(steps[6]?.losses);
      expect(meanAuc).toBeGreaterThan(0);
      // Up to where they part, a run in epochs takes the same steps.
      const longer = await run({ ...settings, steps: undefined, epochs: 2, warmupSteps: undefined });
      expect(longer.steps.slice(0, 3)).toEqual(steps.slice(0, 3));
      expect(longer.steps[3]).not.toEqual(steps[3]);
    });

    test("with a clock of its own takes the same images in the same order, and only its epochs are others", async () => {
      const usual = await run(settings);
      const slow = await run({ ...settings, stepsPerEpoch: 5 });
      expect(slow.steps.map(({ losses }) => losses)).toEqual(usual.steps.map(({ losses }) => losses));
      expect(slow.steps.map(({ epoch }) => epoch)).toEqual([1, 1, 1, 1, 1, 2, 2]);
      expect(slow.epochs).toHaveLength(2);
    });

    test("that ends in weights of no finite predictions is refused by the epoch", async () => {
      const last = run({ ...settings, steps: 1, learningRate: 3e38 });
      await expect(last).rejects.toThrow(NonFiniteError);
      await expect(last).rejects.toThrow(
        /^after epoch 1, predictions on the test images are no finite numbers;/,
      );
    });

    test("goes on from a checkpoint of any step as if it had not stopped", async () => {
      const whole = await run(settings);
      const kept: Parameters<Checkpoints["save"]>[0][] = [];
      const saving: Checkpoints = {
        every: { steps: 1 },
        save: (checkpoint) => Promise.resolve(void kept.push(checkpoint)),
      };
      expect(await run(settings, saving)).toEqual(whole);
      const at = kept.map(({ record }) => Math.min(7, 3 * record.epochs + record.steps));
      expect(at).toEqual([1, 2, 3, 4, 5, 6, 7]);
      for (const [i, checkpoint] of kept.entries()) {
        const rest = await run(settings, {
          from: { checkpoint, file: "kept" },
          save: () => Promise.resolve(),
        });
        expect(rest.steps).toEqual(whole.steps.slice(at[i]));
        expect(rest.meanAuc).toBe(whole.meanAuc);
      }
    });
  });
}
