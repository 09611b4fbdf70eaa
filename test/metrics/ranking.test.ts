// Metrics of rankings by hand, and over ties against every order written out.
import { expect, test } from "vitest";
import {
  ndcg,
  pFound,
  rankedPrecision,
  recallAt,
  reciprocalRank,
  type RankedQuery,
} from "../../src/metrics/ranking.ts";
import { randomStream } from "../../src/data/random-stream.ts";

/** Three documents: a useful one first, one that is not, and a less useful one. r = (3/4, 0, 1/4). */
const three: RankedQuery = { scores: [0.9, 0.5, 0.1], grades: [2, 0, 1] };

/** The notebook's pfound_score, line by line. */
function notebook({ scores, grades }: RankedQuery): number {
  const indices = Array.from(scores, (_, i) => i).sort((a, b) => scores[b] - scores[a]);
  const best = Math.max(...Array.from(grades));
  let found = 0;
  let look = 1;
  for (const [rank, i] of indices.entries()) {
    const r = (2 ** grades[i] - 1) / 2 ** best;
    found += r * look * 0.15 ** rank;
    look *= 1 - r;
  }
  return found;
}

test("pFound of three documents, by hand: by its definition, and with the chance to break off in place of the chance to go on", () => {
  expect(pFound(three)).toBeCloseTo(3 / 4 + (1 / 4) * (1 / 4) * 0.85 ** 2, 14); // .79515625
  expect(pFound(three, "notebook")).toBeCloseTo(3 / 4 + (1 / 4) * (1 / 4) * 0.15 ** 2, 14); // .75140625
  expect(pFound(three, "notebook")).toBeCloseTo(notebook(three), 14);
  const reversed = { ...three, scores: [0.1, 0.5, 0.9] };
  expect(pFound(reversed)).toBeCloseTo(1 / 4 + (3 / 4) * 0.85 ** 2 * (3 / 4), 14);
  expect(pFound(reversed, "notebook")).toBeCloseTo(notebook(reversed), 14);
});

test("pFound takes the best grade of the query, or the one it is told", () => {
  expect(pFound({ scores: [1], grades: [1] })).toBe(0.5);
  expect(pFound({ scores: [1], grades: [1] }, "standard", 4)).toBe(1 / 16);
  expect(pFound({ scores: [1], grades: [1], missed: [2] })).toBe(0.25);
  expect(pFound({ scores: [1, 2], grades: [0, 0] })).toBe(0);
  expect(() => pFound(three, "standard", 1)).toThrow(
    "pFound: the best grade is 1, but must be from 2, which occurs, to 30",
  );
});

test("the other metrics of the same three documents, by hand", () => {
  expect(rankedPrecision(three)).toBeCloseTo((1 + 2 / 3) / 2, 14);
  expect(reciprocalRank(three)).toBe(1);
  expect(recallAt(three, 2)).toBe(0.5);
  expect(ndcg(three)).toBeCloseTo((3 + 1 / 2) / (3 + 1 / Math.log2(3)), 14);
  expect(ndcg(three, 10, "linear")).toBeCloseTo((2 + 1 / 2) / (2 + 1 / Math.log2(3)), 14);
  expect(ndcg(three, 1)).toBe(1);
});

test("relevant documents that were not returned count as never found", () => {
  const query = { scores: [2, 1], grades: [0, 1], missed: [1, 0, 3] };
  expect(rankedPrecision(query)).toBeCloseTo(1 / 2 / 3, 14);
  expect(recallAt(query)).toBeCloseTo(1 / 3, 14);
  expect(reciprocalRank(query)).toBe(0.5);
  expect(ndcg(query)).toBeCloseTo(1 / Math.log2(3) / (7 + 1 / Math.log2(3) + 1 / 2), 14);
  const none = { scores: [2, 1], grades: [0, 0], missed: [1] };
  expect([rankedPrecision(none), reciprocalRank(none), recallAt(none), ndcg(none), pFound(none)]).toEqual([
    0, 0, 0, 0, 0,
  ]);
});

test("a query without relevant documents has no value", () => {
  const query = { scores: [2, 1], grades: [0, 0] };
  expect([rankedPrecision(query), reciprocalRank(query), recallAt(query), ndcg(query)]).toEqual([
    null,
    null,
    null,
    null,
  ]);
});

/** Every order of a list. */
function orders<Item>(items: readonly Item[]): Item[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, i) => orders(items.filter((_, j) => j !== i)).map((rest) => [item, ...rest]));
}

test("with ties every metric is its mean over all orders of the tied documents", () => {
  const random = randomStream(1, "ties");
  const metrics: readonly ((query: RankedQuery) => number | null)[] = [
    pFound,
    (query) => pFound(query, "notebook"),
    (query) => ndcg(query, 3),
    rankedPrecision,
    reciprocalRank,
    (query) => recallAt(query, 3),
  ];
  for (let trial = 0; trial < 25; trial++) {
    const scores = Array.from({ length: 5 }, () => random.below(3));
    const grades = scores.map((_, i) => (i === 0 ? 1 + random.below(4) : random.below(5) * random.below(2)));
    const missed = random.below(2) === 1 ? [2, 0] : [];
    // Distinct scores that respect the tied ones: each order of the five breaks the ties in its way.
    const broken = orders([0, 1, 2, 3, 4]).map((order) => ({
      scores: scores.map((score, i) => score + order[i] / 10),
      grades,
      missed,
    }));
    for (const metric of metrics) {
      const mean = broken.reduce((sum, query) => sum + (metric(query) ?? NaN), 0) / broken.length;
      expect(metric({ scores, grades, missed })).toBeCloseTo(mean, 12);
    }
  }
});

test("ties of thousands keep to the mean over their orders", () => {
  const scores = new Float64Array(20_000);
  const grades = new Float64Array(20_000);
  grades.fill(1, 0, 50);
  // Each place is relevant with probability 1/400, whatever the others are, but for the drawing without replacement.
  expect(recallAt({ scores, grades })).toBeCloseTo(0.005, 12);
  const each = 1 / 400;
  expect(pFound({ scores, grades })).toBeCloseTo(each / 2 / (1 - (1 - each / 2) * 0.85), 5);
});

test("refuses what is no ranking", () => {
  expect(() => pFound({ scores: [1], grades: [] })).toThrow(
    "pFound: 1 scores and 0 grades are not of the same documents",
  );
  expect(() => ndcg({ scores: [NaN], grades: [1] })).toThrow("ndcg: score 0 is NaN");
  expect(() => recallAt({ scores: [1], grades: [-1] })).toThrow(
    "recallAt: a grade is -1; grades are from 0 to 30",
  );
});
