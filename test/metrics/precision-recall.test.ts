// The precision-recall curve against scikit-learn's, and against average precision.
import { expect, test } from "vitest";
import { averagePrecision } from "../../src/metrics/average-precision.ts";
import { confusionCounts, precision, recall } from "../../src/metrics/confusion.ts";
import { precisionRecallCurve } from "../../src/metrics/precision-recall.ts";
import { randomStream } from "../../src/data/random-stream.ts";

test("has the points of scikit-learn's precision_recall_curve, in order of falling threshold", () => {
  const scores = [0.1, 0.4, 0.35, 0.8, 0.4, 0.9, 0.2, 0.4, 0.65, 0.05];
  const curve = precisionRecallCurve(scores, [0, 0, 1, 1, 1, 1, 0, 0, 0, 1]);
  expect(curve && [...curve.thresholds]).toEqual([Infinity, 0.9, 0.8, 0.65, 0.4, 0.35, 0.2, 0.1, 0.05]);
  expect(curve && [...curve.recalls]).toEqual([0, 0.2, 0.4, 0.4, 0.6, 0.8, 0.8, 0.8, 1]);
  expect(curve && [...curve.precisions]).toEqual([1, 1, 1, 2 / 3, 0.5, 4 / 7, 0.5, 4 / 9, 0.5]);
});

test("has precision and recall at each threshold, and average precision under it", () => {
  const random = randomStream(6, "precision-recall");
  for (let trial = 0; trial < 50; trial++) {
    const length = 2 + random.below(50);
    const scores = Array.from({ length }, () => random.below(3 + random.below(20)));
    const labels = scores.map((_, i) => (i < 2 ? i : [0, 1, 255, 150][random.below(4)]));
    const curve = precisionRecallCurve(scores, labels);
    if (curve === null) throw new Error("both kinds are there");
    let area = 0;
    for (let i = 1; i < curve.thresholds.length; i++) {
      const threshold = curve.thresholds[i];
      expect(curve.precisions[i]).toBe(precision(scores, labels, threshold));
      expect(curve.recalls[i]).toBe(recall(scores, labels, threshold));
      area += (curve.recalls[i] - curve.recalls[i - 1]) * curve.precisions[i];
    }
    expect(area).toBeCloseTo(averagePrecision(scores, labels) ?? NaN, 12);
    expect(curve.recalls.at(-1)).toBe(1);
    expect(confusionCounts(scores, labels, curve.thresholds[0])).toMatchObject({
      truePositives: 0,
      falsePositives: 0,
    });
  }
});

test("is null without both kinds, and an error for what is no score", () => {
  expect(precisionRecallCurve([1, 2, 3], [1, 255, 120])).toBeNull();
  expect(precisionRecallCurve([1, 2], [0, 0])).toBeNull();
  expect(() => precisionRecallCurve([NaN, 2], [0, 1])).toThrow(
    "precisionRecallCurve: the score of row 0 is not a number",
  );
});
