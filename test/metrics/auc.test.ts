// AUC against its definition (counting pairs), and what masks and undefined classes must do to it.
import { describe, expect, test } from "vitest";
import { auc, aucByClass, meanAuc, undefinedClasses } from "../../src/metrics/auc.ts";
import { permutation } from "../../src/data/assembly/order.ts";
import { randomStream } from "../../src/data/random-stream.ts";

/** The definition: the share of (positive, negative) pairs in the right order, ties one half. */
function countPairs(scores: readonly number[], labels: readonly number[]): number | null {
  let pairs = 0;
  let right = 0;
  for (const [i, a] of scores.entries()) {
    for (const [j, b] of scores.entries()) {
      if (labels[i] !== 1 || labels[j] !== 0) continue;
      pairs++;
      right += a > b ? 1 : a === b ? 0.5 : 0;
    }
  }
  return pairs === 0 ? null : right / pairs;
}

describe("auc", () => {
  test("equals the count of ordered pairs, with ties, absent labels and any class balance", () => {
    const random = randomStream(1, "auc");
    for (let trial = 0; trial < 200; trial++) {
      const length = 1 + random.below(60);
      const levels = 1 + random.below(12); // few levels: many ties
      const share = random.uniform();
      const scores = Array.from({ length }, () => random.below(levels) - 3);
      const labels = scores.map(() => (random.uniform() < 0.2 ? 255 : random.uniform() < share ? 1 : 0));
      const expected = countPairs(scores, labels);
      const value = auc(scores, labels);
      if (expected === null) expect(value).toBeNull();
      else expect(value).toBeCloseTo(expected, 12);
    }
  });

  test("gives the example of scikit-learn's roc_auc_score, and Hanley and McNeil's 109 CT images", () => {
    expect(auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])).toBe(0.75);
    const ratings = [1, 2, 3, 4, 5];
    const repeat = (counts: number[]): number[] =>
      ratings.flatMap((rating, i) => Array<number>(counts[i]).fill(rating));
    const [normal, abnormal] = [repeat([33, 6, 6, 11, 2]), repeat([3, 2, 2, 11, 33])];
    const labels = [...normal.map(() => 0), ...abnormal.map(() => 1)];
    expect(auc([...normal, ...abnormal], labels)).toBeCloseTo(0.893, 3);
  });

  test("is 1 for a perfect order, 0 for a reversed one, one half for a constant score", () => {
    expect(auc([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1])).toBe(1);
    expect(auc([0.9, 0.8, 0.2, 0.1], [0, 0, 1, 1])).toBe(0);
    expect(auc([5, 5, 5], [0, 1, 1])).toBe(0.5);
    expect(auc([-0, 0], [0, 1])).toBe(0.5);
    expect(auc([-Infinity, 0, Infinity], [0, 1, 1])).toBe(1);
  });

  test("is null, not 0, when the labelled entries are of one kind or there are none", () => {
    expect(auc([0.1, 0.9], [1, 1])).toBeNull();
    expect(auc([0.1, 0.9], [0, 255])).toBeNull();
    expect(auc([0.1, 0.9], [255, 255])).toBeNull();
    expect(auc([], [])).toBeNull();
  });

  test("does not look at the score of an absent label, not even at NaN", () => {
    const labels = [0, 1, 255, 1, 0];
    const value = auc([0.2, 0.7, 0.4, 0.1, 0.3], labels);
    expect(auc([0.2, 0.7, NaN, 0.1, 0.3], labels)).toBe(value);
    expect(auc([0.2, 0.7, 1e9, 0.1, 0.3], labels)).toBe(value);
  });

  test("does not look at a soft label, whatever its probability", () => {
    const hard = auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]);
    expect(auc([0.1, 0.9, 0.4, NaN, 0.35, 0.8], [0, 200, 0, 100, 1, 1])).toBe(hard);
    expect(auc([0.1, 0.9], [0, 150])).toBeNull();
  });

  test("depends neither on the order of the rows nor on the scale of the scores", () => {
    const random = randomStream(2, "auc");
    const scores = Float32Array.from({ length: 500 }, () => random.normal());
    const labels = Uint8Array.from(scores, (score) =>
      random.uniform() < 0.1 ? 255 : score + random.normal() > 0 ? 1 : 0,
    );
    const order = permutation(scores.length, random);
    const value = auc(scores, labels);
    expect(value).toBeGreaterThan(0.7);
    expect(
      auc(
        Float32Array.from(order, (i) => scores[i]),
        Uint8Array.from(order, (i) => labels[i]),
      ),
    ).toBe(value);
    // A power of two scales without rounding, so that no new tie can arise.
    expect(
      auc(
        scores.map((score) => 4 * score),
        labels,
      ),
    ).toBe(value);
    // Exact in f64, and so without new ties either: cubes of numbers that are multiples of 1/256.
    const coarse = Float64Array.from(scores, (score) => Math.round(256 * score) / 256);
    expect(
      auc(
        coarse.map((score) => score ** 3 + score),
        labels,
      ),
    ).toBe(auc(coarse, labels));
  });

  test("refuses a NaN score, a label that is no state, and lengths that differ, each by name", () => {
    expect(() => auc([0, NaN], [0, 1])).toThrow(/row 1 is not a number \(NaN\)/u);
    expect(() => auc([0, 1], [0, 2])).toThrow(/label of row 1 is 2/u);
    expect(() => auc([0, 1, 2], [0, 1])).toThrow(/3 scores for 2 labels/u);
  });
});

describe("aucByClass", () => {
  test("reads columns of row-major scores, and names class and row of a NaN", () => {
    const scores = [0.1, 0.9, 0.5, 0.8, 0.2, 0.5, 0.9, 0.1, 0.5];
    const labels = [0, 0, 1, 1, 1, 1, 1, 255, 1];
    expect(aucByClass(scores, labels, ["a", "b", "c"])).toEqual({ a: 1, b: 0, c: null });
    expect(() => aucByClass(scores.with(4, NaN), labels, ["a", "b", "c"])).toThrow(
      /class "b": the score of row 1/u,
    );
    expect(() => aucByClass(scores, labels, ["a", "b"])).toThrow(/must be \[N, 2\]/u);
  });

  test("the mean leaves undefined classes out, and is null when all are undefined", () => {
    expect(meanAuc({ a: 1, b: 0.5, c: null })).toBe(0.75);
    expect(undefinedClasses({ a: 1, b: 0.5, c: null })).toEqual(["c"]);
    expect(meanAuc({ a: null })).toBeNull();
    expect(meanAuc({})).toBeNull();
  });
});
