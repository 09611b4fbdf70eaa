// Metrics of rankings over queries: means with intervals.
import {
  aNumber,
  aRecord,
  expectArgument,
  expectOptions,
  listOf,
  oneOf,
  wholeFrom,
  type OptionChecks,
} from "../errors/arguments.ts";
import {
  bootstrapOptions,
  bootstrapSettings,
  bootstrapValues,
  percentileEstimate,
  type BootstrapOptions,
} from "../statistics/bootstrap.ts";
import type { Interval } from "../statistics/interval.ts";
import {
  goesOn,
  ndcg,
  pFound,
  ranked,
  rankedPrecision,
  recallAt,
  reciprocalRank,
  type PFoundForm,
  type RankedQuery,
} from "./ranking.ts";

/** The measures of a ranking, in the order of tables. */
export const rankingMeasures = ["pFound", "ndcg", "map", "mrr", "recall"] as const;
export type RankingMeasure = (typeof rankingMeasures)[number];

export interface RankingOptions {
  /** Which pFound; `standard` unless said otherwise. */
  readonly pFound?: PFoundForm | undefined;
  /** The highest grade that there is, for pFound; default: the highest of each query. */
  readonly bestGrade?: number | undefined;
  /** Ranks that nDCG is of; 10 unless said otherwise. */
  readonly ndcgAt?: number | undefined;
  /** Ranks that recall is of; 100 unless said otherwise. */
  readonly recallAt?: number | undefined;
}

export interface RankingIntervalOptions extends RankingOptions, BootstrapOptions {}

/** A mean over queries. */
export interface RankingEstimate {
  /** Null where no query has a relevant document. */
  readonly mean: number | null;
  /** Percentile interval over queries, drawn with replacement; null with fewer than two of them. */
  readonly interval: Interval | null;
}

/** Each measure of each query, [Q]; null for one without relevant documents. */
export type RankingValues = Readonly<Record<RankingMeasure, readonly (number | null)[]>>;

export interface RankingSummary {
  /** Queries that have a relevant document; the others are left out of all means. */
  readonly queries: number;
  readonly without: number;
  readonly measures: Readonly<Record<RankingMeasure, RankingEstimate>>;
}

/** Checks of `RankingOptions`. */
export const rankingOptions: OptionChecks<RankingOptions> = {
  pFound: oneOf(Object.keys(goesOn)),
  bestGrade: aNumber,
  ndcgAt: wholeFrom(1),
  recallAt: wholeFrom(1),
};
const intervalOptions: OptionChecks<RankingIntervalOptions> = { ...rankingOptions, ...bootstrapOptions };
export const rankedQueries = listOf("ranked queries", aRecord);

/**
 * Every measure of every query.
 *
 * @param queries [Q]
 * @throws UsageError as `pFound`
 */
export function rankingValues(queries: readonly RankedQuery[], options: RankingOptions = {}): RankingValues {
  const what = "rankingValues";
  expectArgument(what, "the queries", queries, rankedQueries);
  expectOptions(what, options, rankingOptions);
  return valuesOf(what, queries, options);
}

/** As `rankingValues`, for a caller that has checked the options. @param what the function that was called, for messages */
export function valuesOf(
  what: string,
  queries: readonly RankedQuery[],
  options: RankingOptions,
): RankingValues {
  for (const [q, query] of queries.entries()) ranked(query, `${what}: query ${q}`);
  const { pFound: form, bestGrade, ndcgAt, recallAt: ranks } = options;
  const map = queries.map(rankedPrecision);
  return {
    // 0 for a query without relevant documents says nothing of the ranking.
    pFound: queries.map((query, q) => (map[q] === null ? null : pFound(query, form, bestGrade))),
    ndcg: queries.map((query) => ndcg(query, ndcgAt)),
    map,
    mrr: queries.map(reciprocalRank),
    recall: queries.map((query) => recallAt(query, ranks)),
  };
}

/**
 * Means over queries with intervals of the bootstrap, which draws queries.
 *
 * @param queries [Q]
 * @throws UsageError as `pFound`, and for options that cannot be
 */
export function summariseRanking(
  queries: readonly RankedQuery[],
  options: RankingIntervalOptions = {},
): RankingSummary {
  const what = "summariseRanking";
  expectArgument(what, "the queries", queries, rankedQueries);
  expectOptions(what, options, intervalOptions);
  const { resamples, level = 0.95, seed, progress, ...measured } = options;
  bootstrapSettings({ resamples, level, seed }, what);
  const values = valuesOf(what, queries, measured);
  const judged = queries.flatMap((_, q) => (values.map[q] === null ? [] : [q]));
  const columns = rankingMeasures.map((measure) => judged.map((q) => values[measure][q] ?? 0));
  const drawn = bootstrapValues(
    [judged.map((_, i) => i)],
    (weights) => columns.map((column) => (judged.length < 2 ? null : weighted(column, weights))),
    { resamples, level, seed, progress },
  );
  const estimates = rankingMeasures.map((measure, m): readonly [RankingMeasure, RankingEstimate] => {
    const mean = judged.length === 0 ? null : weighted(columns[m], new Uint32Array(judged.length).fill(1));
    return [measure, { mean, interval: percentileEstimate(mean, drawn[m], judged.length, level).interval }];
  });
  return {
    queries: judged.length,
    without: queries.length - judged.length,
    measures: Object.fromEntries(estimates) as Record<RankingMeasure, RankingEstimate>,
  };
}

function weighted(values: readonly number[], weights: Uint32Array): number {
  let sum = 0;
  for (const [i, value] of values.entries()) sum += weights[i] * value;
  return sum / values.length; // as many are drawn as there are
}
