// A trained model as it lies in a run folder: its weights, and all that is needed to use them.

import { existsSync, statSync, type Stats } from "node:fs";
import { join, resolve } from "node:path";
import { sha256 } from "#sha256";
import type { Classifier } from "../assemble/classifier.ts";
import type { Segmenter } from "../assemble/segmenter.ts";
import { aString, expectArgument } from "../errors/arguments.ts";
import { ModelError } from "../errors/training-errors.ts";
import { shellWord } from "../errors/shell-words.ts";
import { suggestedPath } from "../files/near-files.ts";
import { readTensorBytes, writeTensorFile } from "../interchange/safetensors.ts";
import { modelKind } from "../interchange/tensor-file.ts";
import type { Engine } from "../runtime/engine.ts";
import { expectEngine } from "../runtime/engine-of.ts";
import {
  classifierOfModel,
  parseModel,
  segmenterOfModel,
  type ModelContent,
  type ModelRecord,
} from "./model-record.ts";
import { isFinished, readAnyRecord, runFiles } from "./run-files.ts";

export interface ModelFile extends ModelContent {
  /** SHA-256 of the file. */
  readonly sha256: string;
}

/**
 * Reads a model and checks it whole.
 *
 * @param path a run folder, or the model file of one
 * @throws ModelError when the folder holds no finished run, or the file is of another version; CheckpointError when it is
 *   missing or damaged
 */
export async function readModelFile(path: string): Promise<ModelFile> {
  expectArgument("readModelFile", "the model's file or run folder", path, aString);
  const file = resolve(await modelFileOf(path));
  const bytes = await readTensorBytes(file);
  return { ...parseModel(bytes, file), sha256: sha256().update(bytes).hex() };
}

/**
 * Writes what a model file says of its weights anew, whole or not at all; the weights stay.
 * @throws CheckpointError when it cannot be written
 */
export async function rewriteModel({ file, weights }: ModelFile, record: ModelRecord): Promise<void> {
  await writeTensorFile(file, modelKind, { record, tensors: weights });
}

/** The task of a run; undefined for a run of a manifest, and where nobody can tell. */
function taskOf(path: string): string | undefined {
  try {
    const record = readAnyRecord(path);
    return "task" in record ? record.task : undefined;
  } catch {
    return undefined; // what follows says what is wrong with the folder
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw new ModelError(
      path,
      `cannot be looked at (${(cause as Error).message}); name the folder of a run`,
      {
        cause,
      },
    );
  }
}

async function modelFileOf(path: string): Promise<string> {
  const found = statOf(path);
  if (found === undefined) {
    const near = await suggestedPath(path);
    throw new ModelError(path, `is not there; name the folder of a run, or its ${runFiles.model}${near}`);
  }
  if (!found.isDirectory()) return path;
  if (isFinished(path)) return join(path, runFiles.model);
  const isRun = existsSync(join(path, runFiles.record));
  const task = isRun ? taskOf(path) : undefined;
  if (task !== undefined) {
    throw new ModelError(
      path,
      `holds an unfinished run of the task "${task}", not of a manifest; this takes a model of tessera train`,
    );
  }
  throw new ModelError(
    path,
    isRun
      ? `the run there has not come to its end; go on with it: tessera train --resume ${shellWord(path)}`
      : `holds no run: there is no ${runFiles.record}; name the folder of a run, or its ${runFiles.model}`,
  );
}

/** A classifier and what its file says of it. @param path and errors as for `readModelFile` and `classifierOfModel` */
export function readModel(
  engine: Engine,
  path: string,
): Promise<{ readonly classifier: Classifier; readonly record: ModelRecord }> {
  return readFor("readModel", engine, path, (model) => ({
    classifier: classifierOfModel(engine, model),
    record: model.record,
  }));
}

/** A segmenter and what its file says of it. @param path and errors as for `readModelFile` and `segmenterOfModel` */
export function readSegmenter(
  engine: Engine,
  path: string,
): Promise<{ readonly segmenter: Segmenter; readonly record: ModelRecord }> {
  return readFor("readSegmenter", engine, path, (model) => ({
    segmenter: segmenterOfModel(engine, model),
    record: model.record,
  }));
}

async function readFor<Made>(
  what: string,
  engine: Engine,
  path: string,
  make: (model: ModelFile) => Made,
): Promise<Made> {
  expectEngine(what, engine);
  expectArgument(what, "the model's file or run folder", path, aString);
  return make(await readModelFile(path));
}
