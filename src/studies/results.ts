// What the scores of a study say: the contract between the analysis and those who show it.

import type { EquivalenceMade } from "../statistics/equivalence.ts";
import type { Interval } from "../statistics/interval.ts";
import type { MeanEstimate } from "../statistics/sample.ts";
import type { TTestMade } from "../statistics/t-tests.ts";
import type { Comparison } from "./scores.ts";

/** A test, or why there is none; `reason === null` says which. */
export type Tested<Made> = Made | { readonly p: null; readonly reason: string };

/** The mean AUC of an arm over the classes of a group. */
export interface GroupResult {
  readonly arm: string;
  readonly group: string;
  /** Ascending; those that have an AUC for a class of the group. */
  readonly seeds: readonly number[];
  /** By seed: mean over the group's classes that have an AUC. */
  readonly values: readonly number[];
  /** Over seeds; null where there is none. */
  readonly estimate: MeanEstimate | null;
  /** Classes of the group that the mean of at least one seed is without, because they have no AUC there. */
  readonly leftOut: readonly string[];
}

/** The AUC of an arm for a class. */
export interface ClassResult {
  readonly arm: string;
  readonly class: string;
  /** Ascending; those that have an AUC. */
  readonly seeds: readonly number[];
  readonly values: readonly number[];
  /** Over seeds; null where there is none. */
  readonly estimate: MeanEstimate | null;
}

/** Two one-sided tests of whether the arms are equal to within a margin, which is no part of Holm's correction. */
export interface EquivalenceResult {
  readonly margin: number;
  /** Over the seeds that both arms have. */
  readonly paired: Tested<EquivalenceMade>;
  /** Over all seeds of each arm. */
  readonly welch: Tested<EquivalenceMade>;
}

/** An arm less another, in mean AUC over the classes of a group. */
export interface ComparisonResult extends Comparison {
  readonly group: string;
  /** Of the group, those that have an AUC in every seed of both arms: nothing else is compared. */
  readonly classes: readonly string[];
  /** That both arms have, ascending. */
  readonly seeds: readonly number[];
  /** By seed of `seeds`. */
  readonly differences: readonly number[];
  /** Of each arm over all its seeds; null where it has none. */
  readonly means: { readonly first: number | null; readonly second: number | null };
  /** Mean over `seeds`; null where there is none. */
  readonly difference: number | null;
  /** Of the difference, at 95 %, by the paired test; null where that cannot be made. */
  readonly interval: Interval | null;
  /** Of `differences`. Arms of a seed share images, initialisation and order, so this test decides the verdict. */
  readonly paired: Tested<TTestMade>;
  /** p of the paired test by Holm's correction over the comparisons of the group; null where there is no test. */
  readonly holm: number | null;
  /** How many tests that correction is over. */
  readonly family: number;
  /** The two-sample tests take all seeds of each arm as independent of the other's. Neither is corrected. */
  readonly welch: Tested<TTestMade>;
  readonly pooled: Tested<TTestMade>;
  /** Null where no margin was given. */
  readonly equivalence: EquivalenceResult | null;
  /** What the comparison leaves out, a sentence each. */
  readonly notes: readonly string[];
  /** What it comes to, in a sentence. */
  readonly verdict: string;
}

/** A comparison before it is known what else is asked of the group. */
export type UncorrectedComparison = Omit<ComparisonResult, "holm" | "family" | "verdict">;

export interface StudyAnalysis {
  readonly study: string;
  /** Of the intervals of means and differences. */
  readonly level: number;
  /** What is called significant, and the level of each one-sided test of equivalence. */
  readonly alpha: number;
  /** Arm by arm, every group. */
  readonly groups: readonly GroupResult[];
  /** Arm by arm, every class. */
  readonly classes: readonly ClassResult[];
  /** Group by group, every comparison. */
  readonly comparisons: readonly ComparisonResult[];
  /** The study's own, and what is missing or undefined. */
  readonly notes: readonly string[];
}
