// Two one-sided tests: worked by hand, against SciPy, and how often they err.
import { describe, expect, test } from "vitest";
import { ShapeError, UsageError } from "../../src/errors/errors.ts";
import { pairedEquivalence, welchEquivalence } from "../../src/statistics/equivalence.ts";
import { pairedTTest } from "../../src/statistics/t-tests.ts";
import type { EquivalenceMade, EquivalenceTest } from "../../src/statistics/equivalence.ts";
import { randomStream } from "../../src/data/random-stream.ts";
import { firstDrug, secondDrug } from "../metrics/sleep.ts";

const first = [0.9512, 0.9478, 0.953, 0.9495, 0.9509, 0.9521, 0.9467, 0.9533];
const second = [0.9505, 0.949, 0.9511, 0.9502, 0.9498, 0.9524, 0.9481, 0.952];

function made(test: EquivalenceTest): EquivalenceMade {
  if (test.reason !== null) throw new Error(test.reason);
  return test;
}

test("nine differences of mean .001 and standard error .001: t is 4 and -2 at a margin of .003", () => {
  // Eight deviations of .003 and one of 0: the variance is 8 (.003)^2 / 8.
  const differences = [1, 1, 1, 1, 0, -1, -1, -1, -1].map((sign) => 0.001 + 0.003 * sign);
  const zeros = differences.map(() => 0);
  const result = made(pairedEquivalence(differences, zeros, 0.003));
  expect(result.difference).toBeCloseTo(0.001, 15);
  expect(result.standardError).toBeCloseTo(0.001, 15);
  expect(result.degreesOfFreedom).toBe(8);
  // P(T > 4) and P(T > 2) with 8 degrees of freedom, and the t table's 1.8595.
  expect(result.pLower).toBeCloseTo(0.0019748864017226616, 12);
  expect(result.pUpper).toBeCloseTo(0.04025811897863131, 12);
  expect(result.p).toBe(result.pUpper);
  expect(result.interval.low).toBeCloseTo(0.001 - 0.0018595480375308973, 12);
  expect(result.interval.high).toBeCloseTo(0.001 + 0.0018595480375308973, 12);
  expect(result.equivalent).toBe(true);
  expect(made(pairedEquivalence(differences, zeros, 0.0028)).equivalent).toBe(false);
});

test("paired and Welch tests give SciPy's one-sided p", () => {
  const paired = made(pairedEquivalence(first, second, 0.003));
  expect(paired.pLower).toBeCloseTo(8.484394958443204e-5, 12);
  expect(paired.pUpper).toBeCloseTo(0.0001747609891078243, 12);
  expect(paired.interval.low).toBeCloseTo(-0.0006545062059037203, 12);
  expect(paired.interval.high).toBeCloseTo(0.0010045062059037093, 12);
  const welch = made(welchEquivalence(first, second.slice(0, -1), 0.003));
  expect(welch.pLower).toBeCloseTo(0.002711352597322143, 11);
  expect(welch.pUpper).toBeCloseTo(0.011903964472979731, 11);
  expect(welch.interval.low).toBeCloseTo(-0.0013778372145262252, 12);
  expect(welch.interval.high).toBeCloseTo(0.002188551500240333, 12);
  expect([paired.equivalent, welch.equivalent]).toEqual([true, true]);
});

test("no significant difference is not equality: too small a sample shows neither", () => {
  const few = [first.slice(0, 3), second.slice(0, 3)] as const;
  expect(pairedTTest(...few).p).toBeGreaterThan(0.05);
  expect(made(pairedEquivalence(...few, 0.001)).equivalent).toBe(false);
});

test("says equivalent exactly when the interval of level 1 - 2 alpha lies within the margins", () => {
  for (const equivalence of [pairedEquivalence, welchEquivalence]) {
    for (const alpha of [0.01, 0.05, 0.2]) {
      for (let margin = 0.0002; margin < 0.004; margin += 0.0001) {
        const { interval, equivalent } = made(equivalence(first, second, margin, alpha));
        expect(equivalent).toBe(interval.low > -margin && interval.high < margin);
      }
    }
  }
});

test("exchanging the samples exchanges the two tests", () => {
  const forth = made(welchEquivalence(firstDrug, secondDrug, 2));
  const back = made(welchEquivalence(secondDrug, firstDrug, 2));
  expect([back.pLower, back.pUpper, back.p]).toEqual([forth.pUpper, forth.pLower, forth.p]);
});

test("at a difference of exactly the margin, at most one test in twenty says equivalent", () => {
  const random = randomStream(9, "equivalence");
  const draw = (mean: number): number[] => Array.from({ length: 8 }, () => mean + random.normal());
  const trials = 4000;
  let paired = 0;
  let welch = 0;
  for (let trial = 0; trial < trials; trial++) {
    const [a, b] = [draw(3), draw(0)];
    if (made(pairedEquivalence(a, b, 3)).equivalent) paired++;
    if (made(welchEquivalence(a, b, 3)).equivalent) welch++;
  }
  // The margins are so far apart that the tests reach their level; three standard errors are .0103.
  for (const count of [paired, welch]) expect(Math.abs(count / trials - 0.05)).toBeLessThan(0.0104);
});

describe("input from which no test can be made", () => {
  test("gives the reason of the t-test", () => {
    expect(welchEquivalence([1], [1, 2], 1)).toEqual({
      difference: -0.5,
      p: null,
      reason: "samples of 1 and 2; each needs at least 2 values",
    });
    expect(pairedEquivalence([1, 2], [1, 2], 0.1).reason).toBe("the differences do not vary");
  });

  test("margins and levels without a meaning are refused, whatever the samples", () => {
    for (const margin of [0, -1, NaN, Infinity]) {
      expect(() => welchEquivalence([1], [1], margin)).toThrow(UsageError);
    }
    for (const alpha of [0, 0.5, NaN]) {
      expect(() => pairedEquivalence(first, second, 1, alpha)).toThrow("alpha is between 0 and .5");
    }
    expect(() => pairedEquivalence([1, 2], [1], 1)).toThrow(ShapeError);
  });
});
