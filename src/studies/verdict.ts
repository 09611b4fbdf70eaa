// The conclusion of a comparison, in a sentence that claims no more than its tests show.

import { counted } from "../errors/counted.ts";
import { isConstant } from "../statistics/moments.ts";
import { alpha, sayP, showDifference, showInterval, showMargin, showNumber, showP } from "./study-numbers.ts";
import type { ComparisonResult, EquivalenceResult } from "./results.ts";

/**
 * A difference is significant where p is under .05 after Holm's correction. A larger p is no evidence of equality: arms are
 * called equal only where the equivalence test shows it.
 *
 * @param label gives the phrase for an arm
 */
export function verdictOf(
  comparison: Omit<ComparisonResult, "verdict">,
  label: (arm: string) => string,
): string {
  const { equivalence, paired } = comparison;
  const difference = differenceVerdict(comparison, label);
  if (equivalence === null || paired.reason !== null) return `${difference}.`;
  return `${difference}; ${equalityVerdict(equivalence, isSignificant(comparison))}.`;
}

/** Whether the arms differ, as the paired test says once it is corrected. */
export function isSignificant({ holm }: Pick<ComparisonResult, "holm">): boolean {
  return holm !== null && holm < alpha;
}

function differenceVerdict(
  comparison: Omit<ComparisonResult, "verdict">,
  label: (arm: string) => string,
): string {
  const { paired, difference, interval, holm, family, seeds } = comparison;
  if (difference === null) return withoutPairs(comparison);
  if (paired.reason !== null || interval === null || holm === null) return untested(comparison, difference);
  const [first, second] = [label(comparison.first), label(comparison.second)];
  const range = showInterval(interval);
  const over =
    family > 1 ? `Holm ${showP(holm)}, ${counted(seeds.length, "seed")}` : counted(seeds.length, "seed");
  const facts = `${sayP(paired.p)} (${over})`;
  if (isSignificant(comparison)) {
    const [word, better] = difference > 0 ? ["gain", "better"] : ["loss", "worse"];
    return `${word} of ${showNumber(Math.abs(difference))} ${rangeOfSize(interval, difference)}, ${facts}: ${first} is ${better} than ${second}`;
  }
  if (paired.p < alpha) {
    return `${showDifference(difference)} ${range}, ${facts}: not significant once corrected for ${family} comparisons`;
  }
  return `no significant difference: ${showDifference(difference)} ${range}, ${facts}`;
}

/** The interval of a difference whose sign is left out: of a gain, or of a loss counted as positive. */
function rangeOfSize(
  { low, high }: { readonly low: number; readonly high: number },
  difference: number,
): string {
  return showInterval(difference > 0 ? { low, high } : { low: -high, high: -low });
}

function withoutPairs({ paired, means, welch }: Omit<ComparisonResult, "verdict">): string {
  const { first, second } = means;
  if (first === null || second === null) return `not compared: ${paired.reason ?? ""}`;
  const apart = `${paired.reason ?? ""}, so that there is no paired test; their means differ by ${showDifference(first - second)}`;
  return welch.reason === null ? `${apart}, Welch's ${sayP(welch.p)}` : apart;
}

function untested(
  { seeds, means: { first, second } }: Omit<ComparisonResult, "verdict">,
  difference: number,
): string {
  if (seeds.length === 1) {
    return `${showDifference(difference)} in a single seed, from which no test can be made`;
  }
  const each = `each of the ${seeds.length} seeds`;
  if (!isConstant(Math.abs(difference), first ?? 0, second ?? 0)) {
    return `${showDifference(difference)} in ${each}: a difference without any spread cannot be tested`;
  }
  if (first === 1 && second === 1)
    return `both are 1 in ${each}: these test images leave no room for a difference`;
  return `the same in ${each}: there is nothing to test`;
}

function equalityVerdict({ margin, paired }: EquivalenceResult, differs: boolean): string {
  const within = `within ${showMargin(margin)}`;
  if (paired.reason !== null) return `equality ${within} cannot be tested: ${paired.reason}`;
  if (!paired.equivalent) return `equality ${within} not shown (${sayP(paired.p)})`;
  return differs
    ? `yet the difference is shown to be smaller than ${margin} (${sayP(paired.p)})`
    : `equality ${within} shown (${sayP(paired.p)})`;
}
