// A run folder, read back for its report. What a run that did not end has not written yet is missing, and said so.

import { aString, expectArgument } from "../errors/arguments.ts";
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { plainText } from "../errors/plain-text.ts";
import { readTensorFile } from "../interchange/safetensors.ts";
import { modelKind } from "../interchange/tensor-file.ts";
import { readPredictions } from "./predictions-table.ts";
import { readOverlaps } from "./test-overlaps.ts";
import { RunFolderError } from "../errors/training-errors.ts";
import { checkDigests } from "./file-digests.ts";
import type { RunContents } from "./run-contents.ts";
import { runFiles } from "./run-files.ts";
import { runRecordSchema } from "./run-record.ts";
import { summarySchema } from "./summary.ts";
import { unfinishedNotes } from "./unfinished-notes.ts";
import { readMetrics } from "./metrics-file.ts";
import { reportDataSchema } from "./run-report-data.ts";

/** Whether a folder is one that `tessera train` made. */
export const isRunFolder = (path: string): boolean => existsSync(join(path, runFiles.record));

/**
 * @throws RunFolderError when it is no run folder, or a file in it is damaged or was changed after the run ended; CheckpointError for a damaged model
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
  const gone = (name: string): string => `${name} is missing: what is drawn from it is left out.`;
  for (const name of drawnFrom) if (ended && !has(name)) missing.push(gone(runFiles[name]));
  const contents = {
    ...{ path, name: basename(resolve(path)), record, metrics, summary, missing, classes: order },
    predictions: has("predictions") ? readPredictions(file("predictions"), order) : undefined,
    overlaps: has("overlaps") ? readOverlaps(file("overlaps"), order) : undefined,
    reportData: has("reportData") ? readJson(file("reportData"), reportDataSchema) : undefined,
    temperature: temperatureOf(model?.record),
    queries: rowsOf(model?.tensors.get("head.queries")),
  };
  // Last, since a file that cannot be read at all says more itself.
  for (const name of checkDigests(path).map(gone)) if (!missing.includes(name)) missing.push(name);
  return contents;
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
    throw new RunFolderError(
      `${file}: cannot be used (${plainText(reason)}); take a copy of it, or make it again`,
      {
        cause,
      },
    );
  }
}
