// What a study takes, in steps and in images that go through the network.

import type { WarmedBudget } from "../assemble/warm-up.ts";
import { noLambdas, viewsOf } from "../assemble/assemble-terms.ts";
import type { TrainingSettings } from "../assemble/training-settings.ts";
import type { PlannedArm } from "./study-plan.ts";
import type { StudyRun } from "./study-run.ts";

export interface RunCost {
  readonly steps: number;
  /** Views of images, over all steps: what the time of a run grows with. */
  readonly views: number;
}

export interface ArmCost extends RunCost {
  readonly arm: string;
  readonly runs: number;
}

/**
 * @param batch images of a step
 * @param isWarm whether another run has taken its warm-up
 */
export function costOf(
  settings: TrainingSettings,
  { steps, warmup }: WarmedBudget,
  batch: number,
  isWarm = false,
): RunCost {
  const before = isWarm ? 0 : warmup * viewsOf({ ...settings, ...noLambdas });
  return { steps, views: batch * (before + (steps - warmup) * viewsOf(settings)) };
}

/** The cost of each arm over all seeds. @param of gives the cost of a run */
export function costByArm(
  arms: readonly PlannedArm[],
  runs: readonly StudyRun[],
  of: (run: StudyRun) => RunCost,
): ArmCost[] {
  return arms.map(({ name, runs: planned }) => {
    const own = runs.filter((run) => planned.includes(run.planned)).map(of);
    return {
      arm: name,
      runs: own.length,
      steps: own.reduce((sum, { steps }) => sum + steps, 0),
      views: own.reduce((sum, { views }) => sum + views, 0),
    };
  });
}
