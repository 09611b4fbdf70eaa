// What a model file says of its weights, and the model that it makes of both: without files, which model-file.ts adds.

import { z } from "zod";
import { storedNetwork } from "../assemble/backbones/model-section.ts";
import { Classifier } from "../assemble/classifier.ts";
import { headBiases } from "../assemble/heads/head.ts";
import { Segmenter } from "../assemble/segmenter.ts";
import { viewSchema } from "../assemble/view-fields.ts";
import { fits } from "../data/images/image.ts";
import { expectArgument, madeWith } from "../errors/arguments.ts";
import { ModelError } from "../errors/training-errors.ts";
import { modelKind, parseTensorFile } from "../interchange/tensor-file.ts";
import { noParent, parentsProblem } from "../labels/class-tree.ts";
import type { Module } from "../nn/module.ts";
import { difference, writeWeights } from "../nn/weights.ts";
import type { Engine } from "../runtime/engine.ts";
import { expectEngine } from "../runtime/engine-of.ts";
import type { Weights } from "../tensor/held.ts";
import { chosenOn, thresholdsSchema } from "./kept-thresholds.ts";
import { trainedOn } from "./trained-on.ts";

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

/** What is in a model file. */
export interface ModelContent {
  /** Its name, for messages. */
  readonly file: string;
  readonly record: ModelRecord;
  readonly weights: Weights;
}

/** A model as far as arguments are looked at. */
export const aModelFile = madeWith("a model, as readModelFile gives it", ["file", "record", "weights"]);

/**
 * Reads a model and checks it whole.
 * @param file its name, for messages
 * @throws ModelError when it is of another version or of a task; CheckpointError when it is damaged
 */
export function parseModel(bytes: Uint8Array, file: string): ModelContent {
  const { record, tensors } = parseTensorFile(bytes, file, modelKind);
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
  return { file, record: found.data, weights: tensors };
}

/**
 * The classifier of a model; the caller disposes it.
 * @throws ModelError for a model of another task, and when the weights are not those of the network that the file describes
 */
export function classifierOfModel(engine: Engine, model: ModelContent): Classifier {
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
export function segmenterOfModel(engine: Engine, model: ModelContent): Segmenter {
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

function refuseDamaged({ file }: ModelContent, reason: string): never {
  throw new ModelError(file, `${reason}; take a copy of this file, or train the model again`);
}

function withWeights<Trained extends Module>(module: Trained, model: ModelContent): Trained {
  const wrong = difference(module, model.weights);
  if (wrong !== undefined) {
    module.dispose();
    refuseDamaged(model, `its weights are of another network than it says: ${wrong}`);
  }
  writeWeights(module, model.weights);
  return module;
}
