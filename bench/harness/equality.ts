// Whether two implementations computed the same: what is not equal is not timed.

/** Numbers as any implementation hands them over. */
export type Numbers = ArrayLike<number>;

export class UnequalError extends Error {
  override readonly name = "UnequalError";
}

/** How results are compared. */
export type Bound =
  /** Every value: |a - e| <= relative (|e| + largest |e|). */
  | { readonly kind: "values"; readonly relative: number }
  /** All values of a result together: |a - e| <= relative |e| in the Euclidean norm. */
  | { readonly kind: "norm"; readonly relative: number };

/** One for all results of a work, or one for each. */
export type Bounds = Bound | readonly Bound[];

/**
 * The bound of the operator tests: rounding in f32, growing with the square root of the longest sum's length.
 * @param slack for functions that GPUs compute loosely
 */
export function roundingBound(reduction: number, slack = 1): Bound {
  return { kind: "values", relative: 4 * 2 ** -24 * Math.sqrt(reduction) * slack };
}

export function showBound({ kind, relative }: Bound): string {
  return `${kind === "norm" ? "norm of the error" : "each value"} within ${relative.toExponential(1)}`;
}

/** The error of one result in units of the bound; Infinity where a value is not finite or the lengths differ. */
export function errorOf(actual: Numbers, expected: Numbers, bound: Bound): number {
  if (actual.length !== expected.length) return Infinity;
  let largest = 0;
  let squares = 0;
  let errorSquares = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]));
    squares += expected[i] ** 2;
    errorSquares += (actual[i] - expected[i]) ** 2;
  }
  if (!Number.isFinite(errorSquares)) return Infinity;
  if (bound.kind === "norm") return Math.sqrt(errorSquares) / (bound.relative * Math.sqrt(squares) || 1e-30);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const room = bound.relative * (Math.abs(expected[i]) + largest) || 1e-30;
    worst = Math.max(worst, Math.abs(actual[i] - expected[i]) / room);
  }
  return worst;
}

/**
 * Holds results against those of the reference.
 * @returns the largest error in units of the bound, at most 1
 * @throws UnequalError naming what differs
 */
export function checkEqual(
  what: string,
  actual: readonly Numbers[],
  expected: readonly Numbers[],
  bounds: Bounds,
): number {
  if (actual.length !== expected.length) {
    throw new UnequalError(`${what} has ${actual.length} results, the reference ${expected.length}`);
  }
  let worst = 0;
  expected.forEach((each, i) => {
    const bound = "kind" in bounds ? bounds : bounds[i];
    if (actual[i].length !== each.length) {
      throw new UnequalError(
        `${what}: result ${i} has ${actual[i].length} values, the reference's ${each.length}`,
      );
    }
    const error = errorOf(actual[i], each, bound);
    if (error > 1) {
      throw new UnequalError(
        `${what}: result ${i} is not the reference's (${error.toPrecision(3)} times the bound; ${showBound(bound)})`,
      );
    }
    worst = Math.max(worst, error);
  });
  return worst;
}
