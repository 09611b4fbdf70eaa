// A run folder, read back for its report. What a run that did not end has not written yet is missing, and said so.

import { counted } from "../errors/counted.ts";
import { aString, expectArgument } from "../errors/arguments.ts";
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { readTensorFile } from "../interchange/safetensors.ts";
import { modelKind } from "../interchange/tensor-file.ts";
import { readPredictions, type TestPredictions } from "./test-predictions.ts";
import { readOverlaps, type TestOverlaps } from "./test-overlaps.ts";
import { RunFolderError } from "../errors/training-errors.ts";
import { runFiles } from "./run-folder.ts";
import { runRecordSchema, type RunRecord } from "./run-record.ts";
import { summarySchema, type Summary } from "./summary.ts";
import { readMetrics, type RunMetrics } from "./metrics-file.ts";
import { reportDataSchema, type RunReportData } from "./run-report-data.ts";

export interface RunContents {
  readonly path: string;
  /** Of its folder. */
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

/** Whether a folder is one that `tessera train` made. */
export const isRunFolder = (path: string): boolean => existsSync(join(path, runFiles.record));

/**
 * @throws RunFolderError when it is no run folder, or a file in it is damaged; CheckpointError for a damaged model
 */
export async function readRun(path: string): Promise<RunContents> {
  expectArgument("readRun", "the run folder", path, aString);
  const file = (name: keyof typeof runFiles): string => join(path, runFiles[name]);
  const has = (name: keyof typeof runFiles): boolean =>
    statSync(file(name), { throwIfNoEntry: false })?.isFile() === true;
  const record = readJson(file("record"), runRecordSchema);
  const metrics = readMetrics(file("metrics"));
  const summary = has("summary") ? readJson(file("summary"), summarySchema) : undefined;
  const classes = Object.keys(summary?.auc ?? {});
  const model = has("model") ? await readTensorFile(file("model"), modelKind) : undefined;
  const missing = unfinishedNotes(summary);
  const ended = summary?.interrupted === false;
  const order = record.classes ?? modelClasses(model?.record) ?? classes;
  const drawnFrom = [
    "predictions",
    "reportData",
    ...(summary?.overlap === undefined ? [] : ["overlaps" as const]),
  ] as const;
  for (const name of drawnFrom) {
    if (ended && !has(name)) missing.push(`${runFiles[name]} is missing: what is drawn from it is left out.`);
  }
  return {
    ...{ path, name: basename(resolve(path)), record, metrics, summary, missing, classes: order },
    predictions: has("predictions") ? readPredictions(file("predictions"), order) : undefined,
    overlaps: has("overlaps") ? readOverlaps(file("overlaps"), order) : undefined,
    reportData: has("reportData") ? readJson(file("reportData"), reportDataSchema) : undefined,
    temperature: temperatureOf(model?.record),
    queries: rowsOf(model?.tensors.get("head.queries")),
  };
}

/** What is to be said of a run that has not ended. */
export function unfinishedNotes(summary: Pick<Summary, "interrupted" | "epochs"> | undefined): string[] {
  if (summary === undefined) return ["The run has not come to its end; this is what it has written so far."];
  if (!summary.interrupted) return [];
  return [`The run was stopped after ${counted(summary.epochs, "epoch")}; it can go on with --resume.`];
}

/** In their order, which the keys of a JSON object do not keep where they are numbers; of runs whose record does not say. */
function modelClasses(record: unknown): readonly string[] | undefined {
  const found = z.object({ classes: z.array(z.string()) }).safeParse(record);
  return found.success ? found.data.classes : undefined;
}

function temperatureOf(record: unknown): number | undefined {
  const found = z.object({ temperature: z.object({ value: z.number().positive() }) }).safeParse(record);
  return found.success ? found.data.temperature.value : undefined;
}

function rowsOf(
  tensor: { readonly shape: readonly number[]; readonly data: ArrayLike<number> } | undefined,
): readonly ArrayLike<number>[] | undefined {
  if (tensor === undefined || tensor.shape.length !== 2) return undefined;
  const [rows, width] = tensor.shape;
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: width }, (_, j) => tensor.data[i * width + j]),
  );
}

/** @throws RunFolderError naming file and field */
export function readJson<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    const [issue] = cause instanceof z.ZodError ? cause.issues : [];
    const reason =
      issue === undefined
        ? (cause as Error).message.split("\n")[0]
        : `${issue.path.join(".")}: ${issue.message}`;
    throw new RunFolderError(`${file}: cannot be used (${reason}); take a copy of it, or make it again`, {
      cause,
    });
  }
}
