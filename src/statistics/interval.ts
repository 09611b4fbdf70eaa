// Intervals of confidence: what bootstrap and tests give.
import { described } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";

/** From `low` to `high`, both included. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

export function around(middle: number, reach: number): Interval {
  return { low: middle - reach, high: middle + reach };
}

/** @throws UsageError for a level of confidence outside (0, 1) */
export function checkLevel(what: string, level: number): void {
  if (typeof level !== "number" || !(level > 0 && level < 1)) {
    throw new UsageError(`${what}: a confidence level is between 0 and 1, not ${described(level)}`);
  }
}

/** The share under the upper end of a two-sided interval. @throws UsageError as `checkLevel` */
export function upperTail(what: string, level: number): number {
  checkLevel(what, level);
  return (1 + level) / 2;
}
