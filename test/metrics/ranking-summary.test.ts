// Means of ranking metrics over queries, their intervals, and paired comparisons.
import { expect, test } from "vitest";
import { rankingValues, summariseRanking } from "../../src/metrics/ranking-summary.ts";
import { compareRankings } from "../../src/studies/compare-rankings.ts";
import type { RankedQuery } from "../../src/metrics/ranking.ts";
import { pairedTTest } from "../../src/statistics/t-tests.ts";

/** The one relevant document of each query at these ranks, among ten. */
const at = (ranks: readonly number[]): RankedQuery[] =>
  ranks.map((rank) => ({
    scores: Array.from({ length: 10 }, (_, i) => -i),
    grades: Array.from({ length: 10 }, (_, i) => (i === rank - 1 ? 1 : 0)),
  }));
const without: RankedQuery = { scores: [1, 2], grades: [0, 0] };

test("means are over the queries that have a relevant document, and the others are counted", () => {
  const {
    queries,
    without: left,
    measures,
  } = summariseRanking([...at([1, 2, 4]), without], { resamples: 100 });
  expect([queries, left]).toEqual([3, 1]);
  expect(measures.mrr.mean).toBeCloseTo((1 + 1 / 2 + 1 / 4) / 3, 14);
  expect(measures.map.mean).toBe(measures.mrr.mean);
  expect(measures.recall.mean).toBe(1);
  expect(measures.pFound.mean).toBeCloseTo((0.5 + 0.5 * 0.85 + 0.5 * 0.85 ** 3) / 3, 14);
  const { low, high } = measures.mrr.interval ?? { low: NaN, high: NaN };
  expect(low).toBeGreaterThanOrEqual(0.25);
  expect(low).toBeLessThan(measures.mrr.mean ?? NaN);
  expect(high).toBeGreaterThan(measures.mrr.mean ?? NaN);
  expect(high).toBeLessThanOrEqual(1);
});

test("one query has no interval, none has no mean", () => {
  expect(summariseRanking(at([2])).measures.mrr).toEqual({ mean: 0.5, interval: null });
  expect(summariseRanking([without]).measures.mrr).toEqual({ mean: null, interval: null });
});

test("options reach the measures", () => {
  const values = rankingValues(at([3]), { pFound: "notebook", bestGrade: 2, ndcgAt: 2, recallAt: 2 });
  expect(values.pFound[0]).toBeCloseTo((1 / 4) * 0.15 ** 2, 14);
  expect([values.ndcg[0], values.recall[0], values.mrr[0]]).toEqual([0, 0, 1 / 3]);
});

test("two rankings are compared query by query", () => {
  const [first, second] = [
    [1, 1, 2, 1, 3],
    [2, 3, 2, 4, 3],
  ];
  const { mrr, recall } = compareRankings([...at(first), without], [...at(second), without]);
  expect(mrr).toEqual(
    pairedTTest(
      first.map((rank) => 1 / rank),
      second.map((rank) => 1 / rank),
    ),
  );
  expect(mrr.difference).toBeCloseTo((0.5 + 2 / 3 + 3 / 4) / 5, 14);
  expect(recall.p).toBeNull(); // 1 everywhere
});

test("rankings of other queries are refused", () => {
  expect(() => compareRankings(at([1]), at([1, 2]))).toThrow(
    "rankings of 1 and 2 queries are not of the same queries",
  );
  expect(() => compareRankings(at([1]), [without])).toThrow(
    "query 0 has relevant documents in one of the two rankings only",
  );
  expect(() => compareRankings([without], [without])).toThrow("no query has a relevant document");
  // @ts-expect-error there is no such form
  expect(() => summariseRanking(at([1]), { pFound: "yandex" })).toThrow(
    'pFound must be one of "standard", "notebook"',
  );
});
