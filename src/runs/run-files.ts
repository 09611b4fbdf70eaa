// The files of a run's folder by their names, and what they say of the run without anything being written.

import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { RunFolderError } from "../errors/training-errors.ts";
import { plainText } from "../errors/plain-text.ts";
import { digestFile } from "./file-digests.ts";
import { isKeptCheckpoint } from "./kept-checkpoints.ts";
import { saltFile } from "./patient-names.ts";
import { runRecordSchema, taskRecordSchema, type AnyRecord, type RunRecord } from "./run-record.ts";

/** Files that a run writes; `--force` removes these and nothing else. */
export const runFiles = {
  record: "run.json",
  metrics: "metrics.jsonl",
  checkpoint: "checkpoint.safetensors",
  model: "model.safetensors",
  summary: "summary.json",
  /** What is shown of a run beside all these: test-predictions.ts, and a record that the report room makes. */
  predictions: "test-predictions.csv",
  /** Of a segmenter: test-overlaps.ts. */
  overlaps: "test-overlaps.csv",
  reportData: "report.json",
  /** Of all these but model and checkpoint, which have their own: file-digests.ts. */
  digests: digestFile,
  report: "report.html",
  /** What names of patients are hashed with in the report: patient-names.ts. */
  salt: saltFile,
} as const;
/** What a study's folder has; no run is begun in one. */
export const studyFile = "study.json";
/** What somebody who looks at a run's kernels writes there before the run begins: it is no run, and not removed. */
export const profileFile = "profile.json";
/** Whether a name in a run's folder is that of a file which a run writes, or of a part of one. */
export const isOurs = (name: string): boolean =>
  isKeptCheckpoint(name) ||
  Object.values(runFiles).some((file) => name === file || (name.startsWith(file) && name.endsWith(".part")));

/** What the run in a folder was begun with. @throws RunFolderError when the folder holds no run */
export function readAnyRecord(path: string): AnyRecord {
  const file = join(path, runFiles.record);
  try {
    const record: unknown = JSON.parse(readFileSync(file, "utf8"));
    const isTask = typeof record === "object" && record !== null && "task" in record;
    return isTask ? taskRecordSchema.parse(record) : runRecordSchema.parse(record);
  } catch (cause) {
    const [issue] = cause instanceof z.ZodError ? cause.issues : [];
    const reason =
      issue === undefined ? (cause as Error).message : `${issue.path.join(".")}: ${issue.message}`;
    throw new RunFolderError(
      `${file} cannot be used (${plainText(reason.split("\n")[0])}); name the folder of a run, or begin one with --out`,
      { cause },
    );
  }
}

/** The same of a run on a manifest's images. @throws RunFolderError for a run of another task, too */
export function readRunRecord(path: string): RunRecord {
  return manifestRecord(readAnyRecord(path), path);
}

/** @throws RunFolderError when the record is of another task */
export function manifestRecord(record: AnyRecord, path: string): RunRecord {
  if (!("task" in record)) return record;
  throw new RunFolderError(
    `${path}: holds a run of the task "${record.task}", not of a manifest; only the program that began it goes on with it`,
  );
}

/** Changes whenever a process begins a run, goes on with it past a checkpoint, or ends it. */
export function stateOf(path: string): string {
  const found = [runFiles.record, runFiles.checkpoint, runFiles.summary].map((name) =>
    statSync(join(path, name), { throwIfNoEntry: false, bigint: true }),
  );
  return found.map((each) => (each === undefined ? "none" : `${each.ino}-${each.mtimeNs}`)).join(" ");
}

/** Whether there is the summary of a run that came to its end; one that was interrupted has a summary, too. */
export function isFinished(path: string): boolean {
  const file = join(path, runFiles.summary);
  if (!existsSync(file)) return false;
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as { interrupted?: unknown }).interrupted === false;
  } catch {
    return false; // it is made again
  }
}
