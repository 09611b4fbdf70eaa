// The losses over the course of a run, in as many points as a figure shows.

import type { TrainingSettings } from "../assemble/training-settings.ts";
import { mean } from "./study-numbers.ts";

export interface LossCourse {
  readonly bce: number[];
  readonly pseudo: number[];
  readonly consistency: number[];
}

/** The most points that a figure can show apart. */
const mostPoints = 100;

/** A course to add to: a copy of one that was begun, or an empty one. */
export function courseFrom(begun?: LossCourse): LossCourse {
  const { bce = [], pseudo = [], consistency = [] } = begun ?? {};
  return { bce: [...bce], pseudo: [...pseudo], consistency: [...consistency] };
}

/** Means over pieces of equal length (to within one epoch); a loss that had no weight is left out. */
export function condensed(
  { bce, pseudo, consistency }: LossCourse,
  weights: Pick<TrainingSettings, "lambdaPseudo" | "lambdaConsistency">,
): LossCourse {
  const taught = (values: readonly number[], weight: number): number[] =>
    means(weight === 0 ? values.map(() => 0) : values);
  return {
    bce: means(bce),
    pseudo: taught(pseudo, weights.lambdaPseudo),
    consistency: taught(consistency, weights.lambdaConsistency),
  };
}

function means(values: readonly number[]): number[] {
  const points = Math.min(mostPoints, values.length);
  return Array.from({ length: points }, (_, i) => {
    const [from, to] = [i, i + 1].map((at) => Math.round((at * values.length) / points));
    return mean(values.slice(from, to));
  });
}
