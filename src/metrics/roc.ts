// The ROC curve and what is read off it: sensitivity at a specificity, and the reverse.
import { described, expectFields, numbersInOrder, required, type OptionChecks } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { scoreLevels } from "./score-levels.ts";

/** Points of a ROC curve in order of falling threshold, from (0, 0) to (1, 1). An entry at the threshold is called positive. */
export interface RocCurve {
  /** [L + 1]; the first is Infinity and stands for a threshold over every score */
  readonly thresholds: Float64Array;
  /** [L + 1] sensitivity: share of the positives that are called positive */
  readonly truePositiveRates: Float64Array;
  /** [L + 1] 1 - specificity: share of the negatives that are called positive */
  readonly falsePositiveRates: Float64Array;
}

/** One threshold and what it achieves. */
export interface OperatingPoint {
  /** Scores at or over it are called positive; Infinity calls none. */
  readonly threshold: number;
  readonly sensitivity: number;
  readonly specificity: number;
}

/**
 * The ROC curve, one point a distinct score. Joined by straight lines, the area under it is `auc`.
 *
 * @param scores [N]; any order-preserving score
 * @param labels [N] label states; absent and soft ones are ignored
 * @returns null when the labelled entries are not of both kinds
 * @throws as `auc`
 */
export function rocCurve(scores: ArrayLike<number>, labels: ArrayLike<number>): RocCurve | null {
  return curveOf(scores, labels, "rocCurve");
}

const curveFields: OptionChecks<RocCurve> = {
  thresholds: required(numbersInOrder),
  truePositiveRates: required(numbersInOrder),
  falsePositiveRates: required(numbersInOrder),
};

/** The same curve without the points that lie on a straight line between their neighbours: what a figure needs. */
export function rocCorners(curve: RocCurve): RocCurve {
  expectFields("rocCorners", curve, curveFields);
  const { thresholds, truePositiveRates: y, falsePositiveRates: x } = curve;
  const kept = [0];
  for (let i = 1; i + 1 < x.length; i++) {
    const from = kept[kept.length - 1];
    // Twice the area of the triangle from, i, i + 1. Rates are quotients of counts: at a true corner it is a multiple of
    // 1 / (P N), and what rounding makes of 0 is under 1e-15.
    const area = (x[i] - x[from]) * (y[i + 1] - y[from]) - (x[i + 1] - x[from]) * (y[i] - y[from]);
    if (Math.abs(area) > 1e-15) kept.push(i);
  }
  kept.push(x.length - 1);
  const keep = (values: Float64Array): Float64Array => Float64Array.from(kept, (i) => values[i]);
  return { thresholds: keep(thresholds), truePositiveRates: keep(y), falsePositiveRates: keep(x) };
}

/**
 * The highest sensitivity at a specificity of at least `specificity`.
 *
 * Only thresholds that the scores can realise count: tied scores are called positive together or not at all, and nothing
 * is interpolated, so that the specificity achieved may be more than was asked for. Of thresholds with that sensitivity
 * the most specific one is given. There always is one: calling nothing positive has specificity 1.
 *
 * @param specificity in [0, 1]
 * @returns null when the labelled entries are not of both kinds
 * @throws UsageError for a specificity outside [0, 1]; otherwise as `auc`
 */
export function sensitivityAtSpecificity(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  specificity: number,
): OperatingPoint | null {
  checkRate("sensitivityAtSpecificity", specificity);
  const points = operatingPoints(scores, labels, "sensitivityAtSpecificity");
  // Sensitivity rises along the curve: the first of the highest is the most specific.
  return best(points, "sensitivity", (point) => point.specificity >= specificity - slack);
}

/**
 * The highest specificity at a sensitivity of at least `sensitivity`; conventions, result and errors as for
 * `sensitivityAtSpecificity`, the two kinds exchanged.
 */
export function specificityAtSensitivity(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  sensitivity: number,
): OperatingPoint | null {
  checkRate("specificityAtSensitivity", sensitivity);
  const points = operatingPoints(scores, labels, "specificityAtSensitivity")?.reverse() ?? null;
  return best(points, "specificity", (point) => point.sensitivity >= sensitivity - slack);
}

/** 1 - 0.7 is not 0.3: rates that a caller computed are met up to rounding, far under one entry in a billion. */
const slack = 1e-12;

/** The first of the points with the highest rate among those that qualify. */
function best(
  points: readonly OperatingPoint[] | null,
  rate: "sensitivity" | "specificity",
  qualifies: (point: OperatingPoint) => boolean,
): OperatingPoint | null {
  return (
    points?.filter(qualifies).reduce((highest, point) => (point[rate] > highest[rate] ? point : highest)) ??
    null
  );
}

function operatingPoints(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  what: string,
): OperatingPoint[] | null {
  const curve = curveOf(scores, labels, what);
  if (curve === null) return null;
  return Array.from(curve.thresholds, (threshold, i) => ({
    threshold,
    sensitivity: curve.truePositiveRates[i],
    specificity: 1 - curve.falsePositiveRates[i],
  }));
}

function curveOf(scores: ArrayLike<number>, labels: ArrayLike<number>, what: string): RocCurve | null {
  const levels = scoreLevels(scores, labels, what);
  const { positiveCount, negativeCount } = levels;
  if (positiveCount === 0 || negativeCount === 0) return null;
  const count = levels.scores.length;
  const thresholds = new Float64Array(count + 1);
  const truePositiveRates = new Float64Array(count + 1);
  const falsePositiveRates = new Float64Array(count + 1);
  thresholds[0] = Infinity;
  let truePositives = 0;
  let falsePositives = 0;
  for (let point = 1; point <= count; point++) {
    const level = count - point;
    truePositives += levels.positives[level];
    falsePositives += levels.negatives[level];
    thresholds[point] = levels.scores[level];
    truePositiveRates[point] = truePositives / positiveCount;
    falsePositiveRates[point] = falsePositives / negativeCount;
  }
  return { thresholds, truePositiveRates, falsePositiveRates };
}

function checkRate(what: string, rate: number): void {
  if (typeof rate === "number" && rate >= 0 && rate <= 1) return;
  throw new UsageError(`${what}: a rate is from 0 to 1, not ${described(rate)}`);
}
