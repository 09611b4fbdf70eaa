// The interval of Clopper and Pearson against scipy, the rule of three, and how often it holds the truth.

import { describe, expect, test } from "vitest";
import { exactInterval } from "../../src/statistics/proportions.ts";

describe("the exact interval of a proportion", () => {
  // scipy 1.17.1: binomtest(hits, of).proportion_ci(level, method="exact")
  test.each([
    [8, 10, 0.95, 0.4439045376923585, 0.9747892736731665],
    [0, 12, 0.95, 0, 0.26464846939705117],
    [12, 12, 0.95, 0.7353515306029488, 1],
    [1, 20, 0.95, 0.0012650894979560339, 0.24873276277202772],
    [47, 50, 0.95, 0.8345180533962271, 0.9874514121646659],
    [3, 1000, 0.95, 0.0006190999316499173, 0.008742023238657654],
    [8, 10, 0.9, 0.4930986989367976, 0.9632285621125349],
  ])("%i of %i at level %f is scipy's", (hits, of, level, low, high) => {
    const found = exactInterval(hits, of, level);
    expect(found.low).toBeCloseTo(low, 10);
    expect(found.high).toBeCloseTo(high, 10);
  });

  test("of none of n ends at 1 - (alpha / 2)^(1 / n), and of all of n it is that mirrored", () => {
    for (const n of [1, 7, 300]) {
      const { low, high } = exactInterval(0, n);
      expect(low).toBe(0);
      expect(high).toBeCloseTo(1 - 0.025 ** (1 / n), 10);
      expect(exactInterval(n, n).low).toBeCloseTo(1 - high, 10);
    }
  });

  test("holds every true proportion at least as often as its level says", () => {
    const n = 15;
    const intervals = Array.from({ length: n + 1 }, (_, hits) => exactInterval(hits, n));
    for (const p of [0.02, 0.1, 0.37, 0.5, 0.8, 0.99]) {
      let held = 0;
      let probability = (1 - p) ** n; // of no hit
      for (let hits = 0; hits <= n; hits++) {
        if (intervals[hits].low <= p && p <= intervals[hits].high) held += probability;
        probability *= ((n - hits) / (hits + 1)) * (p / (1 - p));
      }
      expect(held).toBeGreaterThanOrEqual(0.95);
    }
  });

  test("refuses what are no counts", () => {
    expect(() => exactInterval(3, 2)).toThrow("exactInterval: 3 hits of 2 are too many");
    expect(() => exactInterval(0, 0)).toThrow("exactInterval: the trials must be");
    expect(() => exactInterval(1.5, 2)).toThrow("exactInterval: the hits must be");
    expect(() => exactInterval(1, 2, 1)).toThrow("a confidence level is between 0 and 1");
  });
});
