// How well maps of where a classifier looked agree with where things are: the pointing game, and intersection over union. A file of its
// own, since stdlib's beta distribution takes half a second to load.

import {
  aList,
  aNumber,
  anything,
  expectArgument,
  expectFields,
  required,
  type OptionChecks,
} from "../errors/arguments.ts";
import type { Interval } from "../statistics/interval.ts";
import { exactInterval } from "../statistics/proportions.ts";
import type { LocatedRegion } from "./map-regions.ts";

/** The pointing game of one class over its images. */
export interface PointingGame {
  /** Images with a region of the class. */
  readonly images: number;
  /** Those whose map is largest in the region. */
  readonly hits: number;
  readonly rate: number;
  /** Clopper and Pearson's, with images as if they were independent. */
  readonly interval: Interval;
  /** How often a random point would hit: the mean share of the regions. */
  readonly chance: number;
  /** The probability that random points would hit as often or more often. */
  readonly p: number;
  /** How often the middle of the image would hit. */
  readonly middle: number;
  /** The mean of the images' intersections over unions. */
  readonly iou: number;
}

const regionFields: OptionChecks<LocatedRegion> = {
  hit: required(anything),
  middle: required(anything),
  share: required(aNumber),
  iou: required(aNumber),
};

/**
 * The pointing game (Zhang et al., "Top-down neural attention by excitation backprop", IJCV 2018): in how many images the map's maximum
 * lies in the region. Their tolerance of 15 pixels is not taken, and their baseline, the middle of the image, is told beside chance.
 *
 * @param found one for each image with a region; none gives null
 * @param level of confidence, .95 unless said otherwise
 */
export function pointingGame(found: readonly LocatedRegion[], level = 0.95): PointingGame | null {
  const what = "pointingGame";
  expectArgument(what, "what was found", found, aList);
  for (const each of found) expectFields(what, each, regionFields);
  const images = found.length;
  if (images === 0) return null;
  const hits = found.filter(({ hit }) => hit).length;
  const meanOf = (of: (each: LocatedRegion) => number): number =>
    found.reduce((sum, each) => sum + of(each), 0) / images;
  return {
    ...{ images, hits, rate: hits / images, interval: exactInterval(hits, images, level) },
    chance: meanOf(({ share }) => share),
    p: atLeast(
      hits,
      found.map(({ share }) => share),
    ),
    middle: meanOf(({ middle }) => Number(middle)),
    iou: meanOf(({ iou }) => iou),
  };
}

/** The probability of so many successes or more in independent trials with these probabilities (Poisson's binomial distribution). */
function atLeast(successes: number, probabilities: readonly number[]): number {
  // By number of successes so far; the last entry has `successes` and more.
  const of = new Float64Array(successes + 1);
  of[0] = 1;
  for (const p of probabilities) {
    of[successes] += successes === 0 ? 0 : p * of[successes - 1];
    for (let count = successes - 1; count > 0; count--) of[count] = of[count] * (1 - p) + of[count - 1] * p;
    if (successes > 0) of[0] *= 1 - p;
  }
  return Math.min(1, of[successes]);
}
