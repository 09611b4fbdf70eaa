// What a study's figures show: of each arm and group of classes its mean AUC by seed, and the differences of arms that
// share seeds.

import type { ClassGroup, Comparison, Score, StudyScores } from "../../assemble/index.ts";
import { meanInterval, type MeanEstimate } from "../../metrics/index.ts";

/** A value of each seed, and their mean with Student's 95 % interval. */
export interface Estimate {
  readonly seeds: readonly { readonly seed: number; readonly value: number }[];
  readonly mean: MeanEstimate;
}

/** Mean over the classes of a group whose AUC is defined; undefined when none is. */
export function groupMean({ auc }: Score, { classes }: ClassGroup): number | undefined {
  const values = classes.flatMap((name) => auc[name] ?? []);
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** An arm's mean AUC over a group, by seed; undefined without a finished run. */
export function armEstimate({ scores }: StudyScores, arm: string, group: ClassGroup): Estimate | undefined {
  return estimateOf(
    scores.flatMap((score) => {
      const value = score.arm === arm ? groupMean(score, group) : undefined;
      return value === undefined ? [] : [{ seed: score.seed, value }];
    }),
  );
}

/** The first arm's mean AUC over a group less the second's, by seed; undefined where they share none. */
export function differenceEstimate(
  scores: StudyScores,
  { first, second }: Comparison,
  group: ClassGroup,
): Estimate | undefined {
  const others = new Map(
    armEstimate(scores, second, group)?.seeds.map(({ seed, value }) => [seed, value] as const),
  );
  const seeds = armEstimate(scores, first, group)?.seeds ?? [];
  return estimateOf(
    seeds.flatMap(({ seed, value }) => {
      const other = others.get(seed);
      return other === undefined ? [] : [{ seed, value: value - other }];
    }),
  );
}

function estimateOf(seeds: Estimate["seeds"]): Estimate | undefined {
  if (seeds.length === 0) return undefined;
  const sorted = seeds.toSorted((a, b) => a.seed - b.seed);
  return { seeds: sorted, mean: meanInterval(sorted.map(({ value }) => value)) };
}
