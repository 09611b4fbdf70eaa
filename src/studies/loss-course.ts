// The losses over the course of a run, in as many points as a figure shows.

import { teaches, type GivenLambdas } from "../assemble/assemble-terms.ts";
import { shownTerms, type Losses } from "../training/loss-terms.ts";
import { mean } from "./study-numbers.ts";

/** By term, a point an epoch, or as many as a figure shows. */
export type LossCourse = Readonly<Record<string, number[]>>;

/** The most points that a figure can show apart. */
const mostPoints = 100;

/** Before the first epoch. @param terms of a step */
export const newCourse = (terms: readonly string[]): LossCourse =>
  Object.fromEntries(shownTerms(terms).map((term) => [term, []]));

/** One to go on with, which leaves the other as it is. */
export const copied = (course: LossCourse): LossCourse =>
  Object.fromEntries(Object.entries(course).map(([term, values]) => [term, [...values]]));

/** Takes the means over an epoch in. */
export function addEpoch(course: LossCourse, losses: Losses): void {
  for (const [term, values] of Object.entries(course)) values.push(losses[term]);
}

/** Means over pieces of equal length (to within one epoch); a loss that had no weight is left out. */
export const condensed = (course: LossCourse, settings: GivenLambdas): LossCourse =>
  Object.fromEntries(
    Object.entries(course).map(([term, values]) => [
      term,
      means(teaches(term, settings) ? values : values.map(() => 0)),
    ]),
  );

function means(values: readonly number[]): number[] {
  const points = Math.min(mostPoints, values.length);
  return Array.from({ length: points }, (_, i) => {
    const [from, to] = [i, i + 1].map((at) => Math.round((at * values.length) / points));
    return mean(values.slice(from, to));
  });
}
