// Whether two quantities go together: Pearson's correlation of the values and Spearman's of their ranks, with test and
// interval.
import { expectArgument, numbersInOrder } from "../errors/arguments.ts";
import { ShapeError } from "../errors/errors.ts";
import { normalQuantile, twoSidedP } from "./distributions.ts";
import { upperTail, type Interval } from "./interval.ts";
import { isConstant, momentsOf } from "./moments.ts";

/** A correlation that exists. */
export interface CorrelationMade {
  readonly count: number;
  /** From -1 to 1. */
  readonly r: number;
  /**
   * Two-sided, of r = 0, with n - 2 degrees of freedom; 0 where r is 1 or -1. Spearman's r is exactly that for ranks in equal
   * or opposite order; Pearson's, of points on a line, may be a rounding away from it, with a p near 0.
   */
  readonly p: number;
  /** By Fisher's transformation, or null with three points, too few for it. */
  readonly interval: Interval | null;
  readonly reason: null;
}

/** A correlation that does not exist, or says nothing. */
export interface CorrelationNotMade {
  readonly count: number;
  /** Null where a quantity does not vary; -1 or 1 for two points, which are always on a line. */
  readonly r: number | null;
  readonly p: null;
  /** Why not, in words. */
  readonly reason: string;
}

/** `reason === null`, or `p !== null`, says which of the two it is. */
export type Correlation = CorrelationMade | CorrelationNotMade;

/**
 * Pearson's r, tested by t = r sqrt((n - 2) / (1 - r^2)), with the interval tanh(atanh r +- z / sqrt(n - 3)) (Fisher, 1921).
 * Test and interval hold for pairs that are roughly normal.
 *
 * @param x [n] at least 3, for a test to be made
 * @param y [n]
 * @param level of the interval's confidence
 * @throws ShapeError when the lengths differ
 * @throws TesseraError for an empty sample, or a value that is not finite
 * @throws UsageError for a level outside (0, 1)
 */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>, level = 0.95): Correlation {
  return correlated(
    "pearson",
    x,
    y,
    level,
    (values) => values,
    () => 1,
  );
}

/**
 * Spearman's rank correlation: Pearson's r of the ranks, tied values sharing the mean of theirs. It measures whether one
 * quantity rises with the other, on a line or not, and an outlier counts no more than the largest value.
 *
 * The test is that of `pearson` with the ranks, as SciPy's spearmanr and, with ties, R's cor.test; an approximation that is
 * rough under ten pairs. The interval is tanh(atanh r +- z sqrt((1 + r^2 / 2) / (n - 3))) (Bonett and Wright, 2000).
 * Parameters, errors and reasons as for `pearson`.
 */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>, level = 0.95): Correlation {
  return correlated("spearman", x, y, level, midRanks, (r) => 1 + r ** 2 / 2);
}

/**
 * @param scale what the values are correlated as, such as their ranks
 * @param spread (n - 3) times the variance of atanh r
 */
function correlated(
  what: string,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  level: number,
  scale: (values: ArrayLike<number>) => ArrayLike<number>,
  spread: (r: number) => number,
): Correlation {
  const tail = upperTail(what, level);
  for (const values of [x, y]) expectArgument(what, "the sample", values, numbersInOrder);
  if (x.length !== y.length)
    throw new ShapeError(`${what}: ${x.length} and ${y.length} values do not make pairs`);
  for (const values of [x, y]) momentsOf(values, what); // refuses an empty sample, and what is not finite
  const [a, b] = [ofOrderOne(scale(x)), ofOrderOne(scale(y))];
  const [first, second] = [momentsOf(a, what), momentsOf(b, what)];
  const { count } = first;
  if (count < 2) return { count, r: null, p: null, reason: "a single point has no correlation" };
  if ([first, second].some(({ variance, mean }) => isConstant(Math.sqrt(variance), mean))) {
    return { count, r: null, p: null, reason: "one of the quantities does not vary" };
  }
  let [squaresX, squaresY, products] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const [fromX, fromY] = [a[i] - first.mean, b[i] - second.mean];
    squaresX += fromX ** 2;
    squaresY += fromY ** 2;
    products += fromX * fromY;
  }
  // The slope times the ratio of the deviations. Ranks and their mean are exact, so those of equal or opposite order have a
  // slope of exactly 1 or -1 and a ratio of 1.
  const slope = products / squaresX;
  const r = Math.max(-1, Math.min(1, slope * (Math.sqrt(squaresX) / Math.sqrt(squaresY)))); // rounding may pass 1
  if (count < 3) return { count, r, p: null, reason: "two points are always on a line" };
  const t = r * Math.sqrt((count - 2) / (1 - r * r)); // infinite on a line, and p 0
  const z = Math.atanh(r);
  const reach = (normalQuantile(tail) * Math.sqrt(spread(r))) / Math.sqrt(count - 3);
  return {
    count,
    r,
    p: twoSidedP(t, count - 2),
    interval: count < 4 ? null : { low: Math.tanh(z - reach), high: Math.tanh(z + reach) },
    reason: null,
  };
}

/** The values times a power of two, which changes no digit: squares of very large and very small ones are no numbers. */
function ofOrderOne(values: ArrayLike<number>): ArrayLike<number> {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]));
  const exponent = Math.floor(Math.log2(largest));
  if (!Number.isFinite(exponent) || Math.abs(exponent) < 100) return values;
  // In two steps: 2^1100 is no number.
  const half = 2 ** Math.trunc(-exponent / 2);
  const rest = 2 ** (-exponent - Math.trunc(-exponent / 2));
  return Float64Array.from(values, (value) => value * half * rest);
}

/** Ranks from 1, in order of the values; equal values share the mean of the ranks they take up. */
function midRanks(values: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i).sort(
    (a, b) => values[a] - values[b],
  );
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]] === values[order[from]]) to++;
    for (let i = from; i < to; i++) ranks[order[i]] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}
