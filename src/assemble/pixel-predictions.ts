// Predictions of a segmenter over a set of images: the score of each class for each image, and how well pixels overlap the
// outlined ones. Of the pixels themselves only one batch is held at a time.

import {
  aFlag,
  aFunction,
  aList,
  aNumber,
  anything,
  aRecord,
  aSignal,
  bytes,
  expectArgument,
  expectFields,
  expectOptions,
  madeWith,
  oneOf,
  required,
  wholeFrom,
  type OptionChecks,
} from "../errors/arguments.ts";
import { anImageSet, type ImageSet } from "../data/assembly/assembly.ts";
import { inOrder } from "../data/assembly/image-reader.ts";
import { seenBox } from "../data/images/fit.ts";
import { fits, type Fit } from "../data/images/image.ts";
import { DataError } from "../errors/data-errors.ts";
import { UsageError } from "../errors/errors.ts";
import { exclusiveGroups, ignored, type ExclusiveGroups } from "../labels/label-map.ts";
import { absent } from "../labels/states.ts";
import { noOverlaps, type Overlaps } from "../metrics/overlap.ts";
import type { Engine } from "../runtime/engine.ts";
import { expectEngine } from "../runtime/engine-of.ts";
import { inferencePass, normalisationFields, type EvaluationOptions } from "./evaluation.ts";
import { imageBatches } from "./image-batches.ts";
import { PixelDecisions, pixelsScored } from "./pixel-decisions.ts";
import { RecordedPass } from "./recorded-pass.ts";
import type { Segmenter } from "./segmenter.ts";
import type { Normalisation } from "./views.ts";
import type { MapSize } from "./whole-maps.ts";

/** How a segmenter's logits are made and read; the settings of a training have all of it. */
export interface PixelSettings {
  readonly normalisation: Normalisation;
  /** Images of a batch, of which fewer are taken where their logits would be more than 128 MiB. */
  readonly batch: number;
  /** Classes of which a pixel has at most one; default: none. */
  readonly exclusive?: ExclusiveGroups | undefined;
  /** Whether each pixel is of one of the classes; default: it may be of none. */
  readonly exhaustive?: boolean | undefined;
  /**
   * [256] The segmenter's number of each class of the set's label maps, where its list of classes is another; the background of
   * classes that it does not know. The set's states are of the segmenter's classes.
   */
  readonly numbers?: Uint8Array | undefined;
}

export interface PixelOptions extends EvaluationOptions {
  /** The size of each image before it was brought to the set's, upright; default: the set's size. */
  readonly sizes?: readonly MapSize[] | undefined;
  /** How the images were brought to the set's size: what lies beside a padded one has no say in scores. Default: stretch. */
  readonly fit?: Fit | undefined;
  /**
   * Told of each image, in order. Both arrays are written over by the next one, which waits for the promise.
   *
   * @param map [H, W] the class that each pixel is of, the likeliest of several, or 254 for the background
   * @param probabilities [H, W, K]
   */
  readonly image?: (index: number, map: Uint8Array, probabilities: Float32Array) => void | Promise<void>;
}

export interface PixelPredictions {
  /**
   * [N, K] The score of each class for the image as a whole, as a logit: of the mean of its m largest probabilities, m = 20
   * pixels, or as many as make 1 ml where the set knows how large they are. Pixels beside a padded image and ignored ones have no
   * say in it; of an image without labelled pixels, all that are in the image have.
   */
  readonly logits: Float32Array;
  /** Undefined for a set without label maps. */
  readonly overlaps: Overlaps | undefined;
  /**
   * [N, K] 1 where one of the m pixels that the score is of lies in the outline of the class, 0 where none does, 255 where no pixel
   * of the image is given as the class; undefined as the overlaps.
   */
  readonly located: Uint8Array | undefined;
}

/** Bytes of logits that are held at a time. */
const mostLogits = 2 ** 27;

/** Images of a batch whose pixels are predicted: so many that their logits are not more than 128 MiB. */
export const pixelBatch = (
  batch: number,
  { height, width }: { readonly height: number; readonly width: number },
  outputs: number,
): number => Math.max(1, Math.min(batch, Math.floor(mostLogits / (4 * height * width * outputs))));

export const aSegmenter = madeWith("a segmenter", ["head", "features", "classes"]);
const settingsFields: OptionChecks<PixelSettings> = {
  normalisation: required(anything),
  batch: required(wholeFrom(1)),
  exclusive: exclusiveGroups,
  exhaustive: aFlag,
  numbers: bytes,
};
const pixelOptions: OptionChecks<PixelOptions> = {
  memory: aNumber,
  signal: aSignal,
  progress: aFunction,
  image: aFunction,
  sizes: aList,
  fit: oneOf(fits),
};

/**
 * Predicts the pixels of a set in batches, with running statistics and without augmentation. A pixel is of each class whose
 * probability is above one half, and of classes that exclude each other only of the likeliest; of a segmenter with an output for
 * the background, it is of the likeliest class or of the background. Where the classes are exhaustive it is of the likeliest class.
 *
 * @throws the signal's reason when it ended the work; DataError when a file of the cache was changed meanwhile, or for an image
 * without labelled pixels whose states are not all absent; UsageError where there is not a size for each image
 */
export async function predictPixels(
  engine: Engine,
  segmenter: Segmenter,
  set: ImageSet,
  settings: PixelSettings,
  options: PixelOptions = {},
): Promise<PixelPredictions> {
  const what = "predictPixels";
  expectArgument(what, "the settings", settings, aRecord);
  const { normalisation, batch, exclusive = [], exhaustive, numbers } = settings;
  expectEngine(what, engine);
  expectArgument(what, "the segmenter", segmenter, aSegmenter);
  expectArgument(what, "the images", set, anImageSet);
  expectFields(what, { normalisation, batch, exclusive, exhaustive, numbers }, settingsFields);
  expectFields(what, normalisation, normalisationFields);
  expectOptions(what, options, pixelOptions);
  const { sizes, fit } = options;
  if (sizes !== undefined && sizes.length !== set.count) {
    throw new UsageError(`${what}: ${sizes.length} sizes are not those of ${set.count} images`);
  }
  const { classes } = segmenter;
  const outputs = segmenter.head.classes;
  const pixels = set.height * set.width;
  const each = pixelBatch(batch, set, outputs);
  const decisions = new PixelDecisions(pixels, classes, {
    ...{ exclusive, exhaustive },
    softmax: outputs > classes,
  });
  const predictions = {
    logits: new Float32Array(set.count * classes),
    overlaps: set.maps === undefined ? undefined : noOverlaps(set.count, classes),
    located: set.maps === undefined ? undefined : new Uint8Array(set.count * classes),
  };
  const orders = [...inOrder(set.count, each)];
  using pass = new RecordedPass(engine, set, inferencePass(segmenter, normalisation));
  for await (const batched of imageBatches(engine, [set], orders, each, options)) {
    const { pixels: bytes, maps, count, first } = batched;
    const [read] = await pass.of(count, bytes);
    const logits = read as Float32Array;
    for (let i = 0; i < count; i++) {
      const own = logits.subarray(i * pixels * outputs, (i + 1) * pixels * outputs);
      const map = maps?.subarray(i * pixels, (i + 1) * pixels);
      const given = numbers === undefined ? map : map?.map((number) => numbers[number]);
      decisions.decide(own);
      const among = scoredPixels(set, first + i, { size: sizes?.[first + i], fit, given });
      fill(predictions, set, first + i, { classes, decisions, logits: own, given, among });
      await options.image?.(first + i, decisions.map, decisions.probabilities);
    }
  }
  return predictions;
}

/**
 * The pixels that have a say in an image's scores: those of the image, and among them the labelled ones where there are any. Nothing
 * was taught of the others, and nobody can say whether a detection there is right.
 */
function scoredPixels(
  { source, height, width, states, count }: ImageSet,
  image: number,
  {
    size,
    fit,
    given,
  }: {
    readonly size: MapSize | undefined;
    readonly fit: Fit | undefined;
    readonly given: Uint8Array | undefined;
  },
): Uint32Array {
  const { top, left, ...box } = seenBox(size ?? { height, width }, {
    height,
    width,
    fit: fit ?? "stretch",
    channels: 1,
  }).to;
  const seen = Uint32Array.from(
    { length: box.height * box.width },
    (_, at) => (top + Math.floor(at / box.width)) * width + left + (at % box.width),
  );
  const labelled = given === undefined ? seen : seen.filter((pixel) => given[pixel] !== ignored);
  if (labelled.length > 0) return labelled;
  const classes = states.length / count;
  if (states.subarray(image * classes, (image + 1) * classes).some((state) => state !== absent)) {
    throw new DataError(
      source,
      "has a label map without a labelled pixel, and states that are known: they must be absent",
      {
        record: image,
      },
    );
  }
  return seen;
}

/** What is known of one image. */
interface DecidedImage {
  readonly classes: number;
  readonly decisions: PixelDecisions;
  readonly logits: Float32Array;
  readonly given: Uint8Array | undefined;
  /** The pixels that have a say. */
  readonly among: Uint32Array;
}

/** Scores and counts of one image. */
function fill(
  { logits: scores, overlaps, located }: PixelPredictions,
  { states, voxelVolumes }: ImageSet,
  image: number,
  { classes, decisions, logits, given, among }: DecidedImage,
): void {
  const most = pixelsScored(voxelVolumes?.[image] ?? 0);
  for (let k = 0; k < classes; k++) {
    const at = image * classes + k;
    const score = decisions.score(logits, k, most, among);
    scores[at] = score.logit;
    let [area, shown, both] = [0, 0, 0];
    for (const pixel of among) {
      const isChosen = decisions.chosen[pixel * classes + k];
      area += isChosen;
      if (given?.[pixel] !== k) continue;
      shown++;
      both += isChosen;
    }
    if (located !== undefined) {
      const isInside = score.pixels.some((pixel) => given?.[pixel] === k);
      located[at] = shown === 0 ? absent : Number(isInside);
    }
    // A class that the image's source does not outline has no known pixels.
    if (overlaps === undefined || states[at] === absent) continue;
    overlaps.predicted[at] = area;
    overlaps.given[at] = shown;
    overlaps.both[at] = both;
  }
}
