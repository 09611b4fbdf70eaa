// What a study will take, before it starts.

import Table from "cli-table3";
import { budgetOfRun, type StudyImages, type StudyRun } from "../studies/run-study.ts";
import { costByArm, costOf, type RunCost } from "../studies/cost.ts";
import { train } from "../training/trainer.ts";
import type { StudyPlan } from "../studies/study-plan.ts";
import type { TrainingSettings } from "../assemble/training-settings.ts";
import { plainTable } from "../report/tables.ts";
import type { Engine } from "../runtime/engine.ts";

export function costTable(
  plan: StudyPlan,
  runs: readonly StudyRun[],
  cost: (run: StudyRun) => RunCost,
): string {
  const table = new Table({
    ...plainTable,
    head: ["arm", "what", "runs", "steps", "views of images"],
    colAligns: ["left", "left", "right", "right", "right"],
  });
  const show = (value: number): string => value.toLocaleString("en");
  const label = new Map(plan.arms.map((arm) => [arm.name, arm.label]));
  for (const { arm, runs: count, steps, views } of costByArm(plan.arms, runs, cost)) {
    table.push([arm, label.get(arm) ?? "", show(count), show(steps), show(views)]);
  }
  const isShared = runs.some(({ warmUp }) => warmUp?.isFirst === false);
  return isShared
    ? `${table.toString()}\nA warm-up that arms share is in the views of the first of them alone.`
    : table.toString();
}

/** Steps of the trial: those before kernels are compiled and the pace is even, and those that are timed. */
const trial = { before: 6, timed: 18 };

/**
 * Seconds that so many views of images in so many runs will take on an engine, by a short run of the manifest's own training;
 * where others work at the same time, theirs is to be asked for at the same time.
 */
export async function timeOf(
  engine: Engine,
  { given }: StudyImages,
  settings: TrainingSettings,
  { views, runs }: { readonly views: number; readonly runs: number },
  signal: AbortSignal,
): Promise<number> {
  const steps = trial.before + trial.timed;
  const times: number[] = [];
  const short = { ...settings, steps, warmupSteps: steps, evaluate: "end" } as const;
  const result = await train(engine, given, short, { step: () => times.push(performance.now()) }, signal);
  const end = performance.now();
  result.classifier.dispose();
  signal.throwIfAborted();
  const { budget, batch } = budgetOfRun({ settings: short }, given);
  const { views: trialViews } = costOf(short, budget, batch);
  const each = (times[steps - 1] - times[trial.before - 1]) / ((trialViews * trial.timed) / steps);
  return (views * each + runs * (end - times[steps - 1])) / 1000;
}
