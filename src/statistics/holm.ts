// Several tests asked of one set of runs: what is left of each p once that is counted.
import { aList, described, expectArgument } from "../errors/arguments.ts";
import { TesseraError } from "../errors/errors.ts";

/**
 * Holm's step-down correction (1979): the i-th smallest of m values of p becomes the largest of (m - j + 1) p_j over j <= i,
 * at most 1. Whoever calls those under alpha significant calls a true null hypothesis so with a probability of at most
 * alpha, however the tests depend on each other.
 *
 * @param p [m] of one family of tests, in any order
 * @returns [m] in the order of `p`, each at least its own p
 * @throws TesseraError for a value outside [0, 1]
 */
export function holmAdjusted(p: readonly number[]): number[] {
  expectArgument("holmAdjusted", "the p values", p, aList);
  const wrong = p.findIndex((each) => typeof each !== "number" || !(each >= 0 && each <= 1));
  if (wrong >= 0)
    throw new TesseraError(`holmAdjusted: p of test ${wrong} is ${described(p[wrong])}, not in [0, 1]`);
  const adjusted = new Array<number>(p.length);
  let largest = 0;
  for (const [rank, at] of [...p.keys()].sort((a, b) => p[a] - p[b]).entries()) {
    largest = Math.max(largest, Math.min(1, (p.length - rank) * p[at]));
    adjusted[at] = largest;
  }
  return adjusted;
}
