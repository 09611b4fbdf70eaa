// Exact intervals of a proportion, such as a sensitivity: so many of so many. A file of its own, since stdlib's beta distribution
// takes half a second to load.

import betaQuantile from "@stdlib/stats-base-dists-beta-quantile";
import { expectArgument, wholeFrom } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { upperTail, type Interval } from "./interval.ts";

/**
 * The interval of Clopper and Pearson (Biometrika 26, 1934): it holds the true proportion at least as often as `level` says,
 * however few there are. Where none of n was a hit it begins at 0, and where all were, it ends at 1.
 *
 * @param hits from 0 to `of`
 * @param of trials, at least 1
 * @param level of confidence, .95 unless said otherwise
 * @throws UsageError for numbers that are no such counts, or a level outside (0, 1)
 */
export function exactInterval(hits: number, of: number, level = 0.95): Interval {
  const what = "exactInterval";
  expectArgument(what, "the hits", hits, wholeFrom(0));
  expectArgument(what, "the trials", of, wholeFrom(1));
  if (hits > of) throw new UsageError(`${what}: ${hits} hits of ${of} are too many`);
  const upper = upperTail(what, level);
  return {
    low: hits === 0 ? 0 : betaQuantile(1 - upper, hits, of - hits + 1),
    high: hits === of ? 1 : betaQuantile(upper, hits + 1, of - hits),
  };
}
