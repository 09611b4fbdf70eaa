// Searching by words and by vectors: BM25 by hand, ranks, their fusion, and what is refused.
import { expect, test } from "vitest";
import { randomStream } from "../../src/data/random-stream.ts";
import { bm25Scores, inverseFrequency } from "../../src/text/lexical/bm25.ts";
import { indexWords } from "../../src/text/lexical/word-index.ts";
import { fitLsa, lsaEncoder } from "../../src/text/lsa/lsa.ts";
import { bestTexts, fusedScores, ranksOf } from "../../src/text/search/fusion.ts";
import { indexTexts, searchTexts } from "../../src/text/search/text-index.ts";
import type { Encoder, Text } from "../../src/text/texts/text.ts";

const texts: readonly Text[] = [
  { id: "a", title: "Wings", contents: "wing of a plane" },
  { id: "b", title: "", contents: "slipstream" },
  { id: "c", title: "Boats", contents: "a boat has no wing" },
  { id: "d", title: "", contents: "..." },
];

test("the index of words has each text of each stem, with counts", () => {
  const { words, starts, documents, counts, lengths } = indexWords(
    texts.map(({ title, contents }) => `${title} ${contents}`),
  );
  expect(words.slice(0, 3)).toEqual(["wing", "of", "a"]);
  expect([...documents.subarray(starts[0], starts[1])]).toEqual([0, 2]);
  expect([...counts.subarray(starts[0], starts[1])]).toEqual([2, 1]);
  expect([...lengths]).toEqual([5, 1, 6, 0]);
});

test("BM25 is its formula, worked out by hand", () => {
  const index = indexWords(texts.map(({ title, contents }) => `${title} ${contents}`));
  const idf = Math.log(1 + (4 - 2 + 0.5) / (2 + 0.5)); // "wing" stands in two of four texts
  expect(inverseFrequency(4, 2)).toBe(idf);
  const mean = (5 + 1 + 6 + 0) / 4;
  const of = (f: number, length: number): number =>
    (idf * f * 2.2) / (f + 1.2 * (0.25 + (0.75 * length) / mean));
  const [a, b, c, d] = bm25Scores(index, "Wings, unknown");
  expect(a).toBeCloseTo(of(2, 5), 12);
  expect([b, d]).toEqual([0, 0]);
  expect(c).toBeCloseTo(of(1, 6), 12);
  expect(bm25Scores(index, "wing wing")[0]).toBeCloseTo(2 * a, 12);
  expect(bm25Scores(index, "wing wing", { repeated: "once" })[0]).toBeCloseTo(a, 12);
});

test("the best are those of a full sort, of equals the first", () => {
  const random = randomStream(1, "best");
  for (let trial = 0; trial < 50; trial++) {
    const scores = Array.from({ length: 30 }, () => random.below(10));
    const expected = [...scores.keys()]
      .sort((a, b) => scores[b] - scores[a] || a - b)
      .filter((i) => i % 3 > 0);
    for (const most of [1, 7, 40]) {
      const { places, scores: found } = bestTexts(scores, most, (i) => i % 3 > 0);
      expect([...places]).toEqual(expected.slice(0, most));
      expect([...found]).toEqual(expected.slice(0, most).map((i) => scores[i]));
    }
  }
});

test("fusion adds deviations from the mean, words counting twice, worked out by hand", () => {
  // Of the first four texts; the fifth is left out.
  const lexical = Float64Array.of(4, 2, 0, 0, 99);
  const dense = Float64Array.of(0.2, 0.8, NaN, 0.5, -99);
  const words = Math.sqrt((2.5 ** 2 + 0.5 ** 2 + 1.5 ** 2 + 1.5 ** 2) / 4);
  const meaning = Math.sqrt((0.3 ** 2 + 0.3 ** 2 + 0) / 3);
  const isFound = (place: number): boolean => place < 4;
  const scores = fusedScores(lexical, dense, isFound);
  const expected = [
    (2 * (2.5 / words) - 0.3 / meaning) / 3,
    (2 * (0.5 / words) + 0.3 / meaning) / 3,
    (2 * (-1.5 / words)) / 3, // nothing is known of its meaning: as much as of the mean
    (2 * (-1.5 / words)) / 3,
  ];
  expected.forEach((score, place) => expect(scores[place]).toBeCloseTo(score, 12));
  // Neither scale nor shift of a part matters, and one that says the same of all says nothing.
  const moved = fusedScores(
    lexical.map((score) => 7 * score),
    dense.map((score) => 0.1 * score + 3),
    isFound,
  );
  expected.forEach((score, place) => expect(moved[place]).toBeCloseTo(score, 12));
  const same = fusedScores(new Float64Array(5), new Float64Array(5).fill(0.1), isFound);
  expect([...same]).toEqual([0, 0, 0, 0, 0]);
});

test("ranks count the texts before, of equal ones those with the lower number", () => {
  const random = randomStream(2, "ranks");
  for (let trial = 0; trial < 30; trial++) {
    const scores = Float64Array.from({ length: 40 }, () => random.below(12));
    const isFound = (place: number): boolean => place % 4 > 0;
    const places = [3, 17, 4, 39, 1, 22];
    const expected = places.map((place) =>
      isFound(place) ? [...bestTexts(scores, 40, isFound).places].indexOf(place) + 1 : undefined,
    );
    expect(ranksOf(places, scores, isFound)).toEqual(expected);
  }
});

/** Vectors by hand: of planes, of boats; the last text has none. */
const byHand: Encoder = {
  width: 2,
  encode: (all) =>
    Promise.resolve(
      Float32Array.from(
        all.flatMap((text) => (/slip|plane/.test(text) ? [1, 0] : /boat/.test(text) ? [0.6, 0.8] : [0, 0])),
      ),
    ),
};

test("finds by words, by vectors, and by both, and says which part found what", async () => {
  const index = await indexTexts(texts, byHand);
  const vector = Float32Array.of(1, 0);
  const ids = (mode: "lexical" | "dense" | "both"): string[] =>
    searchTexts(index, "wing", vector, { mode }).map(({ id }) => id);
  expect(ids("lexical")).toEqual(["a", "c"]);
  expect(ids("dense")).toEqual(["a", "b", "c"]); // equal ones in the order of the index; zeros never
  expect(ids("both")).toEqual(["a", "c", "b"]);
  const [first, second, third] = searchTexts(index, "wing", vector);
  expect(first).toMatchObject({ place: 0, parts: { lexical: { rank: 1 }, dense: { rank: 1, score: 1 } } });
  expect(second).toMatchObject({ place: 2, parts: { lexical: { rank: 2 }, dense: { rank: 3 } } });
  const scores = bm25Scores(index.words, "wing");
  const fused = fusedScores(scores, Float64Array.of(1, 1, Math.fround(0.6), NaN), () => true);
  expect([first, second, third].map(({ score }) => score)).toEqual([fused[0], fused[2], fused[1]]);
  expect(third.parts).toEqual({ dense: { score: 1, rank: 2 } });
  expect(searchTexts(index, "wing", vector, { top: 1, without: ["a"] }).map(({ id }) => id)).toEqual(["c"]);
  expect(searchTexts(index, "wing", Float32Array.of(0, 0), { mode: "dense" })).toEqual([]);
});

test("refuses what cannot be searched", async () => {
  const words = await indexTexts(texts);
  expect(searchTexts(words, "wing", undefined).map(({ id }) => id)).toEqual(["a", "c"]);
  expect(() => searchTexts(words, "wing", undefined, { mode: "both" })).toThrow("the index has words alone");
  const index = await indexTexts(texts, byHand);
  expect(() => searchTexts(index, "wing", undefined)).toThrow("needs that of the query");
  expect(() => searchTexts(index, "wing", new Float32Array(3))).toThrow(
    "has 3 numbers, and those of the index have 2",
  );
  const broken: Encoder = {
    width: 1,
    encode: (all) => Promise.resolve(Float32Array.from(all, (_, i) => (i === 1 ? NaN : 1))),
  };
  await expect(indexTexts(texts, broken)).rejects.toThrow(
    'text "b": its vector has a number that is not finite',
  );
});

test("LSA brings texts together that share their neighbours' words, and knows nothing of others", async () => {
  const corpus = [
    ...["car engine motor", "car motor", "engine motor wheel", "automobile engine wheel", "automobile wheel"],
    ...["flower garden", "garden plant", "flower plant leaf", "plant leaf"],
  ];
  const model = fitLsa(indexWords(corpus), { width: 2 });
  if (model === undefined) throw new Error("nothing was fitted");
  const vectors = await lsaEncoder(model).encode([...corpus, "automobile", "car", "unseen"]);
  const dot = (a: number, b: number): number =>
    vectors[2 * a] * vectors[2 * b] + vectors[2 * a + 1] * vectors[2 * b + 1];
  expect(dot(9, 10)).toBeGreaterThan(0.9); // "automobile" and "car" stand in no text together
  expect(Math.abs(dot(9, 5))).toBeLessThan(0.1);
  expect(dot(0, 0)).toBeCloseTo(1, 6);
  expect([...vectors.subarray(22)]).toEqual([0, 0]);
  expect(fitLsa(indexWords(["one", "two"]))).toBeUndefined();
  expect(fitLsa(indexWords(corpus), { mostTexts: 3 })?.width).toBeLessThanOrEqual(3);
});
