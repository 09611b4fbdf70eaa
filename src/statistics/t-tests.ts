// Whether two samples, such as the AUCs of two methods over seeds, differ in their mean: Student's and Welch's t-tests.
import { expectArgument, numbersInOrder } from "../errors/arguments.ts";
import { ShapeError } from "../errors/errors.ts";
import { studentTQuantile, twoSidedP } from "./distributions.ts";
import { around, upperTail, type Interval } from "./interval.ts";
import { isConstant, momentsOf, type Moments } from "./moments.ts";

/** A test that could be made. */
export interface TTestMade {
  /** Mean of the first sample less that of the second. */
  readonly difference: number;
  readonly standardError: number;
  readonly t: number;
  readonly degreesOfFreedom: number;
  /** Two-sided. */
  readonly p: number;
  /** Of the difference. */
  readonly interval: Interval;
  readonly reason: null;
}

/** A test that could not be made: the samples are too small or do not vary. Nothing follows about the means. */
export interface TestNotMade {
  readonly difference: number;
  readonly p: null;
  /** Why not, in words. */
  readonly reason: string;
}

/** `reason === null`, or `p !== null`, says which of the two it is. */
export type TTest = TTestMade | TestNotMade;

/** A difference of means and what is known of its spread, from which tests and intervals follow. */
export interface Contrast {
  readonly difference: number;
  readonly standardError: number;
  readonly degreesOfFreedom: number;
}

/**
 * Welch's t-test of two independent samples, without assuming equal variances; degrees of freedom by Welch (1947) and
 * Satterthwaite (1946).
 *
 * @param first [n] at least 2, for a test to be made
 * @param second [m] at least 2
 * @param level of the interval's confidence
 * @returns a test, or why there is none: fewer than two values, or both samples constant
 * @throws TesseraError for an empty sample, or a value that is not finite
 * @throws UsageError for a level outside (0, 1)
 */
export function welchTTest(first: ArrayLike<number>, second: ArrayLike<number>, level = 0.95): TTest {
  return tTestOf(welchContrast(first, second, "welchTTest"), level, "welchTTest");
}

/** Student's t-test of two independent samples of equal variance, n + m - 2 degrees of freedom; as `welchTTest` otherwise. */
export function pooledTTest(first: ArrayLike<number>, second: ArrayLike<number>, level = 0.95): TTest {
  const what = "pooledTTest";
  const [a, b] = [momentsOf(first, what), momentsOf(second, what)];
  const degreesOfFreedom = a.count + b.count - 2;
  const variance = ((a.count - 1) * a.variance + (b.count - 1) * b.variance) / degreesOfFreedom;
  const standardError = Math.sqrt(variance * (1 / a.count + 1 / b.count));
  return tTestOf(independent(a, b, standardError, degreesOfFreedom), level, what);
}

/**
 * Student's t-test of paired values, such as two methods on the same seeds: whether the differences first[i] - second[i]
 * have mean 0.
 *
 * @param first [n] at least 2, for a test to be made
 * @param second [n]
 * @returns a test, or why there is none: fewer than two pairs, or all differences equal
 * @throws ShapeError when the lengths differ; otherwise as `welchTTest`
 */
export function pairedTTest(first: ArrayLike<number>, second: ArrayLike<number>, level = 0.95): TTest {
  return tTestOf(pairedContrast(first, second, "pairedTTest"), level, "pairedTTest");
}

/** The contrast of Welch's test, or why it has none. */
export function welchContrast(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  what: string,
): Contrast | TestNotMade {
  const [a, b] = [momentsOf(first, what), momentsOf(second, what)];
  const [u, v] = [a.variance / a.count, b.variance / b.count];
  const share = u / (u + v); // of a in the whole; squares of shares cannot underflow to 0 / 0
  const degreesOfFreedom = 1 / (share ** 2 / (a.count - 1) + (1 - share) ** 2 / (b.count - 1));
  return independent(a, b, Math.sqrt(u + v), degreesOfFreedom);
}

/** The contrast of paired values, or why it has none. */
export function pairedContrast(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  what: string,
): Contrast | TestNotMade {
  for (const sample of [first, second]) expectArgument(what, "the sample", sample, numbersInOrder);
  if (first.length !== second.length) {
    throw new ShapeError(`${what}: ${first.length} and ${second.length} values do not make pairs`);
  }
  const [a, b] = [momentsOf(first, what), momentsOf(second, what)];
  const differences = Float64Array.from({ length: a.count }, (_, i) => first[i] - second[i]);
  const { count, mean, variance } = momentsOf(differences, what);
  if (count < 2) return notMade(mean, `${count} pair; a paired test needs at least 2`);
  const standardError = Math.sqrt(variance / count);
  // Subtracting rounds in units of what is subtracted, so that is what the spread has to be compared with.
  if (isConstant(standardError, a.mean, b.mean)) return notMade(mean, "the differences do not vary");
  return { difference: mean, standardError, degreesOfFreedom: count - 1 };
}

function independent(
  a: Moments,
  b: Moments,
  standardError: number,
  degreesOfFreedom: number,
): Contrast | TestNotMade {
  const difference = a.mean - b.mean;
  if (a.count < 2 || b.count < 2) {
    return notMade(difference, `samples of ${a.count} and ${b.count}; each needs at least 2 values`);
  }
  if (isConstant(standardError, a.mean, b.mean)) return notMade(difference, "neither sample varies");
  return { difference, standardError, degreesOfFreedom };
}

function tTestOf(contrast: Contrast | TestNotMade, level: number, what: string): TTest {
  const tail = upperTail(what, level);
  if ("reason" in contrast) return contrast;
  const { difference, standardError, degreesOfFreedom } = contrast;
  const t = difference / standardError;
  return {
    difference,
    standardError,
    t,
    degreesOfFreedom,
    p: twoSidedP(t, degreesOfFreedom),
    interval: around(difference, standardError * studentTQuantile(tail, degreesOfFreedom)),
    reason: null,
  };
}

function notMade(difference: number, reason: string): TestNotMade {
  return { difference, p: null, reason };
}
