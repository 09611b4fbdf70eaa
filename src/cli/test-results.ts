// What a run came to on its test images: for the summary, and as a table.

import {
  evaluationBySource,
  testIntervals,
  type SourceEvaluation,
  type TestIntervals,
} from "../assemble/test-metrics.ts";
import type { TrainingResult } from "../training/trainer.ts";
import type { Assembly, ImageSet } from "../data/assembly/assembly.ts";
import { aucTable, showAuc } from "../report/tables.ts";
import { Counter } from "./terminal/counter.ts";

export interface TestResults {
  readonly intervals: TestIntervals | null;
  readonly sources: Readonly<Record<string, SourceEvaluation>> | null;
}

/** Some two seconds on one core of 2024: resamples x images x (classes and the draw, which takes as long as two of them). */
const longWork = 8e7;
/** Beyond, a table is too wide for a terminal; summary.json has all of them. */
export const mostSources = 4;

/** Intervals, and each source by itself; neither for a run that was stopped. */
export function testResults(
  { logits, stopped }: TrainingResult,
  assembly: Assembly,
  quiet: boolean,
): TestResults {
  if (stopped || logits === undefined) return { intervals: null, sources: null };
  const { classes, test } = assembly;
  return {
    intervals: countedIntervals(logits, test, classes, quiet),
    sources: evaluationBySource(logits, test, classes),
  };
}

/** `testIntervals`, with progress where they take long. */
export function countedIntervals(
  logits: Float32Array,
  set: ImageSet,
  classes: readonly string[],
  quiet: boolean,
): TestIntervals {
  const resamples = 2000;
  const work = resamples * set.count * (classes.length + 2);
  using counter = new Counter("intervals", resamples, quiet || work < longWork);
  return testIntervals(logits, set, classes, (done, total) => counter.update(done, total));
}

/** AUC by class: with its interval, and in each source where there are several. */
export function testTable(
  { evaluation }: TrainingResult,
  { intervals, sources }: TestResults,
  classes: readonly string[],
): string {
  const columns = [
    {
      name: "AUC",
      cell: (name: string) => showAuc(evaluation?.auc[name]),
      mean: showAuc(evaluation?.meanAuc),
    },
  ];
  if (intervals !== null) {
    const show = ({ interval }: TestIntervals["mean"]): string =>
      interval === null ? "-" : `${interval.low.toFixed(3)} to ${interval.high.toFixed(3)}`;
    columns.push({
      name: `${Math.round(100 * intervals.level)} % interval`,
      cell: (name) => show(intervals.byClass[name]),
      mean: show(intervals.mean),
    });
  }
  const each = Object.entries(sources ?? {});
  if (each.length > 1 && each.length <= mostSources) {
    for (const [name, { auc, meanAuc }] of each) {
      columns.push({ name, cell: (of) => showAuc(auc[of]), mean: showAuc(meanAuc) });
    }
  }
  return aucTable(classes, columns);
}
