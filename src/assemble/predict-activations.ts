// Activation maps over a set of images, on the host. Of the maps only one batch is held at a time.

import {
  aFunction,
  aNumber,
  aSignal,
  expectArgument,
  expectOptions,
  numbersInOrder,
  type OptionChecks,
} from "../errors/arguments.ts";
import type { ImageSet } from "../data/assembly/assembly.ts";
import { normaliseImages } from "../functions/images.ts";
import { aSize, resize2d } from "../functions/resizing.ts";
import { childrenFirst, type Parents } from "../labels/class-tree.ts";
import type { Engine } from "../runtime/engine.ts";
import { tempered } from "../metrics/temperature.ts";
import { activationMaps, mapKindOf, type MapKind } from "./activation-maps.ts";
import type { Classifier } from "./classifier.ts";
import { expectPass, type EvaluationOptions } from "./evaluation.ts";
import { imageBatches } from "./image-batches.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { RecordedPass, type BatchStep } from "./recorded-pass.ts";
import type { Normalisation } from "./views.ts";

/** The maps of one image, each [height, width]. */
export interface ImageActivations {
  /** u8 [H, W, C] of the image itself. */
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
  /** [K] As `predict` gives them, but for rounding: divided by the classifier's temperature, which maps are not. */
  readonly logits: Float32Array;
  /** By class. */
  readonly maps: readonly Float32Array[];
  /** By class, the same brought to `size`, bilinearly with half-pixel centres. */
  readonly enlarged: readonly Float32Array[];
}

export interface ActivationOptions extends EvaluationOptions {
  /** Height and width of the enlarged maps; default: those of the images. */
  readonly size?: readonly [height: number, width: number];
  /** Which images of the set, in this order; default: all. */
  readonly rows?: readonly number[];
}

/** Bytes of enlarged maps that are held at a time. */
const mostBytes = 2 ** 27;

const activationOptions: OptionChecks<ActivationOptions> = {
  memory: aNumber,
  signal: aSignal,
  progress: aFunction,
  size: aSize,
  rows: numbersInOrder,
};

/**
 * Maps of where a classifier looked (`activationMaps`), image by image, with running statistics and without augmentation. Where classes
 * stand below others, a class whose logit is that of one below it has that one's map.
 *
 * @param image told of each image, in order; the next one waits for its promise
 * @throws the signal's reason when it ended the work; DataError when a file of the cache was changed meanwhile
 */
export async function predictActivations(
  engine: Engine,
  classifier: Classifier,
  set: ImageSet,
  normalisation: Normalisation,
  batchSize: number,
  image: (row: number, activations: ImageActivations) => void | Promise<void>,
  options: ActivationOptions = {},
): Promise<MapKind> {
  const what = "predictActivations";
  expectPass(what, engine, classifier, set, normalisation, batchSize);
  expectArgument(what, "what is told of each image", image, aFunction);
  expectOptions(what, options, activationOptions);
  const { size = [set.height, set.width], rows = Array.from({ length: set.count }, (_, row) => row) } =
    options;
  const classes = classifier.head.classes;
  const each = activationBatch(batchSize, size, classes);
  const pixelsEach = set.height * set.width * set.channels;
  let [height, width] = [0, 0];
  const told = (maps: Tensor): void => void ([, height, width] = maps.shape);
  using pass = new RecordedPass(engine, set, activationPass(classifier, normalisation, size, told));
  for await (const batch of imageBatches(engine, [set], chunksOf(rows, each), each, options)) {
    const [maps, logits, enlarged] = (await pass.of(batch.count, batch.pixels)) as Float32Array[];
    for (let i = 0; i < batch.count; i++) {
      // The CPU computes in 64 bits.
      const plain = Float32Array.from(logits.subarray(i * classes, (i + 1) * classes));
      const from = raised(plain, classifier.parents);
      const planesOf = (values: Float32Array, places: number): Float32Array[] =>
        from.map((k) => plane(values, i * places * classes, places, classes, k));
      await image(rows[batch.first + i], {
        ...{ height, width, logits: tempered(plain, classifier.temperature) },
        pixels: batch.pixels.subarray(i * pixelsEach, (i + 1) * pixelsEach),
        maps: planesOf(maps, height * width),
        enlarged: planesOf(enlarged, size[0] * size[1]),
      });
    }
  }
  return mapKindOf(classifier.head);
}

/** Images of a batch: so many that their enlarged maps are not more than 128 MiB. */
export const activationBatch = (batch: number, size: readonly [number, number], classes: number): number =>
  Math.max(1, Math.min(batch, Math.floor(mostBytes / (4 * size[0] * size[1] * classes))));

/** Maps, logits and enlarged maps of a batch. @param told of the maps, when it is recorded */
export const activationPass =
  (
    classifier: Classifier,
    normalisation: Normalisation,
    size: readonly [height: number, width: number],
    told: (maps: Tensor) => void = () => undefined,
  ): BatchStep =>
  (images) => {
    const { maps, logits } = activationMaps(classifier, normaliseImages(images, normalisation));
    told(maps);
    return [maps, logits, resize2d(maps, size, { method: "bilinear" })];
  };

const chunksOf = (rows: readonly number[], each: number): Uint32Array[] =>
  Array.from({ length: Math.ceil(rows.length / each) }, (_, i) =>
    Uint32Array.from(rows.slice(i * each, (i + 1) * each)),
  );

/**
 * Raises the logits of one image so that no class is less likely than one below it, as `raiseAboveChildren` does.
 * @param logits [K], changed in place
 * @returns by class, the class whose logit it has
 */
function raised(logits: Float32Array, parents: Parents | undefined): number[] {
  const from = [...logits.keys()];
  for (const k of childrenFirst(parents ?? [])) {
    const above = parents?.[k] ?? -1;
    if (above < 0 || !(logits[k] > logits[above])) continue;
    logits[above] = logits[k];
    from[above] = from[k];
  }
  return from;
}

/** Of values [places, K] from `begin` on, those of one class. */
const plane = (
  values: Float32Array,
  begin: number,
  places: number,
  classes: number,
  k: number,
): Float32Array => Float32Array.from({ length: places }, (_, at) => values[begin + at * classes + k]);
