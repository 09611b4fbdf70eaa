// Labelled scores as every ranking metric reads them: one level per distinct score, with how many of each kind lie there.
import { described, expectArgument, numbersInOrder, strings } from "../errors/arguments.ts";
import { ShapeError, TesseraError } from "../errors/errors.ts";
import { absent, isSoft, negative, positive } from "../labels/states.ts";

/** Distinct scores in ascending order; entries of one level are tied, so that no metric can tell them apart. */
export interface ScoreLevels {
  /** [L] distinct, ascending */
  readonly scores: Float64Array;
  /** [L] positives at each level */
  readonly positives: Uint32Array;
  /** [L] negatives at each level */
  readonly negatives: Uint32Array;
  /** All positives. */
  readonly positiveCount: number;
  /** All negatives. */
  readonly negativeCount: number;
}

/** @throws UsageError unless both are numbers by position */
function expectScores(what: string, scores: ArrayLike<number>, labels: ArrayLike<number>): void {
  expectArgument(what, "the scores", scores, numbersInOrder);
  expectArgument(what, "the labels", labels, numbersInOrder);
}

/**
 * Visits the labelled entries of one class: states 0 and 1. Absent (255) and soft (100 to 200) ones are passed over,
 * whatever their score.
 *
 * @param scores [N]
 * @param labels [N] label states
 * @param what in front of messages, such as "auc"
 * @throws ShapeError when the lengths differ
 * @throws TesseraError for a NaN score of a labelled entry, or a label that is no label state
 */
export function forEachLabelled(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  what: string,
  visit: (score: number, isPositive: boolean, row: number) => void,
): void {
  expectScores(what, scores, labels);
  if (scores.length !== labels.length) {
    throw new ShapeError(
      `${what}: ${scores.length} scores for ${labels.length} labels; there must be one score a label`,
    );
  }
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row];
    if (label === absent || isSoft(label)) continue;
    if (label !== positive && label !== negative) {
      throw new TesseraError(
        `${what}: the label of row ${row} is ${label}; a label state is ${negative} (negative), ${positive} (positive), 100 to 200 (soft) or ${absent} (absent)`,
      );
    }
    const score = scores[row];
    if (Number.isNaN(score)) {
      throw new TesseraError(
        `${what}: the score of row ${row} is not a number (NaN); has the model diverged?`,
      );
    }
    visit(score, label === positive, row);
  }
}

/** Groups the labelled entries by score; parameters and errors as for `forEachLabelled`. */
export function scoreLevels(scores: ArrayLike<number>, labels: ArrayLike<number>, what: string): ScoreLevels {
  expectScores(what, scores, labels);
  const ofPositives = new Float64Array(labels.length);
  const ofNegatives = new Float64Array(labels.length);
  let positiveCount = 0;
  let negativeCount = 0;
  forEachLabelled(scores, labels, what, (score, isPositive) => {
    if (isPositive) ofPositives[positiveCount++] = score;
    else ofNegatives[negativeCount++] = score;
  });
  // Two native sorts and a merge: several times as fast as sorting rows with a comparison function.
  return merge(ofPositives.subarray(0, positiveCount).sort(), ofNegatives.subarray(0, negativeCount).sort());
}

function merge(ofPositives: Float64Array, ofNegatives: Float64Array): ScoreLevels {
  const most = ofPositives.length + ofNegatives.length;
  const scores = new Float64Array(most);
  const positives = new Uint32Array(most);
  const negatives = new Uint32Array(most);
  let level = 0;
  for (let p = 0, n = 0; p < ofPositives.length || n < ofNegatives.length; level++) {
    const score =
      n === ofNegatives.length || ofPositives[p] < ofNegatives[n] ? ofPositives[p] : ofNegatives[n];
    scores[level] = score;
    for (; ofPositives[p] === score; p++) positives[level]++;
    for (; ofNegatives[n] === score; n++) negatives[level]++;
  }
  return {
    scores: scores.subarray(0, level),
    positives: positives.subarray(0, level),
    negatives: negatives.subarray(0, level),
    positiveCount: ofPositives.length,
    negativeCount: ofNegatives.length,
  };
}

/**
 * One class's column of row-major values, for the metrics that take one class at a time.
 *
 * @param values [N, K] scores, probabilities or label states
 * @param column from 0 to K - 1
 * @param classCount K
 * @returns [N]
 * @throws ShapeError when the values are not [N, K] or there is no such column
 */
export function classColumn(values: ArrayLike<number>, column: number, classCount: number): Float64Array {
  expectArgument("classColumn", "the values", values, numbersInOrder);
  if (!Number.isInteger(classCount) || classCount < 1 || values.length % classCount !== 0) {
    throw new ShapeError(`classColumn: ${values.length} values are not [N, ${described(classCount)}]`);
  }
  if (!Number.isInteger(column) || column < 0 || column >= classCount) {
    throw new ShapeError(`classColumn: there is no column ${described(column)} among ${classCount} classes`);
  }
  return Float64Array.from(
    { length: values.length / classCount },
    (_, row) => values[row * classCount + column],
  );
}

/** @throws ShapeError when scores and labels are not both [N, K], K the number of classes */
export function expectColumns(
  what: string,
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): void {
  expectScores(what, scores, labels);
  if (scores.length === labels.length && classes > 0 && scores.length % classes === 0) return;
  throw new ShapeError(
    `${what}: ${scores.length} scores and ${labels.length} labels; both must be [N, ${classes}] for ${classes} classes`,
  );
}

/**
 * A metric of every class.
 *
 * @param scores [N, K]
 * @param labels [N, K] label states
 * @param classNames K names, in column order
 * @param what the metric's name, for messages
 * @param metric of one column; the third argument names metric and class
 * @throws ShapeError when the lengths do not agree
 */
export function byClass<Value>(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  classNames: readonly string[],
  what: string,
  metric: (scores: Float64Array, labels: Float64Array, what: string) => Value,
): Record<string, Value> {
  expectArgument(`${what}ByClass`, "the names of classes", classNames, strings);
  const classes = classNames.length;
  expectColumns(`${what}ByClass`, scores, labels, classes);
  return Object.fromEntries(
    classNames.map((name, k) => [
      name,
      metric(classColumn(scores, k, classes), classColumn(labels, k, classes), `${what} of class "${name}"`),
    ]),
  );
}
