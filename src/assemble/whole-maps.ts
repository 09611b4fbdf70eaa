// Label maps at the size of their images: from the probabilities of a network's pixels back through the way in which the image was
// brought to the network's size, and together with what is given.

import { seenBox } from "../data/images/fit.ts";
import { fits, type Fit } from "../data/images/image.ts";
import {
  aFlag,
  bytes,
  expectArgument,
  expectFields,
  expectOptions,
  listOf,
  madeWith,
  oneOf,
  required,
  wholeFrom,
  type OptionChecks,
} from "../errors/arguments.ts";
import { ShapeError } from "../errors/errors.ts";
import { background, ignored } from "../labels/label-map.ts";

export interface MapSize {
  readonly height: number;
  readonly width: number;
}

/** The size at which a network saw an image, and how the image was brought to it. */
export interface NetworkSize extends MapSize {
  readonly fit?: Fit | undefined;
}

export interface WholeMapChoice {
  /** Whether the probabilities of the classes and the background add up to 1: then the likeliest of all is decided for. */
  readonly softmax: boolean;
  /** Whether each pixel is of one of the candidates, however unlikely: then the likeliest is decided for. Default: it may be of none. */
  readonly exhaustive?: boolean | undefined;
  /** By class: whether a pixel may be said to be of it. Default: of every class. */
  readonly candidates?: readonly boolean[] | undefined;
}

const floats = madeWith("a Float32Array", ["BYTES_PER_ELEMENT", "subarray"]);
const mapSize: OptionChecks<MapSize> = { height: required(wholeFrom(1)), width: required(wholeFrom(1)) };
const networkSize: OptionChecks<NetworkSize> = { ...mapSize, fit: oneOf(fits) };
const wholeMapChoice: OptionChecks<WholeMapChoice> = {
  softmax: required(aFlag),
  exhaustive: aFlag,
  candidates: listOf("true and false", aFlag),
};

/**
 * A label map at an image's own size. The probabilities are interpolated bilinearly between the middles of the network's pixels
 * (half-pixel centres), and only then it is decided: for the likeliest class whose probability is above one half, or of a softmax
 * for the likeliest of classes and background, or where classes are exhaustive for the likeliest. So edges are as smooth as the network sees them, and at the network's own size the
 * map is that of `predictPixels`.
 *
 * @param probabilities [size.height, size.width, K]
 * @param image the image's own size
 * @returns [image.height, image.width]: classes, background, and ignored where the network saw nothing, as `fit: crop` cuts edges off
 * @throws ShapeError when there are not K probabilities for each pixel of the size
 */
export function wholeMap(
  probabilities: Float32Array,
  size: NetworkSize,
  image: MapSize,
  choice: WholeMapChoice,
): Uint8Array<ArrayBuffer> {
  expectArgument("wholeMap", "the probabilities", probabilities, floats);
  expectFields("wholeMap", size, networkSize);
  expectFields("wholeMap", image, mapSize);
  expectOptions("wholeMap", choice, wholeMapChoice);
  const { softmax, exhaustive = false, candidates } = choice;
  const classes = probabilities.length / (size.height * size.width);
  if (!Number.isInteger(classes) || classes < 1) {
    throw new ShapeError(
      `wholeMap: ${probabilities.length} probabilities are not those of ${size.height} x ${size.width} pixels`,
    );
  }
  const { from, to } = seenBox(image, { ...size, fit: size.fit ?? "stretch", channels: 1 });
  const map = new Uint8Array(image.height * image.width).fill(ignored);
  const columns = Array.from({ length: from.width }, (_, x) => between(x, from.width, to.width));
  const row = new Float64Array(to.width * classes);
  const pixel = new Float64Array(classes);
  const allowed = Array.from({ length: classes }, (_, k) => candidates?.[k] ?? true);
  for (let y = 0; y < from.height; y++) {
    const { first, second, share } = between(y, from.height, to.height);
    const [upper, lower] = [first, second].map((line) => ((to.top + line) * size.width + to.left) * classes);
    for (let at = 0; at < row.length; at++) {
      row[at] = (1 - share) * probabilities[upper + at] + share * probabilities[lower + at];
    }
    const start = (from.top + y) * image.width + from.left;
    for (let x = 0; x < from.width; x++) {
      const { first: left, second: right, share: weight } = columns[x];
      for (let k = 0; k < classes; k++) {
        pixel[k] = (1 - weight) * row[left * classes + k] + weight * row[right * classes + k];
      }
      map[start + x] = decided(pixel, exhaustive ? -1 : softmax ? backgroundOf(pixel) : 0.5, allowed);
    }
  }
  return map;
}

/** The two pixels of a row of `other` that a pixel of a row of `length` lies between, and how far it is to the second one. */
function between(
  at: number,
  length: number,
  other: number,
): { readonly first: number; readonly second: number; readonly share: number } {
  const middle = Math.min(other - 1, Math.max(0, ((at + 0.5) * other) / length - 0.5));
  const first = Math.floor(middle);
  return { first, second: Math.min(other - 1, first + 1), share: middle - first };
}

/** What a softmax leaves for the background. */
function backgroundOf(pixel: Float64Array): number {
  let rest = 1;
  for (const probability of pixel) rest -= probability;
  return rest;
}

/** The likeliest class among the allowed ones, if it is likelier than `atLeast`. */
function decided(pixel: Float64Array, atLeast: number, allowed: readonly boolean[]): number {
  let likeliest = background;
  let most = atLeast;
  for (let k = 0; k < pixel.length; k++) {
    if (!allowed[k] || !(pixel[k] > most)) continue;
    likeliest = k;
    most = pixel[k];
  }
  return likeliest;
}

/** What the pixels of a completed map are: nothing, given, predicted, or predicted where the source says to ignore them. */
export const pixelOrigins = { nothing: 0, given: 1, predicted: 2, predictedIgnored: 3 } as const;

export interface CompletedMap {
  /** [pixels] */
  readonly map: Uint8Array<ArrayBuffer>;
  /** [pixels] `pixelOrigins` */
  readonly origins: Uint8Array<ArrayBuffer>;
}

/**
 * A given label map without its gaps. A given class stays. On background, which is none of the classes that the source outlines, a
 * class that it does not outline may be predicted; what is left background is given only where the source outlines every class. A
 * pixel that the source ignores gets the prediction among all classes.
 *
 * @param given [pixels]
 * @param predicted [pixels] among all classes
 * @param predictedUnknown [pixels] among the classes that the source does not outline
 * @param knowsAll whether the source outlines every class
 * @throws ShapeError for maps of different sizes
 */
export function completedMap(
  given: Uint8Array,
  predicted: Uint8Array,
  predictedUnknown: Uint8Array,
  knowsAll: boolean,
): CompletedMap {
  for (const [name, map] of [
    ["the given map", given],
    ["the predicted map", predicted],
    ["the map among unknown classes", predictedUnknown],
  ] as const) {
    expectArgument("completedMap", name, map, bytes);
    if (map.length === given.length) continue;
    throw new ShapeError(`completedMap: ${name} has ${map.length} pixels, and the given one ${given.length}`);
  }
  expectArgument("completedMap", "whether all is known", knowsAll, aFlag);
  const map = new Uint8Array(given);
  const origins = new Uint8Array(given.length).fill(pixelOrigins.given);
  for (const [at, label] of given.entries()) {
    if (label === ignored) {
      map[at] = predicted[at];
      origins[at] = predicted[at] === ignored ? pixelOrigins.nothing : pixelOrigins.predictedIgnored;
    } else if (label === background && !knowsAll) {
      // What the network did not see may be one of the unknown classes: nobody knows.
      map[at] = predictedUnknown[at];
      origins[at] = predictedUnknown[at] === ignored ? pixelOrigins.nothing : pixelOrigins.predicted;
    }
  }
  return { map, origins };
}
