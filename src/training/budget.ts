// How long a run is, in steps.

import type { LoopSettings } from "./loop-settings.ts";

export interface Budget {
  /** Of the whole run. */
  readonly steps: number;
  /** Of an epoch; the last one of the run may be shorter. */
  readonly stepsPerEpoch: number;
  readonly epochs: number;
}

export type BudgetSettings = Pick<LoopSettings, "epochs" | "steps" | "stepsPerEpoch">;

/** @param onceEach steps in which each image is seen once */
export function budgetOf(settings: BudgetSettings, onceEach: number): Budget {
  const { epochs, stepsPerEpoch = onceEach } = settings;
  const steps = settings.steps ?? epochs * stepsPerEpoch;
  return { steps, stepsPerEpoch, epochs: Math.ceil(steps / stepsPerEpoch) };
}

/** Steps of an epoch, counted from 1. */
export function stepsOf({ steps, stepsPerEpoch: perEpoch }: Budget, epoch: number): number {
  return Math.min(perEpoch, steps - (epoch - 1) * perEpoch);
}
