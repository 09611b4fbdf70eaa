// Whether two samples are as good as equal. A large p of a t-test does not say so: too few seeds give one as well.
import { described } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { studentTCdf, studentTQuantile } from "./distributions.ts";
import { around, type Interval } from "./interval.ts";
import { pairedContrast, welchContrast } from "./t-tests.ts";
import type { Contrast, TestNotMade } from "./t-tests.ts";

/** An equivalence test that could be made. */
export interface EquivalenceMade {
  /** Mean of the first sample less that of the second. */
  readonly difference: number;
  readonly standardError: number;
  readonly degreesOfFreedom: number;
  /** Means that differ by less than this count as equal; in the unit of the values. */
  readonly margin: number;
  /** Against "the first is worse by the margin or more": small when the difference is clearly over -margin. */
  readonly pLower: number;
  /** Against "the first is better by the margin or more": small when the difference is clearly under margin. */
  readonly pUpper: number;
  /** The larger of the two: what the test as a whole gives. */
  readonly p: number;
  /** Of the difference, at level 1 - 2 alpha; it lies within (-margin, margin) exactly when the test says equivalent. */
  readonly interval: Interval;
  /** p < alpha. False says that equality was not shown, not that there is a difference. */
  readonly equivalent: boolean;
  readonly reason: null;
}

/** `reason === null`, or `p !== null`, says which of the two it is. */
export type EquivalenceTest = EquivalenceMade | TestNotMade;

/**
 * Equivalence of paired values by two one-sided t-tests (Schuirmann, 1987).
 *
 * The margin has to be chosen before the results are seen, and stated beside them.
 *
 * @param first [n] at least 2, for a test to be made
 * @param second [n]
 * @param margin above 0, in the unit of the values
 * @param alpha level of each one-sided test, and so of the whole
 * @returns a test, or why there is none, as for `pairedTTest`
 * @throws UsageError for a margin that is not above 0, or an alpha outside (0, .5); otherwise as `pairedTTest`
 */
export function pairedEquivalence(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  margin: number,
  alpha = 0.05,
): EquivalenceTest {
  return twoOneSidedTests(
    pairedContrast(first, second, "pairedEquivalence"),
    margin,
    alpha,
    "pairedEquivalence",
  );
}

/** The same for independent samples, by Welch's t; samples as for `welchTTest`. */
export function welchEquivalence(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  margin: number,
  alpha = 0.05,
): EquivalenceTest {
  return twoOneSidedTests(
    welchContrast(first, second, "welchEquivalence"),
    margin,
    alpha,
    "welchEquivalence",
  );
}

function twoOneSidedTests(
  contrast: Contrast | TestNotMade,
  margin: number,
  alpha: number,
  what: string,
): EquivalenceTest {
  if (typeof margin !== "number" || !(margin > 0 && margin < Infinity)) {
    throw new UsageError(`${what}: a margin is a number above 0, not ${described(margin)}`);
  }
  if (typeof alpha !== "number" || !(alpha > 0 && alpha < 0.5)) {
    throw new UsageError(`${what}: alpha is between 0 and .5, not ${described(alpha)}`);
  }
  if ("reason" in contrast) return contrast;
  const { difference, standardError, degreesOfFreedom } = contrast;
  const pLower = studentTCdf(-(difference + margin) / standardError, degreesOfFreedom);
  const pUpper = studentTCdf((difference - margin) / standardError, degreesOfFreedom);
  const p = Math.max(pLower, pUpper);
  return {
    difference,
    standardError,
    degreesOfFreedom,
    margin,
    pLower,
    pUpper,
    p,
    interval: around(difference, standardError * studentTQuantile(1 - alpha, degreesOfFreedom)),
    equivalent: p < alpha,
    reason: null,
  };
}
