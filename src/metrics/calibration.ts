// Whether probabilities mean what they say: the Brier score, reliability points, and the expected calibration error.
import { described } from "../errors/arguments.ts";
import { TesseraError, UsageError } from "../errors/errors.ts";
import { scoreLevels } from "./score-levels.ts";
import type { ScoreLevels } from "./score-levels.ts";

/** One bin of a reliability diagram. */
export interface ReliabilityPoint {
  /** Labelled entries in the bin, at least 1. */
  readonly count: number;
  /** Their mean probability. */
  readonly predicted: number;
  /** The share of them that is positive. */
  readonly observed: number;
}

/**
 * Brier score: the mean of (p - y)^2 over labelled entries (Brier, 1950). 0 is perfect, a constant 1/2 has 1/4.
 *
 * @param probabilities [N] in [0, 1]
 * @param labels [N] label states; absent and soft ones are ignored
 * @returns null when no entry is labelled
 * @throws ShapeError when the lengths differ
 * @throws TesseraError for a probability of a labelled entry outside [0, 1] or NaN, or a label that is no label state
 */
export function brierScore(probabilities: ArrayLike<number>, labels: ArrayLike<number>): number | null {
  const { scores, positives, negatives, positiveCount, negativeCount } = probabilityLevels(
    probabilities,
    labels,
    "brierScore",
  );
  const count = positiveCount + negativeCount;
  if (count === 0) return null;
  const sum = scores.reduce((sum, p, i) => sum + positives[i] * (1 - p) ** 2 + negatives[i] * p ** 2, 0);
  return sum / count;
}

/** The number of bins everywhere in Tessera: errors over different numbers of bins cannot be compared. */
export const calibrationBins = 15;

/**
 * Points of a reliability diagram, over bins of equal mass: each holds about N / bins entries, whatever their
 * probabilities, so that no point rests on a handful of images. Equal probabilities share a bin, the one their mid-rank
 * falls into; bins are therefore uneven, or fewer, where there are ties or fewer entries than bins.
 *
 * @param probabilities [N] in [0, 1]
 * @param labels [N] label states; absent and soft ones are ignored
 * @param bins how many at most
 * @returns points in order of their probability; none when no entry is labelled
 * @throws UsageError when `bins` is not a whole number from 1; otherwise as `brierScore`
 */
export function reliabilityPoints(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  bins = calibrationBins,
): ReliabilityPoint[] {
  return pointsOf(probabilities, labels, bins, "reliabilityPoints");
}

/**
 * Expected calibration error: the mean of |observed - predicted| over the reliability points, weighted by their counts
 * (Naeini, Cooper and Hauskrecht, 2015, with bins of equal mass as Nguyen and O'Connor, 2015). It depends on the number of
 * bins, and is above 0 even for a calibrated model on few images: compare only equal bins and equal images.
 *
 * Parameters and errors as for `reliabilityPoints`.
 *
 * @returns a number in [0, 1], or null when no entry is labelled
 */
export function expectedCalibrationError(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  bins = calibrationBins,
): number | null {
  const points = pointsOf(probabilities, labels, bins, "expectedCalibrationError");
  if (points.length === 0) return null;
  let sum = 0;
  let total = 0;
  for (const { count, predicted, observed } of points) {
    sum += count * Math.abs(observed - predicted);
    total += count;
  }
  return sum / total;
}

function pointsOf(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  bins: number,
  what: string,
): ReliabilityPoint[] {
  if (!Number.isInteger(bins) || bins < 1) {
    throw new UsageError(`${what}: the number of bins is a whole number from 1, not ${described(bins)}`);
  }
  const levels = probabilityLevels(probabilities, labels, what);
  const total = levels.positiveCount + levels.negativeCount;
  const points: ReliabilityPoint[] = [];
  let bin = -1;
  let [count, positives, sum] = [0, 0, 0];
  const close = (): void => {
    if (count > 0) points.push({ count, predicted: sum / count, observed: positives / count });
    [count, positives, sum] = [0, 0, 0];
  };
  let below = 0;
  for (const [level, probability] of levels.scores.entries()) {
    const here = levels.positives[level] + levels.negatives[level];
    const binHere = Math.floor((bins * (below + here / 2)) / total);
    if (binHere !== bin) close();
    bin = binHere;
    count += here;
    positives += levels.positives[level];
    sum += here * probability;
    below += here;
  }
  close();
  return points;
}

function probabilityLevels(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  what: string,
): ScoreLevels {
  const levels = scoreLevels(probabilities, labels, what);
  for (const end of [levels.scores.at(0), levels.scores.at(-1)]) {
    if (end !== undefined && !(end >= 0 && end <= 1)) {
      throw new TesseraError(
        `${what}: ${end} is no probability; logits must go through the sigmoid function first`,
      );
    }
  }
  return levels;
}
