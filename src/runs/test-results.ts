// What a run came to on its test images, beyond its AUC: intervals over patients, and each source by itself.

import {
  evaluationBySource,
  testIntervals,
  type SourceEvaluation,
  type TestIntervals,
} from "../assemble/test-metrics.ts";
import type { TrainedModel } from "../assemble/train-classifier.ts";
import type { Assembly, ImageSet } from "../data/assembly/assembly.ts";
import { countedWork } from "./counted-work.ts";
import type { CountWork } from "./run-observer.ts";

export interface TestResults {
  readonly intervals: TestIntervals | null;
  readonly sources: Readonly<Record<string, SourceEvaluation>> | null;
}

/** Intervals and results by source; both null for a run that was stopped. */
export function testResults(
  { logits, overlaps, stopped }: Pick<TrainedModel, "logits" | "overlaps" | "stopped">,
  assembly: Assembly,
  count?: CountWork,
): TestResults {
  if (stopped || logits === undefined) return { intervals: null, sources: null };
  const { classes, test } = assembly;
  return {
    intervals: countedIntervals(logits, test, classes, count),
    sources: evaluationBySource(logits, test, classes, overlaps),
  };
}

/** `testIntervals`, with progress where they take long. */
export function countedIntervals(
  logits: Float32Array,
  set: ImageSet,
  classes: readonly string[],
  count?: CountWork,
): TestIntervals {
  return countedWork(set.count, classes.length, count, (progress) =>
    testIntervals(logits, set, classes, progress),
  );
}
