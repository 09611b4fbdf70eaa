// Average precision against scikit-learn's documented values and a literal reading of its definition.
import { expect, test } from "vitest";
import { averagePrecision, averagePrecisionByClass } from "../../src/metrics/average-precision.ts";
import { meanAuc } from "../../src/metrics/auc.ts";
import { permutation } from "../../src/data/assembly/order.ts";
import { randomStream } from "../../src/data/random-stream.ts";

/** The definition, threshold by threshold: sum over distinct scores of (R_n - R_(n-1)) P_n. */
function byThresholds(scores: readonly number[], labels: readonly number[]): number {
  const positives = labels.filter((label) => label === 1).length;
  let recallBefore = 0;
  let sum = 0;
  for (const threshold of [...new Set(scores)].sort((a, b) => b - a)) {
    const called = labels.filter((_, i) => scores[i] >= threshold);
    const hits = called.filter((label) => label === 1).length;
    sum += (hits / positives - recallBefore) * (hits / called.length);
    recallBefore = hits / positives;
  }
  return sum;
}

test("gives the example of scikit-learn's average_precision_score, 0.83...", () => {
  expect(averagePrecision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])).toBeCloseTo(5 / 6, 14);
});

test("equals its definition on random scores with many ties, in any order of the rows", () => {
  const random = randomStream(3, "average precision");
  for (let trial = 0; trial < 100; trial++) {
    const length = 2 + random.below(40);
    const scores = Array.from({ length }, () => random.below(8));
    const labels = scores.map((_, i) => (i < 2 ? i : random.below(2)));
    const value = averagePrecision(scores, labels);
    expect(value).toBeCloseTo(byThresholds(scores, labels), 12);
    const order = [...permutation(length, random)];
    const shuffled = averagePrecision(
      order.map((i) => scores[i]),
      order.map((i) => labels[i]),
    );
    expect(shuffled).toBe(value);
    expect(
      averagePrecision(
        scores.map((score) => Math.exp(score) - 50),
        labels,
      ),
    ).toBe(value);
  }
});

test("is the share of positives for a constant score, 1 for a perfect order, null without both kinds", () => {
  expect(averagePrecision([5, 5, 5, 5], [0, 1, 0, 0])).toBe(0.25);
  expect(averagePrecision([1, 2, 3], [0, 1, 1])).toBe(1);
  expect(averagePrecision([1, 2], [1, 1])).toBeNull();
  expect(averagePrecision([1, 2], [0, 0])).toBeNull();
});

test("does not look at absent and soft labels, and names the class of a NaN", () => {
  expect(averagePrecision([0.1, NaN, 0.4, 0.9, 0.35, 0.8], [0, 255, 0, 180, 1, 1])).toBeCloseTo(5 / 6, 14);
  const byClass = averagePrecisionByClass([1, 9, 2, 9], [0, 1, 1, 255], ["a", "b"]);
  expect(byClass).toEqual({ a: 1, b: null });
  expect(meanAuc(byClass)).toBe(1);
  expect(() => averagePrecisionByClass([1, NaN, 2, 9], [0, 1, 1, 0], ["a", "b"])).toThrow(
    /averagePrecision of class "b": the score of row 0 is not a number/u,
  );
});
