// Losses as people read them: the total as the weighted sum of its terms.

import {
  noLambdas,
  termWeights,
  type GivenLambdas,
  type TermSettings,
} from "../../assemble/assemble-terms.ts";
import type { Losses } from "../../training/loss-terms.ts";

/** By term; a term of weight 0 is no part of the total. */
export type TermWeights = Readonly<Record<string, number>>;

/** The weights of a run's terms at its steps, from 1. */
export function weightsOfSteps(
  settings: GivenLambdas & TermSettings,
  warmup: number,
): (step: number) => TermWeights {
  const [warm, full] = [termWeights(settings, noLambdas), termWeights(settings)];
  return (step) => (step <= warmup ? warm : full);
}

/**
 * `bce 0.6275 + 0.3 x dice 0.9214`: the terms that count, with their weights where these are not 1. Empty where the total is the
 * only one.
 *
 * @param before weights at the first of several steps that the losses are means of: a term that joined in among them is told so
 */
export function showTerms(losses: Losses, weights: TermWeights, before: TermWeights = weights): string {
  return Object.entries(weights)
    .filter(([, weight]) => weight !== 0)
    .map(([name, weight]) => {
      const factor = weight === 1 ? "" : `${weight} x `;
      const since = before[name] === 0 ? " after warm-up" : "";
      return `${factor}${name} ${losses[name].toFixed(4)}${since}`;
    })
    .join(" + ");
}

/** The same in brackets, after a space. */
export function bracketedTerms(losses: Losses, weights: TermWeights, before?: TermWeights): string {
  const terms = showTerms(losses, weights, before);
  return terms === "" ? "" : ` (${terms})`;
}
