// Predictions over a set of images, and what they are worth.

import {
  aFunction,
  aNumber,
  aRecord,
  aSignal,
  expectArgument,
  expectFields,
  expectOptions,
  madeWith,
  numbers,
  required,
  strings,
  wholeFrom,
  type OptionChecks,
} from "../errors/arguments.ts";
import { anImageSet, type Assembly, type ImageSet } from "../data/assembly/assembly.ts";
import type { TaskName } from "../data/manifest/task-names.ts";
import { raiseAboveChildren } from "../labels/class-tree.ts";
import { negative, positive } from "../labels/states.ts";
import { aucByClass, meanAuc } from "../metrics/auc.ts";
import { pooledOverlap, type Overlaps, type OverlapSummary } from "../metrics/overlap.ts";
import { tempered } from "../metrics/temperature.ts";
import { normaliseImages } from "../functions/images.ts";
import type { Engine } from "../runtime/engine.ts";
import { expectEngine } from "../runtime/engine-of.ts";
import type { Classifier } from "./classifier.ts";
import { rowsInBatches, type PassOptions } from "./image-batches.ts";
import { RecordedPass, type BatchStep } from "./recorded-pass.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { randomView, type Normalisation, type ViewSettings } from "./views.ts";

export interface Evaluation {
  /** Mean over the classes whose AUC is defined; null when none is. */
  readonly meanAuc: number | null;
  /** By class; null where the labels are not of both kinds. */
  readonly auc: Readonly<Record<string, number | null>>;
  /** Of a segmenter, over all known pixels together; its AUC is of the images' scores, whether they show a class at all. */
  readonly overlap?: OverlapSummary;
}

export type EvaluationOptions = PassOptions;

/** How a classifier predicts. */
export interface PredictionOptions extends EvaluationOptions {
  /** Logits are the mean over several views of each image. Default: of the image alone. */
  readonly augment?: AveragedViews | undefined;
}

/** Views that predictions are averaged over. */
export interface AveragedViews {
  /** How many, the image itself among them: it is the first. */
  readonly draws: number;
  readonly view: ViewSettings;
  readonly seed: number;
}

export const aClassifier = madeWith("a classifier", ["head", "features"]);
export const evaluationOptions: OptionChecks<EvaluationOptions> = {
  memory: aNumber,
  signal: aSignal,
  progress: aFunction,
};
const predictionOptions: OptionChecks<PredictionOptions> = { ...evaluationOptions, augment: aRecord };
const averagedViews: OptionChecks<AveragedViews> = {
  draws: required(wholeFrom(1)),
  view: required(aRecord),
  seed: required(wholeFrom(0)),
};
export const normalisationFields: OptionChecks<Normalisation> = {
  mean: required(numbers),
  deviation: required(numbers),
};

/** Looks at what every pass of a classifier over a set is given. @throws UsageError naming the call and what is none */
export function expectPass(
  call: string,
  engine: Engine,
  classifier: Classifier,
  set: ImageSet,
  normalisation: Normalisation,
  batchSize: number,
): void {
  expectEngine(call, engine);
  expectArgument(call, "the classifier", classifier, aClassifier);
  expectArgument(call, "the images", set, anImageSet);
  expectFields(call, normalisation, normalisationFields);
  expectArgument(call, "the batch", batchSize, wholeFrom(1));
}

/**
 * Logits [N, K] of a set, in batches, with running statistics and without augmentation. Where classes stand below others, the
 * logit of each is raised to the largest of those below it: no class is less likely than one that is a kind of it. They are divided
 * by the classifier's temperature.
 *
 * With `augment` they are the mean of the network's logits over random views of each image, which the seed, the place in its batch and
 * the batch decide. Logits are averaged and not probabilities: near 0 and 1 they tell images apart that probabilities do not.
 *
 * @throws the signal's reason when it ended the work; DataError when a file of the cache was changed meanwhile
 */
export async function predict(
  engine: Engine,
  classifier: Classifier,
  set: ImageSet,
  normalisation: Normalisation,
  batchSize: number,
  options: PredictionOptions = {},
): Promise<Float32Array> {
  expectPass("predict", engine, classifier, set, normalisation, batchSize);
  expectOptions("predict", options, predictionOptions);
  const { augment } = options;
  if (augment !== undefined) expectFields("predict", augment, averagedViews);
  const classes = classifier.head.classes;
  let place: readonly [draw: number, first: number] = [0, 0];
  using plain = new RecordedPass(engine, set, inferencePass(classifier, normalisation));
  using views = new RecordedPass(engine, set, (images) => [
    classifier.forward(
      augment === undefined ? images : viewOf(engine, images, augment, () => place, normalisation),
      "inference",
    ),
  ]);
  const logits = await rowsInBatches(engine, set, classes, batchSize, options, async (batch) => {
    const sums = new Float64Array(batch.count * classes);
    const draws = augment?.draws ?? 1;
    for (let draw = 0; draw < draws; draw++) {
      place = [draw, batch.first];
      const [output] = await (draw === 0 ? plain : views).of(batch.count, batch.pixels);
      for (const [at, logit] of output.entries()) sums[at] += logit;
    }
    return sums.map((sum) => sum / draws);
  });
  if (classifier.parents !== undefined) raiseAboveChildren(logits, classifier.parents);
  return tempered(logits, classifier.temperature);
}

/** What a model makes of images as they are, by its running statistics: how it is evaluated. */
export const inferencePass =
  (model: { forward(images: Tensor, mode: "inference"): Tensor }, normalisation: Normalisation): BatchStep =>
  (images) => [model.forward(normaliseImages(images, normalisation), "inference")];

/** A random view of a batch. @param place which draw it is, and which batch */
function viewOf(
  engine: Engine,
  images: Tensor,
  { view, seed }: AveragedViews,
  place: () => readonly [number, number],
  normalisation: Normalisation,
): Tensor {
  const words = engine.feed(() => Uint32Array.of(seed, Math.floor(seed / 2 ** 32), ...place()), [4], "u32");
  return randomView(images, words, 0, view, normalisation);
}

/** AUC by class of a classifier on a set; the other parameters, and errors, are those of `predict`. */
export async function evaluate(
  engine: Engine,
  classifier: Classifier,
  set: ImageSet,
  classNames: readonly string[],
  normalisation: Normalisation,
  batchSize: number,
  options: PredictionOptions = {},
): Promise<Evaluation> {
  expectArgument("evaluate", "the names of classes", classNames, strings);
  const logits = await predict(engine, classifier, set, normalisation, batchSize, options);
  return evaluationOf(logits, set, classNames);
}

/** AUC by class of logits [N, K] of a set, and of a segmenter's predictions how well they overlap the outlines. */
export function evaluationOf(
  logits: Float32Array,
  { states }: Pick<ImageSet, "states">,
  classNames: readonly string[],
  overlaps?: Overlaps,
): Evaluation {
  const auc = aucByClass(logits, states, classNames);
  return {
    auc,
    meanAuc: meanAuc(auc),
    ...(overlaps === undefined ? {} : { overlap: pooledOverlap(overlaps, classNames) }),
  };
}

/**
 * Whether validation decides anything in a run: its mean AUC is defined where some class has labels of both kinds, and its mean
 * Dice where some image shows a class.
 */
export function watches(
  { classes, validation }: Assembly,
  { task }: { readonly task?: TaskName | undefined } = {},
): boolean {
  const kinds = classes.map(() => new Set<number>());
  validation?.states.forEach((state, at) => kinds[at % classes.length].add(state));
  return kinds.some((found) => (task === "segmentation" || found.has(negative)) && found.has(positive));
}
