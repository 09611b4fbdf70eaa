// A trained model as it lies in a run folder: its weights, and all that is needed to use them.

import { aString, expectArgument, madeWith } from "../errors/arguments.ts";
import { createHash } from "node:crypto";
import { existsSync, statSync, type Stats } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { storedNetwork } from "../assemble/backbones/model-section.ts";
import { headBiases } from "../assemble/heads/head.ts";
import { viewSchema } from "../assemble/augmentation.ts";
import { fits } from "../data/images/image.ts";
import type { Engine } from "../runtime/engine.ts";
import { expectEngine } from "../runtime/engine-of.ts";
import { Classifier } from "../assemble/classifier.ts";
import { Segmenter } from "../assemble/segmenter.ts";
import { ModelError } from "../errors/training-errors.ts";
import { suggestedPath } from "../files/near-files.ts";
import { chosenOn, thresholdsSchema } from "./kept-thresholds.ts";
import { isFinished, readAnyRecord, runFiles } from "./run-folder.ts";
import { trainedOn } from "./trained-on.ts";
import { modelKind, readTensorFile, writeTensorFile } from "../interchange/safetensors.ts";
import { noParent, parentsProblem } from "../labels/class-tree.ts";
import type { Module } from "../nn/module.ts";
import { difference, writeWeights } from "../nn/weights.ts";
import { type Weights } from "../tensor/held.ts";

const count = z.int().min(1);
const side = count.max(2 ** 16);
const perChannel = z.array(z.number()).readonly();
const modelRecordSchema = z.strictObject({
  /** Left out of a classifier. */
  task: z.literal("segmentation").optional(),
  /** In the order of the logits. */
  classes: z.array(z.string()).min(1),
  /** The class above each class, by number, and -1 for none; left out where no class is above another. */
  parents: z.array(z.int().min(noParent)).optional(),
  /** Of a segmenter: classes of which a pixel has at most one, by number; left out where no two exclude each other. */
  exclusive: z
    .array(z.array(z.int().min(0)).min(2).readonly())
    .readonly()
    .optional(),
  /** Of a segmenter: whether each pixel is of one of the classes; left out where it may be of none. */
  exhaustive: z.literal(true).optional(),
  /** Of a segmenter: whether the background is an output of its own, after the classes. */
  background: z.literal(true).optional(),
  /** What images are made to fit. */
  image: z.strictObject({
    ...{ height: side, width: side, channels: z.union([z.literal(1), z.literal(3)]) },
    ...{ mean: perChannel, deviation: perChannel },
    /** Models of before fit was a choice were trained on images that were stretched. */
    fit: z.enum(fits).default("stretch"),
  }),
  ...trainedOn,
  network: storedNetwork,
  head: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("queries"), bias: z.enum(headBiases) }),
    z.strictObject({ kind: z.literal("linear") }),
    z.strictObject({
      kind: z.literal("per-source"),
      known: z
        .array(z.array(z.int().min(0)).readonly())
        .min(1)
        .readonly(),
    }),
    z.strictObject({ kind: z.literal("dynamic") }),
  ]),
  normalisation: z.strictObject({ mean: perChannel, deviation: perChannel }),
  /** Of a classifier: the weak view that it was trained with, which predictions can be averaged over. */
  weak: viewSchema.optional(),
  /** Of a classifier: thresholds that validation patients chose; left out where there were none. */
  thresholds: thresholdsSchema.optional(),
  /** Of a classifier: what its logits are divided by; see `fitTemperature`. */
  temperature: z
    .strictObject({
      ...{ value: z.number().positive(), entries: count, before: z.number(), after: z.number() },
      part: chosenOn,
    })
    .optional(),
  /** Whose weights these are. */
  epoch: z.int().min(0),
});

/** Of `trainTask`, which knows of no classes. */
const taskModelSchema = z.object({ task: z.string(), classes: z.undefined().optional() });

/** What a model file says of its weights. */
export type ModelRecord = z.output<typeof modelRecordSchema>;

export interface ModelFile {
  /** Absolute. */
  readonly file: string;
  /** SHA-256 of the file. */
  readonly sha256: string;
  readonly record: ModelRecord;
  readonly weights: Weights;
}

/** A model as far as arguments are looked at. */
export const aModelFile = madeWith("a model, as readModelFile gives it", ["file", "record", "weights"]);

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
  const { record, tensors } = await readTensorFile(file, modelKind);
  const other = taskModelSchema.safeParse(record);
  if (other.success) {
    throw new ModelError(
      file,
      `has the weights of the task "${other.data.task}"; readTaskModel reads them into its module`,
    );
  }
  const found = modelRecordSchema.safeParse(record);
  if (!found.success) {
    const [{ path: field, message }] = found.error.issues;
    throw new ModelError(
      file,
      `is not of this version of Tessera (${field.join(".")}: ${message}); use the one that wrote it`,
    );
  }
  const sha256 = createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
  return { file, sha256, record: found.data, weights: tensors };
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
      ? `the run there has not come to its end; go on with it: tessera train --resume ${path}`
      : `holds no run: there is no ${runFiles.record}; name the folder of a run, or its ${runFiles.model}`,
  );
}

/**
 * The classifier of a model; the caller disposes it.
 * @throws ModelError for a model of another task, and when the weights are not those of the network that the file describes
 */
export function classifierOfModel(engine: Engine, model: ModelFile): Classifier {
  expectEngine("classifierOfModel", engine);
  expectArgument("classifierOfModel", "the model", model, aModelFile);
  const { network, head, classes, parents, task, thresholds, temperature } = model.record;
  if (task !== undefined || network.kind === "unet") {
    throw new ModelError(
      model.file,
      "is a segmenter, of task: segmentation, and this takes a classifier; name the run of a classifier",
    );
  }
  if (head.kind === "per-source") {
    const orphan = classes.find((_, k) => !head.known.some((numbers) => numbers.includes(k)));
    if (orphan !== undefined) refuseDamaged(model, `says of no source that it knows "${orphan}"`);
  }
  const problem = parents && parentsProblem(parents, classes.length);
  if (problem !== undefined) refuseDamaged(model, `its tree of classes ${problem}`);
  const chosen = thresholds?.byClass.length ?? classes.length;
  if (chosen !== classes.length)
    refuseDamaged(model, `has thresholds of ${chosen} classes, of ${classes.length}`);
  const options = {
    network,
    classes: classes.length,
    parents,
    seed: 0,
    head,
    temperature: temperature?.value,
  };
  return withWeights(new Classifier(engine, options), model);
}

/**
 * The segmenter of a model; the caller disposes it.
 * @throws ModelError for a model of another task, and when the weights are not those of the network that the file describes
 */
export function segmenterOfModel(engine: Engine, model: ModelFile): Segmenter {
  expectEngine("segmenterOfModel", engine);
  expectArgument("segmenterOfModel", "the model", model, aModelFile);
  const { network, head, classes, exclusive, exhaustive, background, task } = model.record;
  if (task === undefined) {
    throw new ModelError(
      model.file,
      "is a classifier, and this takes a segmenter; name a run of task: segmentation",
    );
  }
  if (network.kind !== "unet")
    return refuseDamaged(model, "says of a segmenter that its network is no U-Net");
  if (head.kind !== "queries" && head.kind !== "linear") {
    return refuseDamaged(model, `says of a segmenter that its head is ${head.kind}`);
  }
  const stranger = exclusive?.flat().find((k) => k >= classes.length);
  if (stranger !== undefined) refuseDamaged(model, `excludes class ${stranger} of ${classes.length}`);
  const options = { network, classes: classes.length, exclusive, exhaustive, background, seed: 0, head };
  return withWeights(new Segmenter(engine, options), model);
}

function refuseDamaged({ file }: ModelFile, reason: string): never {
  throw new ModelError(file, `${reason}; take a copy of this file, or train the model again`);
}

function withWeights<Trained extends Module>(module: Trained, model: ModelFile): Trained {
  const wrong = difference(module, model.weights);
  if (wrong !== undefined) {
    module.dispose();
    refuseDamaged(model, `its weights are of another network than it says: ${wrong}`);
  }
  writeWeights(module, model.weights);
  return module;
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
