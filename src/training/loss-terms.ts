// The losses of a step by the names of their terms, and their means over many steps.

/** By term, "total" first. */
export type Losses = Readonly<Record<string, number>>;

export function lossesOf(terms: readonly string[], values: ArrayLike<number>): Losses {
  return Object.fromEntries(terms.map((term, i) => [term, values[i] ?? NaN]));
}

export const noLosses = (terms: readonly string[]): Losses =>
  Object.fromEntries(terms.map((term) => [term, 0]));

export function added(sums: Losses, losses: Losses): Losses {
  return Object.fromEntries(Object.entries(sums).map(([term, sum]) => [term, sum + losses[term]]));
}

/** Those that figures show: what the total is made of, or the total itself where there is nothing else. */
export const shownTerms = (terms: readonly string[]): readonly string[] =>
  terms.length === 1 ? terms : terms.filter((term) => term !== "total");

/** @param steps how many the sums are of */
export function meansOf(sums: Losses, steps: number): Losses {
  return Object.fromEntries(Object.entries(sums).map(([term, sum]) => [term, sum / steps]));
}
