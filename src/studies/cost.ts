// What a study takes, in steps and in images that go through the network.

import type { Budget } from "../training/budget.ts";
import { takesStrongView } from "../assemble/training-step.ts";
import type { TrainingSettings } from "../assemble/training-settings.ts";
import type { PlannedArm } from "./study-plan.ts";
import type { StudyRun } from "./run-study.ts";

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
  { steps, warmup }: Budget,
  batch: number,
  isWarm = false,
): RunCost {
  const views = (of: TrainingSettings): number => (takesStrongView(of) ? 2 : 1);
  const before = isWarm ? 0 : warmup * views({ ...settings, lambdaConsistency: 0 });
  return { steps, views: batch * (before + (steps - warmup) * views(settings)) };
}

/** Each arm's, over all seeds. @param of a run's */
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
