// Area under the ROC curve over labelled entries only; undefined is null, because a 0 would poison the mean.
import { ShapeError, TesseraError } from "../device/errors.ts";
import { absent, negative, positive } from "./label-states.ts";

/**
 * Area under the ROC curve: the probability that a positive scores above a negative, ties counting one half.
 *
 * This is the Mann-Whitney statistic U / (P N); walking the two sorted groups with ties at one half gives the same
 * number as mid-ranks over the joint sample, without a joint sort by index.
 *
 * @param scores [N]; any order-preserving score will do: probabilities, logits, infinities included
 * @param labels [N] label states: 0 negative, 1 positive, 255 absent (ignored, whatever its score)
 * @returns a number in [0, 1], or null when the labelled entries are not of both kinds
 * @throws ShapeError when the lengths differ
 * @throws TesseraError for a NaN score of a labelled entry, or a label that is no label state
 */
export function auc(scores: ArrayLike<number>, labels: ArrayLike<number>): number | null {
  if (scores.length !== labels.length) {
    throw new ShapeError(
      `auc: ${scores.length} scores for ${labels.length} labels; there must be one score a label`,
    );
  }
  return aucOfColumn(scores, labels, 0, 1, "auc");
}

/**
 * One AUC a class.
 *
 * @param scores [N, K] row-major
 * @param labels [N, K] label states
 * @param classNames K names, in column order
 * @returns an AUC by name; null where a class has not both kinds of label. Read it in the order of `classNames`:
 *   a JavaScript record lists names that are whole numbers, such as digits, first and ascending
 * @throws ShapeError when the lengths do not agree
 * @throws TesseraError as `auc`, naming class and row
 */
export function aucByClass(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  classNames: readonly string[],
): Record<string, number | null> {
  const classes = classNames.length;
  if (scores.length !== labels.length || classes === 0 || scores.length % classes !== 0) {
    throw new ShapeError(
      `aucByClass: ${scores.length} scores and ${labels.length} labels; both must be [N, ${classes}] for ${classes} classes`,
    );
  }
  return Object.fromEntries(
    classNames.map((name, k) => [name, aucOfColumn(scores, labels, k, classes, `auc of class "${name}"`)]),
  );
}

/** Mean over the classes whose AUC is defined; null when none is. */
export function meanAuc(byClass: Readonly<Record<string, number | null>>): number | null {
  const defined = Object.values(byClass).filter((value) => value !== null);
  if (defined.length === 0) return null;
  return defined.reduce((sum, value) => sum + value, 0) / defined.length;
}

/** AUC of the entries column, column + stride, column + 2 stride, ... */
function aucOfColumn(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  column: number,
  stride: number,
  what: string,
): number | null {
  const rows = labels.length / stride;
  const positives = new Float64Array(rows);
  const negatives = new Float64Array(rows);
  let positiveCount = 0;
  let negativeCount = 0;
  for (let row = 0; row < rows; row++) {
    const label = labels[row * stride + column];
    if (label === absent) continue;
    const score = scores[row * stride + column];
    if (Number.isNaN(score)) {
      throw new TesseraError(
        `${what}: the score of row ${row} is not a number (NaN); has the model diverged?`,
      );
    }
    if (label === positive) positives[positiveCount++] = score;
    else if (label === negative) negatives[negativeCount++] = score;
    else {
      throw new TesseraError(
        `${what}: the label of row ${row} is ${label}; a label state is ${negative} (negative), ${positive} (positive) or ${absent} (absent)`,
      );
    }
  }
  if (positiveCount === 0 || negativeCount === 0) return null;
  return (
    mannWhitney(positives.subarray(0, positiveCount).sort(), negatives.subarray(0, negativeCount).sort()) /
    (positiveCount * negativeCount)
  );
}

/** U: how many (positive, negative) pairs are in the right order, a tie counting one half. Both arrays ascend. */
function mannWhitney(positives: Float64Array, negatives: Float64Array): number {
  let below = 0; // negatives under the current positive
  let upTo = 0; // negatives under or equal to it
  let twiceU = 0; // counted in halves, so that the sum stays a whole number and is exact
  for (const score of positives) {
    while (below < negatives.length && negatives[below] < score) below++;
    while (upTo < negatives.length && negatives[upTo] <= score) upTo++;
    twiceU += below + upTo;
  }
  return twiceU / 2;
}
