// What a run came to on its test images, beyond its AUC: intervals over patients, and each source by itself.

import {
  evaluationBySource,
  testIntervals,
  type SourceEvaluation,
  type TestIntervals,
} from "../assemble/test-metrics.ts";
import type { TrainedModel } from "../assemble/train-classifier.ts";
import type { Assembly, ImageSet } from "../data/assembly/assembly.ts";
import type { CountWork } from "./run-observer.ts";

export interface TestResults {
  readonly intervals: TestIntervals | null;
  readonly sources: Readonly<Record<string, SourceEvaluation>> | null;
}

/** Some two seconds on one core of 2024: resamples x images x (classes and the draw, which takes as long as two of them). */
const longWork = 8e7;

/** Intervals and results by source; both null for a run that was stopped. */
export function testResults(
  { logits, stopped }: Pick<TrainedModel, "logits" | "stopped">,
  assembly: Assembly,
  count?: CountWork,
): TestResults {
  if (stopped || logits === undefined) return { intervals: null, sources: null };
  const { classes, test } = assembly;
  return {
    intervals: countedIntervals(logits, test, classes, count),
    sources: evaluationBySource(logits, test, classes),
  };
}

/** `testIntervals`, with progress where they take long. */
export function countedIntervals(
  logits: Float32Array,
  set: ImageSet,
  classes: readonly string[],
  count?: CountWork,
): TestIntervals {
  const resamples = 2000;
  const work = resamples * set.count * (classes.length + 2);
  using counter = work < longWork ? undefined : count?.("intervals", resamples);
  return testIntervals(logits, set, classes, (done, total) => counter?.update(done, total));
}
