// Whether two rankings of the same queries differ.

import { anything, expectArgument, expectOptions } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import type { RankedQuery } from "../metrics/ranking.ts";
import {
  rankedQueries,
  rankingMeasures,
  rankingOptions,
  valuesOf,
  type RankingMeasure,
  type RankingOptions,
  type RankingValues,
} from "../metrics/ranking-summary.ts";
import { checkLevel } from "../statistics/interval.ts";
import { pairedTTest, type TTest } from "../statistics/t-tests.ts";

/**
 * Student's paired test of each measure over the queries of both rankings, which agrees with the randomisation test in retrieval
 * (Smucker, Allan and Carterette, "A comparison of statistical significance tests for information retrieval evaluation", 2007).
 * Five measures of one pair of rankings are no five experiments: decide on one beforehand.
 *
 * @param first [Q]
 * @param second [Q] the same queries in the same order
 * @param options of the measures
 * @returns for each measure the mean of first less second, its interval and its p; or why there is no test
 * @throws UsageError as `pFound`, and for lists of unequal length or with queries that only one of them has a relevant document for
 */
export function compareRankings(
  first: readonly RankedQuery[],
  second: readonly RankedQuery[],
  options: RankingOptions & { readonly level?: number | undefined } = {},
): Record<RankingMeasure, TTest> {
  const what = "compareRankings";
  expectArgument(what, "the first ranking", first, rankedQueries);
  expectArgument(what, "the second ranking", second, rankedQueries);
  expectOptions(what, options, { ...rankingOptions, level: anything });
  const { level = 0.95, ...measured } = options;
  checkLevel(what, level);
  if (first.length !== second.length) {
    throw new UsageError(
      `${what}: rankings of ${first.length} and ${second.length} queries are not of the same queries`,
    );
  }
  const [a, b] = [valuesOf(what, first, measured), valuesOf(what, second, measured)];
  const odd = first.findIndex((_, q) => (a.map[q] === null) !== (b.map[q] === null));
  if (odd >= 0)
    throw new UsageError(`${what}: query ${odd} has relevant documents in one of the two rankings only`);
  const judged = first.flatMap((_, q) => (a.map[q] === null ? [] : [q]));
  if (judged.length === 0)
    throw new UsageError(`${what}: no query has a relevant document, so that nothing can be compared`);
  const of = (values: RankingValues, measure: RankingMeasure): number[] =>
    judged.map((q) => values[measure][q] ?? 0);
  return Object.fromEntries(
    rankingMeasures.map((measure) => [measure, pairedTTest(of(a, measure), of(b, measure), level)]),
  ) as Record<RankingMeasure, TTest>;
}
