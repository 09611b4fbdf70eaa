// A sample of a few numbers, such as the AUC of each seed: mean, spread, and how sure the mean is.
import { TesseraError, UsageError } from "../device/errors.ts";
import type { Interval } from "./bootstrap.ts";
import { studentTQuantile } from "./distributions.ts";

/** What every test needs to know of a sample. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Unbiased (n - 1); 0 with one value, which has no spread to speak of. */
  readonly variance: number;
}

/** A mean with Student's interval. */
export interface MeanEstimate {
  readonly count: number;
  readonly mean: number;
  /** Of the sample (n - 1); null for a single value. */
  readonly standardDeviation: number | null;
  /** Null with the reason in `note`. */
  readonly interval: Interval | null;
  /** Why there is no interval; null where there is one. */
  readonly note: string | null;
}

/**
 * The mean of a sample with its t-interval, mean +- t s / sqrt(n). It holds for values that are roughly normal.
 *
 * @param values [n] at least one
 * @param level of confidence, .95 unless said otherwise
 * @returns no interval for a single value, nor where all values are equal
 * @throws TesseraError for an empty sample, or a value that is not finite
 * @throws UsageError for a level outside (0, 1)
 */
export function meanInterval(values: ArrayLike<number>, level = 0.95): MeanEstimate {
  const tail = upperTail("meanInterval", level);
  const sample = momentsOf(values, "meanInterval");
  const { count, mean, variance } = sample;
  const standardDeviation = count > 1 ? Math.sqrt(variance) : null;
  if (count < 2) {
    return { count, mean, standardDeviation, interval: null, note: "a single value has no spread" };
  }
  const standardError = Math.sqrt(variance / count);
  if (isConstant(standardError, mean)) {
    return { count, mean, standardDeviation, interval: null, note: "all values are equal" };
  }
  return {
    count,
    mean,
    standardDeviation,
    interval: around(mean, standardError * studentTQuantile(tail, count - 1)),
    note: null,
  };
}

/**
 * Mean and variance, in two passes so that a small spread on a large mean keeps its digits.
 *
 * @param what in front of messages
 * @throws TesseraError for an empty sample, or a value that is not finite
 */
export function momentsOf(values: ArrayLike<number>, what: string): Moments {
  const count = values.length;
  if (count === 0) throw new TesseraError(`${what}: the sample is empty`);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    if (!Number.isFinite(values[i])) {
      throw new TesseraError(
        `${what}: value ${i} of the sample is ${values[i]}; only finite numbers can be tested`,
      );
    }
    sum += values[i];
  }
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < count; i++) squares += (values[i] - mean) ** 2;
  return { count, mean, variance: count > 1 ? squares / (count - 1) : 0 };
}

/**
 * Whether a spread is nothing but rounding, ten units in the last place of what it is the spread of: three times .1 has a
 * mean that is not .1. R's t.test has the same bound.
 */
export function isConstant(spread: number, ...around: readonly number[]): boolean {
  return spread <= 10 * Number.EPSILON * Math.max(...around.map(Math.abs));
}

/** The share under the upper end of a two-sided interval. */
export function upperTail(what: string, level: number): number {
  if (!(level > 0 && level < 1)) {
    throw new UsageError(`${what}: a confidence level is between 0 and 1, not ${level}`);
  }
  return (1 + level) / 2;
}

export function around(middle: number, reach: number): Interval {
  return { low: middle - reach, high: middle + reach };
}
