// The warm-up of Label-Assemble: the first steps of a run, in which given labels alone teach.

import { budgetOf, type Budget, type BudgetSettings } from "../training/budget.ts";
import type { TrainingSettings } from "./training-settings.ts";

/** The length of a run, and of its warm-up. */
export interface WarmedBudget extends Budget {
  /** First steps in which only given labels teach. */
  readonly warmup: number;
}

export type WarmedSettings = BudgetSettings & Pick<TrainingSettings, "warmupEpochs" | "warmupSteps">;

/** @param onceEach steps in which each image is seen once */
export function warmedBudgetOf(settings: WarmedSettings, onceEach: number): WarmedBudget {
  const budget = budgetOf(settings, onceEach);
  const { warmupEpochs, warmupSteps = warmupEpochs * budget.stepsPerEpoch } = settings;
  return { ...budget, warmup: Math.min(budget.steps, warmupSteps) };
}
