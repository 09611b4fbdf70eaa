// What a run came to, as its report shows it, wherever it is kept.

import type { RunMetrics } from "./metrics-lines.ts";
import type { RunRecord } from "./run-record.ts";
import type { RunReportData } from "./run-report-data.ts";
import type { Summary } from "./summary.ts";
import type { TestOverlaps } from "./test-overlaps.ts";
import type { TestPredictions } from "./test-predictions.ts";

export interface RunContents {
  /** Of the folder; "" for a run that is in none. */
  readonly path: string;
  /** What the run is called. */
  readonly name: string;
  readonly record: RunRecord;
  readonly metrics: RunMetrics;
  readonly classes: readonly string[];
  readonly summary: Summary | undefined;
  readonly predictions: TestPredictions | undefined;
  /** Of a segmenter. */
  readonly overlaps: TestOverlaps | undefined;
  readonly reportData: RunReportData | undefined;
  /** What the model's logits are divided by since its training; undefined where nobody calibrated it. */
  readonly temperature: number | undefined;
  /** [K, K] the learned queries, a class a row; undefined for a head without them. */
  readonly queries: readonly ArrayLike<number>[] | undefined;
  /** What the folder does not have, in words. */
  readonly missing: readonly string[];
}
