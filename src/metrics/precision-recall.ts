// The precision-recall curve: what `averagePrecision` is the area of, as a step function.
import { scoreLevels } from "./score-levels.ts";

/**
 * Points of a precision-recall curve in order of falling threshold, so that recall never falls. An entry at the threshold is
 * called positive.
 */
export interface PrecisionRecallCurve {
  /** [L + 1]; the first is Infinity and stands for a threshold over every score */
  readonly thresholds: Float64Array;
  /** [L + 1] share of the entries called positive that are; 1 at the first point, which calls none */
  readonly precisions: Float64Array;
  /** [L + 1] share of the positives that are called positive, from 0 to 1 */
  readonly recalls: Float64Array;
}

/**
 * The precision-recall curve, one point a distinct score. Its points are those of scikit-learn's precision_recall_curve, which
 * lists them the other way round. The sum of (R_n - R_(n-1)) P_n is `averagePrecision`; straight lines between the points
 * would promise more than any threshold achieves (Davis and Goadrich, 2006).
 *
 * @param scores [N]; any order-preserving score
 * @param labels [N] label states; absent and soft ones are ignored
 * @returns null when the labelled entries are not of both kinds
 * @throws as `auc`
 */
export function precisionRecallCurve(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
): PrecisionRecallCurve | null {
  const levels = scoreLevels(scores, labels, "precisionRecallCurve");
  const { positiveCount, negativeCount } = levels;
  if (positiveCount === 0 || negativeCount === 0) return null;
  const count = levels.scores.length;
  const thresholds = new Float64Array(count + 1);
  const precisions = new Float64Array(count + 1);
  const recalls = new Float64Array(count + 1);
  thresholds[0] = Infinity;
  precisions[0] = 1;
  let truePositives = 0;
  let called = 0; // entries at or over the threshold
  for (let point = 1; point <= count; point++) {
    const level = count - point;
    truePositives += levels.positives[level];
    called += levels.positives[level] + levels.negatives[level];
    thresholds[point] = levels.scores[level];
    precisions[point] = truePositives / called;
    recalls[point] = truePositives / positiveCount;
  }
  return { thresholds, precisions, recalls };
}
