// Estimates the cost of a study before it starts.

import Table from "cli-table3";
import { budgetOfRun } from "../studies/runs-of-plan.ts";
import type { StudyImages, StudyRun } from "../studies/study-run.ts";
import { costByArm, costOf, type RunCost } from "../studies/cost.ts";
import { trainModel } from "../assemble/train-classifier.ts";
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
  const label = new Map(
    plan.arms.map(({ name, label: short, about }) => [name, short === name ? about : short]),
  );
  for (const { arm, runs: count, steps, views } of costByArm(plan.arms, runs, cost)) {
    table.push([arm, label.get(arm) ?? "", show(count), show(steps), show(views)]);
  }
  const isShared = runs.some(({ warmUp }) => warmUp?.isFirst === false);
  return isShared
    ? `${table.toString()}\nA warm-up that arms share is in the views of the first of them alone.`
    : table.toString();
}

/** Steps of the trial: the first ones, while kernels are compiled, and those that are timed. */
const trial = { before: 6, timed: 18 };

/**
 * Estimates how many seconds some views of images in some runs take on an engine, by a short run of the manifest's own
 * training. Where several engines will work at the same time, time them at the same time.
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
  // To its end: early stopping would leave times out.
  const short = { ...settings, steps, warmupSteps: steps, evaluate: "end", earlyStopping: null } as const;
  const result = await trainModel(
    engine,
    given,
    short,
    { step: () => times.push(performance.now()) },
    signal,
  );
  const end = performance.now();
  result.model.dispose();
  signal.throwIfAborted();
  const { budget, batch } = budgetOfRun({ settings: short }, given);
  const { views: trialViews } = costOf(short, budget, batch);
  const each = (times[steps - 1] - times[trial.before - 1]) / ((trialViews * trial.timed) / steps);
  return (views * each + runs * (end - times[steps - 1])) / 1000;
}
