// How long a run is, in steps.

import type { TrainingSettings } from "./training-settings.ts";

export interface Budget {
  /** Of the whole run. */
  readonly steps: number;
  /** First steps in which only given labels teach. */
  readonly warmup: number;
  /** Of an epoch; the last one of the run may be shorter. */
  readonly stepsPerEpoch: number;
  readonly epochs: number;
}

export type BudgetSettings = Pick<TrainingSettings, "epochs" | "steps" | "warmupEpochs" | "warmupSteps">;

/** @param perEpoch steps of an epoch */
export function budgetOf(
  { epochs, steps: asked, warmupEpochs, warmupSteps }: BudgetSettings,
  perEpoch: number,
): Budget {
  const steps = asked ?? epochs * perEpoch;
  return {
    steps,
    warmup: Math.min(steps, warmupSteps ?? warmupEpochs * perEpoch),
    stepsPerEpoch: perEpoch,
    epochs: Math.ceil(steps / perEpoch),
  };
}

/** Steps of an epoch, counted from 1. */
export function stepsOf({ steps, stepsPerEpoch: perEpoch }: Budget, epoch: number): number {
  return Math.min(perEpoch, steps - (epoch - 1) * perEpoch);
}
