// Mean and variance of a sample, and whether it varies at all.
import { expectArgument, numbersInOrder } from "../errors/arguments.ts";
import { TesseraError } from "../errors/errors.ts";

/** What every test needs to know of a sample. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Unbiased (n - 1); 0 with one value, which has no spread to speak of. */
  readonly variance: number;
}

/**
 * Mean and variance, in two passes so that a small spread on a large mean keeps its digits.
 *
 * @param what in front of messages
 * @throws TesseraError for an empty sample, or a value that is not finite
 */
export function momentsOf(values: ArrayLike<number>, what: string): Moments {
  expectArgument(what, "the sample", values, numbersInOrder);
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
