// The distributions that tests and intervals need. The functions are stdlib's; here they get names and checked arguments.
import normal from "@stdlib/stats-base-dists-normal-quantile";
import studentCdf from "@stdlib/stats-base-dists-t-cdf";
import studentQuantile from "@stdlib/stats-base-dists-t-quantile";
import { UsageError } from "../errors/errors.ts";

/**
 * Probability that |T| >= |t| for Student's t. Taken from the lower tail, so that tiny ones keep their digits.
 *
 * @param t any number, infinite ones included
 * @param degreesOfFreedom above 0, whole or not
 * @throws UsageError for a NaN, or degrees of freedom that are not above 0
 */
export function twoSidedP(t: number, degreesOfFreedom: number): number {
  return Math.min(1, 2 * lowerTail(-Math.abs(t), degreesOfFreedom));
}

/** Probability that T <= t for Student's t; arguments and errors as for `twoSidedP`. */
export function lowerTail(t: number, degreesOfFreedom: number): number {
  const p = studentCdf(t, degreesOfFreedom);
  if (Number.isNaN(p)) {
    throw new UsageError(`Student's t: t = ${t} with ${degreesOfFreedom} degrees of freedom`);
  }
  return p;
}

/**
 * The t that a share `p` of Student's t lies under.
 *
 * @throws UsageError when `p` is not between 0 and 1, or the degrees of freedom are not above 0
 */
export function studentTQuantile(p: number, degreesOfFreedom: number): number {
  const t = p > 0 && p < 1 ? studentQuantile(p, degreesOfFreedom) : NaN;
  if (Number.isNaN(t)) {
    throw new UsageError(`Student's t: quantile ${p} with ${degreesOfFreedom} degrees of freedom`);
  }
  return t;
}

/**
 * The z that a share `p` of the standard normal distribution lies under.
 *
 * @throws UsageError when `p` is not between 0 and 1
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new UsageError(`normal distribution: quantile ${p} is not between 0 and 1`);
  return normal(p, 0, 1);
}
