// The results of a study: the contract between the analysis and the code that shows it.

import type { EquivalenceMade } from "../statistics/equivalence.ts";
import type { Interval } from "../statistics/interval.ts";
import type { MeanEstimate } from "../statistics/sample.ts";
import type { TTestMade } from "../statistics/t-tests.ts";
import type { MeasureName } from "../metrics/measures.ts";
import type { Comparison } from "./scores.ts";

/** A test, or why there is none; `reason === null` says which. */
export type Tested<Made> = Made | { readonly p: null; readonly reason: string };

/** The mean of an arm over the classes of a group. */
export interface GroupResult {
  readonly arm: string;
  readonly group: string;
  /** Seeds with a value for at least one class of the group, ascending. */
  readonly seeds: readonly number[];
  /** One value a seed: the mean over the group's classes that have a value. */
  readonly values: readonly number[];
  /** Mean over seeds; null where there is none. */
  readonly estimate: MeanEstimate | null;
  /** Classes of the group that have no value with at least one seed, so that the mean of that seed leaves them out. */
  readonly leftOut: readonly string[];
}

/** The value of an arm for a class. */
export interface ClassResult {
  readonly arm: string;
  readonly class: string;
  /** Seeds with a value of the class, ascending. */
  readonly seeds: readonly number[];
  readonly values: readonly number[];
  /** Mean over seeds; null where there is none. */
  readonly estimate: MeanEstimate | null;
}

/** Two one-sided tests of whether the arms are equal to within a margin. Holm's correction does not count them. */
export interface EquivalenceResult {
  readonly margin: number;
  /** By the seeds that both arms have. */
  readonly paired: Tested<EquivalenceMade>;
  /** By all seeds of each arm, as independent samples. */
  readonly welch: Tested<EquivalenceMade>;
}

/** The difference of two arms, first less second, in the mean over the classes of a group. */
export interface ComparisonResult extends Comparison {
  readonly group: string;
  /** Classes of the group that have a value in every seed of both arms; no others are compared. */
  readonly classes: readonly string[];
  /** Seeds that both arms have, ascending. */
  readonly seeds: readonly number[];
  /** One difference for each of `seeds`. */
  readonly differences: readonly number[];
  /** Mean of each arm over all its seeds; null where it has none. */
  readonly means: { readonly first: number | null; readonly second: number | null };
  /** Mean over `seeds`; null where there is none. */
  readonly difference: number | null;
  /** Interval of the difference at 95 %, by the paired test; null where that test cannot be made. */
  readonly interval: Interval | null;
  /**
   * The smallest true difference that the paired test finds in four of five studies with as many seeds and this spread, at .05 without
   * Holm's correction (`detectableDifference`); null where that test cannot be made.
   */
  readonly resolution: number | null;
  /** Test of `differences`. Arms of a seed share images, initialisation and order, so this test decides the verdict. */
  readonly paired: Tested<TTestMade>;
  /** p of the paired test by Holm's correction over the comparisons of the group; null where there is no test. */
  readonly holm: number | null;
  /** Number of tests that the correction counts. */
  readonly family: number;
  /** Two-sample tests, which take the seeds of both arms as independent. Neither is corrected. */
  readonly welch: Tested<TTestMade>;
  readonly pooled: Tested<TTestMade>;
  /** Tests of equality; null where no margin was given. */
  readonly equivalence: EquivalenceResult | null;
  /** What the comparison leaves out, one sentence for each. */
  readonly notes: readonly string[];
  /** The conclusion, in a sentence. */
  readonly verdict: string;
}

/** A comparison before Holm's correction, which needs the other comparisons of the group. */
export type UncorrectedComparison = Omit<ComparisonResult, "holm" | "family" | "verdict">;

export interface StudyAnalysis {
  readonly study: string;
  /** What is compared. */
  readonly measure: MeasureName;
  /** Confidence level of the intervals of means and differences. */
  readonly level: number;
  /** Significance level, also that of each one-sided test of equivalence. */
  readonly alpha: number;
  /** Means by arm, and within an arm by group. */
  readonly groups: readonly GroupResult[];
  /** Means by arm, and within an arm by class. */
  readonly classes: readonly ClassResult[];
  /** Comparisons by group. */
  readonly comparisons: readonly ComparisonResult[];
  /** The study's own notes, and what is missing or undefined. */
  readonly notes: readonly string[];
}
