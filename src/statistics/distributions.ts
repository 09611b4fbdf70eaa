// The distributions that tests and intervals need. The functions are stdlib's; here they get names and checked arguments.
import { described } from "../errors/arguments.ts";
import normal from "@stdlib/stats-base-dists-normal-quantile";
import studentCdf from "@stdlib/stats-base-dists-t-cdf";
import studentQuantile from "@stdlib/stats-base-dists-t-quantile";
import { UsageError } from "../errors/errors.ts";

/**
 * Probability that |T| >= |t| for Student's t. Taken from the lower tail, so that tiny ones keep their digits.
 *
 * @param t any number, infinite ones included
 * @param degreesOfFreedom above 0 and finite, whole or not
 * @throws UsageError for a NaN, or degrees of freedom that are not above 0 and finite
 */
export function twoSidedP(t: number, degreesOfFreedom: number): number {
  return Math.min(1, 2 * studentTCdf(-Math.abs(t), degreesOfFreedom));
}

/**
 * The distribution function of Student's t: the probability that T <= t. The other tail is `studentTCdf(-t, n)`, which keeps
 * the digits that 1 - p would lose. Arguments and errors as for `twoSidedP`.
 */
export function studentTCdf(t: number, degreesOfFreedom: number): number {
  // With infinitely many degrees of freedom, stdlib answers 1/2 for every t.
  const areNumbers = typeof t === "number" && typeof degreesOfFreedom === "number";
  const p = areNumbers && degreesOfFreedom < Infinity ? studentCdf(t, degreesOfFreedom) : NaN;
  if (Number.isNaN(p)) {
    throw new UsageError(
      `Student's t: t = ${described(t)} with ${described(degreesOfFreedom)} degrees of freedom; these are a finite number above 0`,
    );
  }
  return p;
}

/**
 * The t that a share `p` of Student's t lies under: the inverse of `studentTCdf`.
 *
 * @throws UsageError when `p` is not between 0 and 1, the degrees of freedom are not above 0 and finite, or the quantile is
 *   too large or too near 0 to be computed (p within 1e-6 of a half, or over 1e14 degrees of freedom)
 */
export function studentTQuantile(p: number, degreesOfFreedom: number): number {
  const what = `Student's t: quantile ${described(p)} with ${described(degreesOfFreedom)} degrees of freedom`;
  const areNumbers = typeof p === "number" && typeof degreesOfFreedom === "number";
  const t =
    areNumbers && p > 0 && p < 1 && degreesOfFreedom < Infinity ? studentQuantile(p, degreesOfFreedom) : NaN;
  if (Number.isNaN(t)) {
    throw new UsageError(`${what}; p is between 0 and 1, and these are a finite number above 0`);
  }
  // Where its continued fraction gives up, stdlib answers 0 or an infinite number.
  if (!Number.isFinite(t) || (t === 0 && p !== 0.5)) {
    throw new UsageError(`${what} cannot be computed: it is too large, or too near 0`);
  }
  return t;
}

/**
 * The z that a share `p` of the standard normal distribution lies under.
 *
 * @throws UsageError when `p` is not between 0 and 1
 */
export function normalQuantile(p: number): number {
  if (typeof p !== "number" || !(p > 0 && p < 1))
    throw new UsageError(`normal distribution: quantile ${described(p)} is not between 0 and 1`);
  return normal(p, 0, 1);
}
