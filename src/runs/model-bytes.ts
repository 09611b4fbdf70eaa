// A trained model as bytes, the same that a run folder has in model.safetensors: for a page that keeps or hands out its model.

import type { Model } from "../assemble/assembly-task.ts";
import { Classifier } from "../assemble/classifier.ts";
import { Segmenter } from "../assemble/segmenter.ts";
import { trainingSettings } from "../assemble/settings-argument.ts";
import type { TrainingSettings } from "../assemble/training-settings.ts";
import { anAssembly, type Assembly } from "../data/assembly/assembly.ts";
import { fits, type Fit } from "../data/images/image.ts";
import { examplesOf } from "../data/inspection/example-figures.ts";
import {
  aString,
  bytes as aByteArray,
  expectArgument,
  expectFields,
  oneOf,
  required,
  wholeFrom,
  type OptionChecks,
} from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { joinBytes } from "../files/join-bytes.ts";
import { modelKind, tensorFileParts } from "../interchange/tensor-file.ts";
import { readWeights } from "../nn/weights.ts";
import type { Engine } from "../runtime/engine.ts";
import { expectEngine } from "../runtime/engine-of.ts";
import {
  classifierOfModel,
  parseModel,
  segmenterOfModel,
  type ModelContent,
  type ModelRecord,
} from "./model-record.ts";

/** What a model was trained with. */
export interface TrainedWith {
  readonly assembly: Assembly;
  readonly settings: TrainingSettings;
  /** Whose epoch's weights these are, as `trainClassifier` says it. */
  readonly kept: number;
  /** How images of another shape were brought to the size of the assembly's; default: stretched. */
  readonly fit?: Fit | undefined;
}

const trainedWith: OptionChecks<TrainedWith> = {
  assembly: required(anAssembly),
  settings: required(trainingSettings),
  kept: required(wholeFrom(0)),
  fit: oneOf(fits),
};

/**
 * The file of a model: `classifierOfBytes` and `segmenterOfBytes` read it back, and `tessera predict`, `evaluate` and `export` take it
 * as model.safetensors.
 * @param model of `trainClassifier` or `trainSegmenter`
 */
export async function modelBytes(model: Model, trained: TrainedWith): Promise<Uint8Array<ArrayBuffer>> {
  if (!(model instanceof Classifier || model instanceof Segmenter)) {
    throw new UsageError("modelBytes: the model must be a classifier or a segmenter");
  }
  expectFields("modelBytes", trained, trainedWith);
  const { assembly, settings, kept, fit = "stretch" } = trained;
  const { height, width, channels } = assembly.test;
  const { mean, deviation } = settings.normalisation;
  if (channels !== 1 && channels !== 3) {
    throw new UsageError(`modelBytes: model files are of images of 1 or 3 channels, not ${channels}`);
  }
  const record: ModelRecord = {
    ...trainedRecord(model, assembly, settings, { height, width, channels, mean, deviation, fit }, kept),
    examples: await examplesOf(assembly.sources, settings.memory),
  };
  return joinBytes(tensorFileParts(modelKind, { record, tensors: await readWeights(model) }));
}

/** What a model file says of any training. */
export function trainedRecord(
  trained: Model,
  { classes, parents }: Pick<Assembly, "classes" | "parents">,
  { network, normalisation, weak }: TrainingSettings,
  image: ModelRecord["image"],
  epoch: number,
): ModelRecord {
  return {
    ...(trained instanceof Segmenter ? segmenterFields(trained) : { weak }),
    ...{ classes: [...classes], ...(parents === undefined ? {} : { parents: [...parents] }) },
    ...{ image, network, head: trained.head.settings, normalisation, epoch },
  };
}

/** What a model file says of a segmenter alone. */
const segmenterFields = ({ exclusive, exhaustive, background }: Segmenter) => ({
  task: "segmentation" as const,
  ...(exclusive === undefined ? {} : { exclusive }),
  ...(exhaustive ? { exhaustive } : {}),
  ...(background ? { background } : {}),
});

/**
 * The classifier in the bytes of a model file, and what they say of it; the caller disposes it.
 * @param name of the file, for messages
 * @throws ModelError for bytes of another version or another task; CheckpointError when they are damaged
 */
export function classifierOfBytes(
  engine: Engine,
  bytes: Uint8Array,
  name = "the model",
): { readonly classifier: Classifier; readonly record: ModelRecord } {
  const model = contentOf("classifierOfBytes", engine, bytes, name);
  return { classifier: classifierOfModel(engine, model), record: model.record };
}

/** The segmenter in the bytes of a model file; parameters and errors as for `classifierOfBytes`. */
export function segmenterOfBytes(
  engine: Engine,
  bytes: Uint8Array,
  name = "the model",
): { readonly segmenter: Segmenter; readonly record: ModelRecord } {
  const model = contentOf("segmenterOfBytes", engine, bytes, name);
  return { segmenter: segmenterOfModel(engine, model), record: model.record };
}

function contentOf(what: string, engine: Engine, bytes: Uint8Array, name: string): ModelContent {
  expectEngine(what, engine);
  expectArgument(what, "the bytes", bytes, aByteArray);
  expectArgument(what, "the name", name, aString);
  return parseModel(bytes, name);
}
