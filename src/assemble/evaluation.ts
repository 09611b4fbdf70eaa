// Predictions over a set of images, and what they are worth.

import {
  aFunction,
  aNumber,
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
import { normaliseImages } from "../functions/images.ts";
import type { Engine } from "../runtime/engine.ts";
import { expectEngine } from "../runtime/engine-of.ts";
import type { Classifier } from "./classifier.ts";
import { ImageReader, inOrder } from "../data/assembly/image-reader.ts";
import type { Normalisation } from "./views.ts";

export interface Evaluation {
  /** Mean over the classes whose AUC is defined; null when none is. */
  readonly meanAuc: number | null;
  /** By class; null where the labels are not of both kinds. */
  readonly auc: Readonly<Record<string, number | null>>;
  /** Of a segmenter, over all known pixels together; its AUC is of the images' scores, whether they show a class at all. */
  readonly overlap?: OverlapSummary;
}

export interface EvaluationOptions {
  /** Ends the work before the next batch. */
  readonly signal?: AbortSignal | undefined;
  /** Bytes of images that may be held at a time, where they are on disk. */
  readonly memory?: number | undefined;
  /** Told after each batch. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

export const aClassifier = madeWith("a classifier", ["head", "features"]);
const evaluationOptions: OptionChecks<EvaluationOptions> = {
  memory: aNumber,
  signal: aSignal,
  progress: aFunction,
};
export const normalisationFields: OptionChecks<Normalisation> = {
  mean: required(numbers),
  deviation: required(numbers),
};

/**
 * Logits [N, K] of a set, in batches, with running statistics and without augmentation. Where classes stand below others, the
 * logit of each is raised to the largest of those below it: no class is less likely than one that is a kind of it.
 *
 * @throws the signal's reason when it ended the work; DataError when a file of the cache was changed meanwhile
 */
export async function predict(
  engine: Engine,
  classifier: Classifier,
  set: ImageSet,
  normalisation: Normalisation,
  batchSize: number,
  options: EvaluationOptions = {},
): Promise<Float32Array> {
  expectEngine("predict", engine);
  expectArgument("predict", "the classifier", classifier, aClassifier);
  expectArgument("predict", "the images", set, anImageSet);
  expectFields("predict", normalisation, normalisationFields);
  expectArgument("predict", "the batch", batchSize, wholeFrom(1));
  expectOptions("predict", options, evaluationOptions);
  const classes = classifier.head.classes;
  const logits = new Float32Array(set.count * classes);
  const reader = new ImageReader([set], batchSize, options.memory);
  try {
    let first = 0;
    for await (const { pixels, count } of reader.batches(inOrder(set.count, batchSize))) {
      options.signal?.throwIfAborted();
      using output = engine.scope(() => {
        const images = engine.tensor(pixels, [count, set.height, set.width, set.channels], "u8");
        return classifier.forward(normaliseImages(images, normalisation), "inference");
      });
      logits.set(await output.read(), first * classes);
      first += count;
      options.progress?.(first, set.count);
    }
  } finally {
    await reader.close();
  }
  if (classifier.parents !== undefined) raiseAboveChildren(logits, classifier.parents);
  return logits;
}

/** AUC by class of a classifier on a set; the other parameters, and errors, are those of `predict`. */
export async function evaluate(
  engine: Engine,
  classifier: Classifier,
  set: ImageSet,
  classNames: readonly string[],
  normalisation: Normalisation,
  batchSize: number,
  options: EvaluationOptions = {},
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
