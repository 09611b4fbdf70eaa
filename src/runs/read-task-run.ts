// The run folder of a task, read back for its report.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { readMetrics } from "./metrics-file.ts";
import { type RunMetrics } from "./metrics-lines.ts";
import { readJson } from "./read-run.ts";
import { unfinishedNotes } from "./unfinished-notes.ts";
import { checkDigests } from "./file-digests.ts";
import { runFiles } from "./run-files.ts";
import { taskRecordSchema, type TaskRecord } from "./run-record.ts";
import { taskSummarySchema, type TaskSummary } from "./summary.ts";

export interface TaskContents {
  readonly path: string;
  readonly record: TaskRecord;
  readonly metrics: RunMetrics;
  readonly summary: TaskSummary | undefined;
  /** What the folder does not have, in words. */
  readonly missing: readonly string[];
}

/** @throws RunFolderError when it is no folder of a task's run, or a file in it is damaged */
export function readTaskRun(path: string): TaskContents {
  const file = (name: keyof typeof runFiles): string => join(path, runFiles[name]);
  const record = readJson(file("record"), taskRecordSchema);
  const metrics = readMetrics(file("metrics"));
  const summary = existsSync(file("summary")) ? readJson(file("summary"), taskSummarySchema) : undefined;
  const gone = checkDigests(path).map((name) => `${name} is missing: what is drawn from it is left out.`);
  return { path, record, metrics, summary, missing: [...unfinishedNotes(summary), ...gone] };
}
