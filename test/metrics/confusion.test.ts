// Counts, precision, recall and F1 against scikit-learn's, and the conventions where it warns.
import { describe, expect, test } from "vitest";
import { ShapeError, TesseraError, UsageError } from "../../src/errors/errors.ts";
import { meanAuc } from "../../src/metrics/auc.ts";
import {
  confusionCounts,
  confusionCountsByClass,
  f1Score,
  f1ScoreByClass,
  precision,
  precisionByClass,
  recall,
  recallByClass,
} from "../../src/metrics/confusion.ts";

const scores = [0.1, 0.4, 0.35, 0.8, 0.4, 0.9, 0.2, 0.4, 0.65, 0.05];
const labels = [0, 0, 1, 1, 1, 1, 0, 0, 0, 1];

/** Of scikit-learn 1.9.1: confusion_matrix, precision_score, recall_score, f1_score of scores >= threshold. */
const published: [threshold: number, counts: number[], precision: number, recall: number, f1: number][] = [
  [0.4, [2, 3, 2, 3], 0.5, 0.6, 0.5454545454545454],
  [0.41, [4, 1, 3, 2], 0.6666666666666666, 0.4, 0.5],
  [0.05, [0, 5, 0, 5], 0.5, 1, 0.6666666666666666],
  [0.9, [5, 0, 4, 1], 1, 0.2, 0.3333333333333333],
];

test.each(published)("at the threshold %f they are those of scikit-learn", (threshold, counts, p, r, f1) => {
  const [trueNegatives, falsePositives, falseNegatives, truePositives] = counts;
  expect(confusionCounts(scores, labels, threshold)).toEqual({
    threshold,
    truePositives,
    falsePositives,
    trueNegatives,
    falseNegatives,
  });
  expect(precision(scores, labels, threshold)).toBeCloseTo(p, 14);
  expect(recall(scores, labels, threshold)).toBeCloseTo(r, 14);
  expect(f1Score(scores, labels, threshold)).toBeCloseTo(f1, 14);
});

test("absent and soft labels are passed over, whatever their score", () => {
  const [more, states] = [
    [...scores, NaN, 0.7, 0.7],
    [...labels, 255, 255, 180],
  ];
  expect(confusionCounts(more, states, 0.4)).toEqual(confusionCounts(scores, labels, 0.4));
  expect(f1Score(more, states, 0.41)).toBe(f1Score(scores, labels, 0.41));
});

test("a share of nothing is null; F1 is 0 where positives are there and none is found", () => {
  expect(precision([0.1, 0.2], [0, 1], 0.5)).toBeNull();
  expect(recall([0.1, 0.2], [0, 1], 0.5)).toBe(0);
  expect(f1Score([0.1, 0.2], [0, 1], 0.5)).toBe(0);
  expect(recall([0.1, 0.9], [0, 0], 0.5)).toBeNull();
  expect(precision([0.1, 0.9], [0, 0], 0.5)).toBe(0);
  expect(f1Score([0.1, 0.9], [0, 0], 0.5)).toBe(0);
  expect(f1Score([0.1, 0.2], [0, 0], 0.5)).toBeNull();
  expect([precision, recall, f1Score].map((metric) => metric([0.5], [255], 0))).toEqual([null, null, null]);
  const nothing = { truePositives: 0, falsePositives: 0, trueNegatives: 0, falseNegatives: 0 };
  expect(confusionCounts([], [], 1)).toEqual({ threshold: 1, ...nothing });
  expect(confusionCounts([-9, 4], [0, 1], -Infinity)).toMatchObject({ truePositives: 1, falsePositives: 1 });
  expect(confusionCounts([-9, 4], [0, 1], Infinity)).toMatchObject({ trueNegatives: 1, falseNegatives: 1 });
});

describe("of several classes", () => {
  const classes = ["a", "b", "c"];
  const given = [1, 0, 1, /**/ 0, 1, 0, /**/ 1, 1, 0, /**/ 0, 0, 1, /**/ 1, 0, 0];
  const found = [0.9, 0.2, 0.4, 0.6, 0.7, 0.1, 0.3, 0.8, 0.6, 0.2, 0.5, 0.7, 0.8, 0.4, 0.3];

  test("they are scikit-learn's, one by one, averaged over classes, and of all together", () => {
    expect(precisionByClass(found, given, classes, 0.5)).toEqual({ a: 2 / 3, b: 2 / 3, c: 0.5 });
    expect(recallByClass(found, given, classes, 0.5)).toEqual({ a: 2 / 3, b: 1, c: 0.5 });
    expect(f1ScoreByClass(found, given, classes, 0.5)).toEqual({ a: 2 / 3, b: 0.8, c: 0.5 });
    const macro = [precisionByClass, recallByClass, f1ScoreByClass].map((metric) =>
      meanAuc(metric(found, given, classes, 0.5)),
    );
    const micro = [precision, recall, f1Score].map((metric) => metric(found, given, 0.5));
    for (const [i, expected] of [0.611111111111111, 0.7222222222222222, 0.6555555555555556].entries()) {
      expect(macro[i]).toBeCloseTo(expected, 14);
    }
    for (const [i, expected] of [0.625, 0.7142857142857143, 0.6666666666666666].entries()) {
      expect(micro[i]).toBeCloseTo(expected, 14);
    }
  });

  test("each may have a threshold of its own", () => {
    const counts = confusionCountsByClass(found, given, classes, [0.5, 0.75, Infinity]);
    expect(counts["a"]).toMatchObject({ threshold: 0.5, truePositives: 2, falsePositives: 1 });
    expect(counts["b"]).toMatchObject({ threshold: 0.75, truePositives: 1, falsePositives: 0 });
    expect(counts["c"]).toMatchObject({ threshold: Infinity, truePositives: 0, falseNegatives: 2 });
    expect(precisionByClass(found, given, classes, [0.5, 0.75, Infinity])["c"]).toBeNull();
  });
});

test("what is no threshold, no pair or no label is an error that names metric and class", () => {
  expect(() => f1Score([1], [1], NaN)).toThrow(UsageError);
  expect(() => recall([1], [1], undefined as never)).toThrow("recall: the threshold must be a number");
  expect(() => precision([1, 2], [1], 0)).toThrow(ShapeError);
  expect(() => confusionCountsByClass([1, 2], [1, 0], ["a", "b"], [0.5])).toThrow(
    "confusionCountsByClass: takes one threshold, or one for each of the 2 classes, not 1",
  );
  expect(() => f1ScoreByClass([1, 2], [1, 0], ["a", "b"], undefined as never)).toThrow(
    "f1ScoreByClass: thresholds must be a list of numbers",
  );
  expect(() => f1ScoreByClass([1, NaN], [1, 0], ["a", "b"], 0)).toThrow(
    'f1Score of class "b": the score of row 0 is not a number',
  );
  expect(() => confusionCounts([1], [7], 0)).toThrow(TesseraError);
});
