// What a threshold achieves: confusion counts, and precision, recall and F1 from them.
import { aNumber, expectArgument, numbersInOrder, strings } from "../errors/arguments.ts";
import { ShapeError } from "../errors/errors.ts";
import { byClass, forEachLabelled } from "./score-levels.ts";

/** How many labelled entries of each kind are called what, at a threshold. */
export interface ConfusionCounts {
  /** Scores at or over it are called positive. */
  readonly threshold: number;
  /** Positives called positive. */
  readonly truePositives: number;
  /** Negatives called positive. */
  readonly falsePositives: number;
  /** Negatives called negative. */
  readonly trueNegatives: number;
  /** Positives called negative. */
  readonly falseNegatives: number;
}

/** One threshold for all classes, or one a class, in column order. */
export type Thresholds = number | readonly number[];

type Column = ArrayLike<number>;

/**
 * Confusion counts of one class at a threshold.
 *
 * With scores and labels [N, K] as they are, that is [N K], they are the counts of all classes together, and what follows
 * from them is the micro average.
 *
 * @param scores [N] probabilities, or logits with a threshold among logits
 * @param labels [N] label states; absent and soft ones are ignored
 * @param threshold entries at or over it are called positive; -Infinity calls all of them, Infinity none below Infinity
 * @returns counts that are 0 where no entry is labelled
 * @throws UsageError for a threshold that is no number; otherwise as `auc`
 */
export function confusionCounts(scores: Column, labels: Column, threshold: number): ConfusionCounts {
  return countsOf(scores, labels, threshold, "confusionCounts");
}

/**
 * One set of counts a class.
 *
 * @param scores [N, K] row-major
 * @param labels [N, K] label states
 * @param classNames K names, in column order
 * @param thresholds one, or K
 * @returns counts by name
 * @throws ShapeError when the lengths do not agree; otherwise as `confusionCounts`, naming class and row
 */
export function confusionCountsByClass(
  scores: Column,
  labels: Column,
  classNames: readonly string[],
  thresholds: Thresholds,
): Record<string, ConfusionCounts> {
  return atThresholds(scores, labels, classNames, thresholds, "confusionCounts", (counts) => counts);
}

/**
 * The share of the entries called positive that are: TP / (TP + FP). Parameters and errors as for `confusionCounts`.
 *
 * @returns a number in [0, 1], or null where nothing is called positive (scikit-learn's precision_score says 0 there)
 */
export function precision(scores: Column, labels: Column, threshold: number): number | null {
  return precisionOf(countsOf(scores, labels, threshold, "precision"));
}

/** One precision a class; parameters and errors as for `confusionCountsByClass`. `meanAuc` gives their mean, the macro average. */
export function precisionByClass(
  scores: Column,
  labels: Column,
  classNames: readonly string[],
  thresholds: Thresholds,
): Record<string, number | null> {
  return atThresholds(scores, labels, classNames, thresholds, "precision", precisionOf);
}

/**
 * The share of the positives that are called positive, their sensitivity: TP / (TP + FN). Parameters and errors as for
 * `confusionCounts`.
 *
 * @returns a number in [0, 1], or null where no entry is labelled positive
 */
export function recall(scores: Column, labels: Column, threshold: number): number | null {
  return recallOf(countsOf(scores, labels, threshold, "recall"));
}

/** One recall a class; parameters and errors as for `confusionCountsByClass`. `meanAuc` gives their mean, the macro average. */
export function recallByClass(
  scores: Column,
  labels: Column,
  classNames: readonly string[],
  thresholds: Thresholds,
): Record<string, number | null> {
  return atThresholds(scores, labels, classNames, thresholds, "recall", recallOf);
}

/**
 * F1, the harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN). Parameters and errors as for `confusionCounts`.
 *
 * @returns a number in [0, 1], 0 where nothing that is positive is called so; null where nothing is positive and nothing
 *   is called so
 */
export function f1Score(scores: Column, labels: Column, threshold: number): number | null {
  return f1Of(countsOf(scores, labels, threshold, "f1Score"));
}

/** One F1 a class; parameters and errors as for `confusionCountsByClass`. `meanAuc` gives their mean, the macro average. */
export function f1ScoreByClass(
  scores: Column,
  labels: Column,
  classNames: readonly string[],
  thresholds: Thresholds,
): Record<string, number | null> {
  return atThresholds(scores, labels, classNames, thresholds, "f1Score", f1Of);
}

const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

const precisionOf = ({ truePositives, falsePositives }: ConfusionCounts): number | null =>
  share(truePositives, truePositives + falsePositives);

const recallOf = ({ truePositives, falseNegatives }: ConfusionCounts): number | null =>
  share(truePositives, truePositives + falseNegatives);

const f1Of = ({ truePositives, falsePositives, falseNegatives }: ConfusionCounts): number | null =>
  share(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives);

function countsOf(scores: Column, labels: Column, threshold: number, what: string): ConfusionCounts {
  expectArgument(what, "the threshold", threshold, aNumber);
  let [truePositives, falsePositives, trueNegatives, falseNegatives] = [0, 0, 0, 0];
  forEachLabelled(scores, labels, what, (score, isPositive) => {
    if (score >= threshold) {
      if (isPositive) truePositives++;
      else falsePositives++;
    } else if (isPositive) falseNegatives++;
    else trueNegatives++;
  });
  return { threshold, truePositives, falsePositives, trueNegatives, falseNegatives };
}

function atThresholds<Value>(
  scores: Column,
  labels: Column,
  classNames: readonly string[],
  thresholds: Thresholds,
  what: string,
  metric: (counts: ConfusionCounts) => Value,
): Record<string, Value> {
  expectArgument(`${what}ByClass`, "the names of classes", classNames, strings);
  const each = typeof thresholds === "number" ? classNames.map(() => thresholds) : thresholds;
  expectArgument(`${what}ByClass`, "thresholds", each, numbersInOrder);
  if (each.length !== classNames.length) {
    throw new ShapeError(
      `${what}ByClass: takes one threshold, or one for each of the ${classNames.length} classes, not ${each.length}`,
    );
  }
  let k = 0; // byClass goes through the classes in order
  return byClass(scores, labels, classNames, what, (column, states, name) =>
    metric(countsOf(column, states, each[k++], name)),
  );
}
