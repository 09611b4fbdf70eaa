// Area under the ROC curve over labelled entries only; undefined is null, because a 0 would poison the mean.
import { aRecord, expectArgument, type Requirement } from "../errors/arguments.ts";
import { meanOfDefined } from "./mean-of-defined.ts";
import { byClass, scoreLevels } from "./score-levels.ts";

/**
 * Area under the ROC curve: the probability that a positive scores above a negative, ties counting one half.
 *
 * This is the Mann-Whitney statistic U / (P N), the same number as by mid-ranks over the joint sample.
 *
 * @param scores [N]; any order-preserving score will do: probabilities, logits, infinities included
 * @param labels [N] label states: 0 negative, 1 positive; 255 absent and 100 to 200 soft are ignored, whatever their score
 * @returns a number in [0, 1], or null when the labelled entries are not of both kinds
 * @throws ShapeError when the lengths differ
 * @throws TesseraError for a NaN score of a labelled entry, or a label that is no label state
 */
export function auc(scores: ArrayLike<number>, labels: ArrayLike<number>): number | null {
  return mannWhitney(scores, labels, "auc");
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
  return byClass(scores, labels, classNames, "auc", mannWhitney);
}

const valuesByClass: Requirement = {
  words: "a record of numbers, or null, by class",
  fits: (value) =>
    aRecord.fits(value) &&
    Object.values(value as object).every((each) => each === null || typeof each === "number"),
};

/** Mean over the classes whose AUC is defined; null when none is. `undefinedClasses` says which were left out. */
export function meanAuc(byClass: Readonly<Record<string, number | null>>): number | null {
  expectArgument("meanAuc", "what it takes", byClass, valuesByClass);
  return meanOfDefined(byClass);
}

/** The classes that a mean over classes leaves out, because their labelled entries are not of both kinds. */
export function undefinedClasses(byClass: Readonly<Record<string, number | null>>): string[] {
  expectArgument("undefinedClasses", "what it takes", byClass, valuesByClass);
  return Object.keys(byClass).filter((name) => byClass[name] === null);
}

/** U / (P N): the share of (positive, negative) pairs in the right order, a tie counting one half. */
function mannWhitney(scores: ArrayLike<number>, labels: ArrayLike<number>, what: string): number | null {
  const { positives, negatives, positiveCount, negativeCount } = scoreLevels(scores, labels, what);
  if (positiveCount === 0 || negativeCount === 0) return null;
  let below = 0; // negatives under the current level
  let twiceU = 0; // counted in halves, so that the sum stays a whole number and is exact
  for (let level = 0; level < positives.length; level++) {
    twiceU += positives[level] * (2 * below + negatives[level]);
    below += negatives[level];
  }
  return twiceU / (2 * positiveCount * negativeCount);
}
