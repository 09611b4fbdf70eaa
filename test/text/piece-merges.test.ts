// The learning of word pieces, against the definition worked through naively.
import { expect, test } from "vitest";
import { randomStream } from "../../src/data/random-stream.ts";
import { learnMerges } from "../../src/text/vocabulary/piece-merges.ts";

const options = { size: 100, leastCount: 2, mostLetters: 100 };

/** Counts every pair anew for every merge. */
function naively(words: ReadonlyMap<string, number>, size: number): [string, string][] {
  const split = [...words].map(([word, count]) => ({ parts: Array.from(word), count }));
  const numbers = new Map(
    [...new Set(Array.from([...words.keys()].join("")))].sort().map((letter, i) => [letter, i]),
  );
  const joined: [string, string][] = [];
  while (numbers.size < size) {
    const counts = new Map<string, { pair: [string, string]; count: number }>();
    for (const { parts, count } of split) {
      for (let i = 1; i < parts.length; i++) {
        const pair: [string, string] = [parts[i - 1], parts[i]];
        const known = counts.get(pair.join(" "));
        counts.set(pair.join(" "), { pair, count: (known?.count ?? 0) + count });
      }
    }
    const number = (piece: string): number => numbers.get(piece) ?? NaN;
    const [best] = [...counts.values()].sort(
      (a, b) =>
        b.count - a.count || number(a.pair[0]) - number(b.pair[0]) || number(a.pair[1]) - number(b.pair[1]),
    );
    if (best === undefined || best.count < 2) break;
    const [left, right] = best.pair;
    joined.push(best.pair);
    if (!numbers.has(left + right)) numbers.set(left + right, numbers.size);
    for (const each of split) {
      for (let i = 0; i + 1 < each.parts.length; i++) {
        if (each.parts[i] === left && each.parts[i + 1] === right) each.parts.splice(i, 2, left + right);
      }
    }
  }
  return joined;
}

test("joins the most frequent pair first: the example of low, lower, newest, widest", () => {
  const words = new Map([
    ["low_", 5],
    ["lower_", 2],
    ["newest_", 6],
    ["widest_", 3],
  ]);
  const { merges, pieces } = learnMerges(words, { ...options, size: 11 + 4 });
  expect(merges.map((pair) => pair.join(" "))).toEqual(["e s", "t _", "es t_", "l o"]);
  expect(pieces.slice(-4)).toEqual(["es", "t_", "est_", "lo"]);
});

test("learns what counting every pair anew for every merge gives, of words of few letters with many repetitions", () => {
  const random = randomStream(5, "words");
  for (let trial = 0; trial < 30; trial++) {
    const words = new Map<string, number>();
    for (let w = 0; w < 25; w++) {
      const word = Array.from({ length: 1 + random.below(9) }, () => "abc"[random.below(3)]).join("");
      words.set(word, 1 + random.below(4));
    }
    const { merges, pieces } = learnMerges(words, { ...options, size: 3 + 20 });
    expect(merges).toEqual(naively(words, 23));
    expect(new Set(pieces).size).toBe(pieces.length);
  }
});

test("the order of the words does not matter", () => {
  const words: [string, number][] = [
    ["banana", 2],
    ["bandana", 3],
    ["cabana", 2],
  ];
  expect(learnMerges(new Map(words.reverse()), options)).toEqual(
    learnMerges(new Map([...words].reverse()), options),
  );
});

test("rare letters are unknown and part the words that they stand in", () => {
  const { pieces, merges } = learnMerges(new Map([["aaxbb", 4]]), { ...options, mostLetters: 2 });
  expect(pieces).toEqual(["a", "b", "aa", "bb"]);
  expect(merges).toEqual([
    ["a", "a"],
    ["b", "b"],
  ]);
});

test("stops at pairs that are too rare", () => {
  expect(learnMerges(new Map([["abcd", 1]]), options).merges).toEqual([]);
  expect(learnMerges(new Map([["abcd", 1]]), { ...options, leastCount: 1 }).merges).toHaveLength(3);
});
