// The standard normal distribution with digits in both tails, and numbers drawn from it between two bounds wherever these are:
// a condition that few rows fulfil lies far out, where 1 - p has no digits left.

import normal from "@stdlib/stats-base-dists-normal-cdf";
import type { Random } from "../../data/random-stream.ts";

/** phi(x). */
export const normalDensity = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/** Phi(x): the share below x. The share above is `shareBelow(-x)`, which keeps its digits. */
export const shareBelow = (x: number): number => normal(x, 0, 1);

/**
 * The x that a share p lies below, to 16 digits down to p = 1e-300 (stdlib's is -Infinity from 1e-17 on).
 *
 * Source: Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988).
 */
export function normalQuantile(p: number): number {
  if (p <= 0) return -Infinity;
  if (p >= 1) return Infinity;
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) return q * ratioAt(0.180625 - q * q, central);
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
  return Math.sign(q) * (r <= 5 ? ratioAt(r - 1.6, nearTail) : ratioAt(r - 5, farTail));
}

interface Ratio {
  /** Highest power first. */
  readonly above: readonly number[];
  readonly below: readonly number[];
}

function ratioAt(x: number, { above, below }: Ratio): number {
  let numerator = above[0];
  let denominator = below[0];
  for (let i = 1; i < above.length; i++) {
    numerator = numerator * x + above[i];
    denominator = denominator * x + below[i];
  }
  return numerator / denominator;
}

const central: Ratio = {
  above: [
    2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
    13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608,
  ],
  below: [
    5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
    5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1,
  ],
};
const nearTail: Ratio = {
  above: [
    7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
    3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734,
  ],
  below: [
    1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
    0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1,
  ],
};
const farTail: Ratio = {
  above: [
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
    0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772,
  ],
  below: [
    2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
    0.0148753612908506148525, 0.1369298809227358053, 0.59983220655588793769, 1,
  ],
};

/** Masses below this have too few digits; the tail's own formula takes over. */
const least = 1e-290;

/** The natural logarithm of the share between two bounds, low < high, wherever they are. */
export function logShareBetween(low: number, high: number): number {
  if (low >= 0) return logShareBetween(-high, -low);
  if (high > 0) return Math.log1p(-shareBelow(low) - shareBelow(-high));
  const share = shareBelow(high) - shareBelow(low);
  if (share > least) return Math.log(share);
  // Phi(-x) is phi(x) / x to one part in x^2, and x is over 36 here unless the bounds all but touch.
  const part = -Math.expm1(-0.5 * (low - high) * (low + high));
  return -0.5 * high * high - 0.5 * Math.log(2 * Math.PI) - Math.log(Math.max(-high, 1)) + Math.log(part);
}

/**
 * Draws from the standard normal distribution between two bounds.
 *
 * @param low below `high`; -Infinity for none
 * @param high Infinity for none
 * @returns a number in [low, high]
 */
export function normalBetween(low: number, high: number, random: Random): number {
  if (low >= 0) return -normalBetween(-high, -low, random);
  const below = shareBelow(low);
  const share = high > 0 ? 1 - below - shareBelow(-high) : shareBelow(high) - below;
  // Never 0, which would be the lower bound itself, where there may be none.
  const u = random.uniform() + 2 ** -33;
  const x = share > least ? normalQuantile(below + u * share) : tailBetween(low, high, u);
  return Math.min(high, Math.max(low, x));
}

/** Far out the square of a normal number, halved, falls exponentially, to one part in its square. low < high <= 0 */
function tailBetween(low: number, high: number, u: number): number {
  const part = -Math.expm1(-0.5 * (low - high) * (low + high));
  return -Math.sqrt(high * high - 2 * Math.log1p(-u * part));
}
