// Lengths to which texts are filled up, and the batches of pairs.

import { expect, test } from "vitest";
import { lengthBuckets } from "../../src/text/encoder/length-buckets.ts";
import { judgePairs } from "../../src/text/encoder/neighbours.ts";
import { pairBuckets, PairBatches } from "../../src/text/encoder/pair-batches.ts";
import { tokenLists } from "../../src/text/encoder/token-lists.ts";
import { randomStream } from "../../src/data/random-stream.ts";

const cost = (ends: readonly number[], lengths: readonly number[]): number =>
  lengths.reduce((sum, length) => sum + Math.min(...ends.filter((end) => end >= Math.min(length, 64))), 0);

test("of all ways to choose four lengths, the one that fills up least is taken", () => {
  const random = randomStream(1, "lengths");
  for (let round = 0; round < 5; round++) {
    const lengths = Array.from({ length: 80 }, () => Math.floor(70 * random.uniform() ** (1 + round)));
    const found = lengthBuckets(lengths, 64);
    const ends = found.map(({ length }) => length);
    const all = [8, 16, 24, 32, 40, 48, 56, 64];
    const longest = Math.min(64, 8 * Math.ceil(Math.max(...lengths, 1) / 8));
    const choices = all.flatMap((a) => all.flatMap((b) => all.map((c) => [a, b, c, longest])));
    expect(cost(ends, lengths)).toBe(Math.min(...choices.map((each) => cost(each, lengths))));
    expect(found.length).toBeLessThanOrEqual(4);
    expect(found.flatMap(({ texts }) => [...texts]).sort((a, b) => a - b)).toEqual([...lengths.keys()]);
    for (const { length, texts } of found) {
      for (const text of texts) expect(Math.min(lengths[text], 64)).toBeLessThanOrEqual(length);
    }
  }
});

test("each has as many texts as are asked for, and too few texts make one", () => {
  const lengths = [1, 1, 1, 1, 1, 20, 20, 50];
  expect(lengthBuckets(lengths, 64, 3).map(({ texts }) => texts.length)).toEqual([5, 3]);
  expect(lengthBuckets(lengths, 64, 20).map(({ length, texts }) => [length, texts.length])).toEqual([
    [56, 8],
  ]);
  expect(lengthBuckets([], 64)).toEqual([]);
  expect(lengthBuckets([3, 90], 5).map(({ length }) => length)).toEqual([5]);
});

test("batches follow from seed and step alone, and an epoch sees no pair twice", () => {
  const queries = tokenLists(Array.from({ length: 90 }, (_, i) => Array<number>(1 + (i % 5)).fill(1)));
  const documents = tokenLists(
    Array.from({ length: 90 }, (_, i) => Array<number>(1 + ((7 * i) % 60)).fill(1)),
  );
  const buckets = pairBuckets(
    { queries, documents },
    Uint32Array.from({ length: 90 }, (_, i) => i),
    8,
    64,
  );
  const names = new Set(buckets.map(({ name }) => name));
  expect(names.size).toBe(buckets.length);
  expect(buckets.length).toBeGreaterThan(1);
  const [batches, again] = [new PairBatches(buckets, 8, 5), new PairBatches(buckets, 8, 5)];
  const { stepsPerEpoch } = batches;
  const seen = Array.from({ length: stepsPerEpoch }, (_, i) => [...batches.at(1 + i).pairs]);
  expect(new Set(seen.flat()).size).toBe(8 * stepsPerEpoch);
  const later = [...batches.at(2 * stepsPerEpoch + 3).pairs];
  expect([...again.at(2 * stepsPerEpoch + 3).pairs]).toEqual(later);
  expect([...again.at(1).pairs]).toEqual(seen[0]);
  expect([...new PairBatches(buckets, 8, 6).at(1).pairs]).not.toEqual(seen[0]);
  for (let step = 1; step <= stepsPerEpoch; step++) {
    const { bucket, pairs } = batches.at(step);
    for (const pair of pairs) expect(bucket.pairs).toContain(pair);
  }
});

test("ranks of one's own among the others: ties count as the mean over orders, and other right answers not at all", () => {
  // By hand: products of query 0 are 1, 2, 1; of query 1 are 0, 1, 3; of query 2 are 5, 5, 5.
  const queries = Float32Array.from([1, 0, 0, 0, 1, 0, 0, 0, 5]);
  const documents = Float32Array.from([1, 0, 1, 2, 1, 1, 1, 3, 1]);
  const shown = { shownQueries: 1, shown: 2 };
  const all = judgePairs(queries, documents, 3, () => false, shown);
  // Query 0: one before, one equal, ranks 2 or 3; query 1: one before; query 2: three alike.
  const expected = ((1 / 2 + 1 / 3) / 2 + 1 / 2 + (1 + 1 / 2 + 1 / 3) / 3) / 3;
  expect(all.meanReciprocalRank).toBeCloseTo(expected, 10);
  expect(all).toMatchObject({ first: 0, nearest: [[1, 0]] });
  const without = judgePairs(
    queries,
    documents,
    3,
    (query, document) => query === 1 && document === 2,
    shown,
  );
  expect(without.meanReciprocalRank).toBeCloseTo(expected + (1 - 1 / 2) / 3, 10);
  expect(without.first).toBeCloseTo(1 / 3);
});
