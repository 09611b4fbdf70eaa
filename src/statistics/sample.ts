// A sample of a few numbers, such as the AUC of each seed: mean, spread, and how sure the mean is.
import { studentTQuantile } from "./distributions.ts";
import { around, upperTail, type Interval } from "./interval.ts";
import { isConstant, momentsOf } from "./moments.ts";

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
