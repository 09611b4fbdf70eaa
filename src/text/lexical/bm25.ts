// BM25, the ranking by words that every other has to be held against.
import {
  aNumber,
  aString,
  expectArgument,
  expectOptions,
  oneOf,
  type OptionChecks,
  type Requirement,
} from "../../errors/arguments.ts";
import { aWordIndex, stemCounts, type WordIndex } from "./word-index.ts";

/** How often a word counts that stands in the query several times: as often, or once. */
const repetitions = ["counted", "once"] as const;

export interface Bm25Options {
  /** How soon further occurrences of a word say nothing new. Default 1.2. */
  readonly k1?: number;
  /** How much the length of a text counts against it, from 0 to 1. Default .75. */
  readonly b?: number;
  /** How often a word counts that stands in the query several times: as often (the default), or once. */
  readonly repeated?: (typeof repetitions)[number];
}

const between = (least: number, most: number): Requirement => ({
  words: `a number from ${least} to ${most}`,
  fits: (value) => aNumber.fits(value) && (value as number) >= least && (value as number) <= most,
});
const bm25Options: OptionChecks<Bm25Options> = {
  k1: between(0, 1000),
  b: between(0, 1),
  repeated: oneOf(repetitions),
};

/**
 * The inverse document frequency of a word, ln(1 + (n - m + 1/2) / (m + 1/2)) for one that stands in m of n texts. Above 0 also for
 * a word in most of them.
 */
export const inverseFrequency = (texts: number, within: number): number =>
  Math.log(1 + (texts - within + 0.5) / (within + 0.5));

/** Weights of the stems of a query that stand in some text. */
export function queryWeights(
  index: WordIndex,
  query: string,
  repeated: "counted" | "once" = "counted",
): Map<string, number> {
  expectArgument("queryWeights", "the index", index, aWordIndex);
  expectArgument("queryWeights", "the query", query, aString);
  expectArgument("queryWeights", "repeated", repeated, oneOf(repetitions));
  const weights = new Map<string, number>();
  for (const [stem, count] of stemCounts(query)) {
    const place = index.places.get(stem);
    if (place === undefined) continue;
    const within = index.starts[place + 1] - index.starts[place];
    weights.set(stem, inverseFrequency(index.lengths.length, within) * (repeated === "once" ? 1 : count));
  }
  return weights;
}

/**
 * Okapi BM25 (Robertson and Zaragoza, "The probabilistic relevance framework: BM25 and beyond", 2009): the sum over words of the
 * query of idf f (k1 + 1) / (f + k1 (1 - b + b length / mean length)), f the number of times that the word stands in the text.
 *
 * @returns [n] of each text; 0 where no word of the query stands in it
 */
export function bm25Scores(index: WordIndex, query: string, options: Bm25Options = {}): Float64Array {
  expectArgument("bm25Scores", "the index", index, aWordIndex);
  expectArgument("bm25Scores", "the query", query, aString);
  expectOptions("bm25Scores", options, bm25Options);
  const { k1 = 1.2, b = 0.75, repeated = "counted" } = options;
  const { lengths, starts, documents, counts, places } = index;
  const scores = new Float64Array(lengths.length);
  let total = 0;
  for (const length of lengths) total += length;
  const mean = total / lengths.length;
  for (const [stem, weight] of queryWeights(index, query, repeated)) {
    const place = places.get(stem) ?? 0;
    for (let at = starts[place]; at < starts[place + 1]; at++) {
      const f = counts[at];
      const length = 1 - b + (b * lengths[documents[at]]) / mean;
      scores[documents[at]] += (weight * f * (k1 + 1)) / (f + k1 * length);
    }
  }
  return scores;
}
