// How the losses of a run went, in as many points as a figure shows.

import type { TrainingSettings } from "../assemble/training-settings.ts";
import { mean } from "./study-numbers.ts";

export interface LossCourse {
  readonly bce: number[];
  readonly pseudo: number[];
  readonly consistency: number[];
}

/** A figure is no finer. */
const mostPoints = 100;

/** One to go on with: a copy of one that was begun, or none yet. */
export function courseFrom(begun?: LossCourse): LossCourse {
  const { bce = [], pseudo = [], consistency = [] } = begun ?? {};
  return { bce: [...bce], pseudo: [...pseudo], consistency: [...consistency] };
}

/** Means of pieces that are equally long to within one epoch, and nothing of a loss that taught nothing. */
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
