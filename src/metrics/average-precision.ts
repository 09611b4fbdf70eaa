// Average precision: the area under the precision-recall curve as a step function, without interpolation.
import { byClass, scoreLevels } from "./score-levels.ts";

/**
 * Average precision: the sum over thresholds of precision times the recall gained there, AP = sum (R_n - R_(n-1)) P_n.
 *
 * Tied scores are one threshold, so that the order of rows cannot matter. This is the definition of scikit-learn's
 * average_precision_score; the trapezoidal area under the same curve is more, and too optimistic (Davis and Goadrich,
 * "The relationship between precision-recall and ROC curves", 2006). A score that says nothing has the share of
 * positives as its value, not one half.
 *
 * @param scores [N]; any order-preserving score
 * @param labels [N] label states; absent and soft ones are ignored
 * @returns a number in (0, 1], or null when the labelled entries are not of both kinds
 * @throws as `auc`
 */
export function averagePrecision(scores: ArrayLike<number>, labels: ArrayLike<number>): number | null {
  return sumOfSteps(scores, labels, "averagePrecision");
}

/** One average precision a class; parameters, order of names and errors as for `aucByClass`. */
export function averagePrecisionByClass(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  classNames: readonly string[],
): Record<string, number | null> {
  return byClass(scores, labels, classNames, "averagePrecision", sumOfSteps);
}

function sumOfSteps(scores: ArrayLike<number>, labels: ArrayLike<number>, what: string): number | null {
  const { positives, negatives, positiveCount, negativeCount } = scoreLevels(scores, labels, what);
  if (positiveCount === 0 || negativeCount === 0) return null;
  let truePositives = 0;
  let called = 0; // entries at or over the threshold
  let sum = 0;
  for (let level = positives.length - 1; level >= 0; level--) {
    truePositives += positives[level];
    called += positives[level] + negatives[level];
    sum += positives[level] * (truePositives / called);
  }
  return sum / positiveCount;
}
