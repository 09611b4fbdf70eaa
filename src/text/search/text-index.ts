// Texts ready to be searched: by their words, by vectors of an encoder, or by both.
import {
  aFunction,
  aString,
  expectArgument,
  expectOptions,
  madeWith,
  oneOf,
  strings,
  wholeFrom,
  type OptionChecks,
  type Requirement,
} from "../../errors/arguments.ts";
import { DataError } from "../../errors/data-errors.ts";
import { UsageError } from "../../errors/errors.ts";
import { bm25Scores } from "../lexical/bm25.ts";
import { indexWords, type WordIndex } from "../lexical/word-index.ts";
import { expectTexts, saysNothing, wholeText, type Encoder, type Text } from "../texts/text.ts";
import { bestTexts, fusedScores, type RankedTexts } from "./fusion.ts";

/** By what texts are found: their words, vectors, or the ranks of both together. */
export const searchModes = ["lexical", "dense", "both"] as const;
export type SearchMode = (typeof searchModes)[number];

/** Vectors of texts. */
export interface Vectors {
  readonly width: number;
  /** f32 [n, width]; zeros for a text that no vector finds. */
  readonly values: Float32Array;
}

export interface TextIndex {
  /** [n] */
  readonly ids: readonly string[];
  readonly words: WordIndex;
  readonly vectors?: Vectors | undefined;
}

const anEncoder: Requirement = {
  words: "an encoder { width, encode }",
  fits: (value) => {
    const { width, encode } = (value ?? {}) as Partial<Encoder>;
    return wholeFrom(1).fits(width) && typeof encode === "function";
  },
};

/** @throws UsageError for what is no index of texts */
export function expectIndex(what: string, index: unknown): void {
  expectArgument(
    what,
    "the index",
    index,
    madeWith("an index of texts, as indexTexts gives it", ["ids", "words"]),
  );
}

/** One text that was found, and why. */
export interface Hit {
  /** Number of the text. */
  readonly place: number;
  readonly id: string;
  /** What it is ranked by: BM25, an inner product, or with both the sum of 1 / (60 + rank). */
  readonly score: number;
  /** Its score and rank, counted from 1, in each part of the search that found it. */
  readonly parts: Readonly<
    Partial<Record<"lexical" | "dense", { readonly score: number; readonly rank: number }>>
  >;
}

/**
 * @param encoder none: texts are found by their words alone
 * @param progress told how many of the texts are encoded
 * @throws DataError for a vector with a number that is not finite, naming the text
 */
export async function indexTexts(
  texts: readonly Text[],
  encoder?: Encoder,
  progress?: (done: number) => void,
): Promise<TextIndex> {
  expectTexts("indexTexts", texts);
  const ids = texts.map(({ id }) => id);
  const words = indexWords(texts.map(wholeText));
  if (encoder === undefined) return { ids, words };
  return { ids, words, vectors: await encodeTexts(texts, encoder, progress) };
}

/** Texts that are encoded between two words of progress. */
const atOnce = 512;

/** The vectors of texts. @throws DataError as `indexTexts` */
export async function encodeTexts(
  texts: readonly Text[],
  encoder: Encoder,
  progress?: (done: number) => void,
): Promise<Vectors> {
  expectTexts("encodeTexts", texts);
  expectArgument("encodeTexts", "the encoder", encoder, anEncoder);
  if (progress !== undefined) expectArgument("encodeTexts", "the progress", progress, aFunction);
  const { width } = encoder;
  const values = new Float32Array(texts.length * width);
  for (let at = 0; at < texts.length; at += atOnce) {
    const some = texts.slice(at, at + atOnce);
    const nameOf = (text: number): string => `text ${JSON.stringify(some[text].id)}`;
    values.set(await encoder.encode(some.map(wholeText), { nameOf }), at * width);
    // What a model puts around every text is no text.
    for (const [i, text] of some.entries()) {
      if (saysNothing(text)) values.fill(0, (at + i) * width, (at + i + 1) * width);
    }
    const bad = values
      .subarray(at * width, (at + some.length) * width)
      .findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new DataError(
        nameOf(Math.floor(bad / width)),
        "its vector has a number that is not finite; has the encoder diverged?",
      );
    }
    progress?.(at + some.length);
  }
  return { width, values };
}

export interface SearchOptions {
  /** Default: both where there are vectors, else lexical. */
  readonly mode?: SearchMode | undefined;
  /** How many texts to find, at most. Default 10. */
  readonly top?: number | undefined;
  /** Ids of texts that are left out, such as the one that a question was asked about. */
  readonly without?: readonly string[] | undefined;
}

const searchOptions: OptionChecks<SearchOptions> = {
  mode: oneOf(searchModes),
  top: wholeFrom(1),
  without: strings,
};
const aFloat32Array: Requirement = {
  words: "a Float32Array",
  fits: (value) => value instanceof Float32Array,
};

/** How deep both rankings are looked at before they become one: a text below in one of them may still be found by the other. */
const fusedDepth = 1000;

/**
 * The mode of a search in an index.
 * @throws UsageError for a mode that the index is not made for
 */
export function searchModeOf(index: TextIndex, mode?: SearchMode): SearchMode {
  const found = mode ?? (index.vectors === undefined ? "lexical" : "both");
  if (found !== "lexical" && index.vectors === undefined) {
    throw new UsageError(
      `the index has words alone, so that its mode is lexical and not ${found}; index with an encoder for others`,
    );
  }
  return found;
}

/**
 * Finds texts.
 *
 * @param queryVector f32 [width], for all modes but lexical
 * @returns the best first; of equal scores the one that comes first in the index. Texts without a word of the query are not found
 *   by words, and texts without a vector not by vectors
 * @throws UsageError for a mode that the index is not made for, or a vector of another width
 */
export function searchTexts(
  index: TextIndex,
  query: string,
  queryVector: Float32Array | undefined,
  options: SearchOptions = {},
): Hit[] {
  expectIndex("searchTexts", index);
  expectArgument("searchTexts", "the query", query, aString);
  expectOptions("searchTexts", options, searchOptions);
  if (queryVector !== undefined)
    expectArgument("searchTexts", "the query's vector", queryVector, aFloat32Array);
  const { mode, top = 10, without = [] } = options;
  const chosen = searchModeOf(index, mode);
  const left = new Set(without);
  const isAsked = (place: number): boolean => left.size === 0 || !left.has(index.ids[place]);
  const depth = chosen === "both" ? Math.max(top, fusedDepth) : top;
  const parts: [name: "lexical" | "dense", RankedTexts][] = [];
  if (chosen !== "dense") {
    const scores = bm25Scores(index.words, query);
    parts.push(["lexical", bestTexts(scores, depth, (place) => scores[place] > 0 && isAsked(place))]);
  }
  if (chosen !== "lexical" && index.vectors !== undefined) {
    if (queryVector === undefined)
      throw new UsageError("searchTexts: a search by vectors needs that of the query");
    const scores = innerProducts(index.vectors, queryVector);
    // NaN where there is nothing to compare.
    parts.push([
      "dense",
      bestTexts(scores, depth, (place) => !Number.isNaN(scores[place]) && isAsked(place)),
    ]);
  }
  const best =
    parts.length === 1
      ? parts[0][1]
      : fusedBest(
          parts.map(([, ranking]) => ranking),
          index.ids.length,
          top,
        );
  const ranks = parts.map(([, { places }]) => new Map(Array.from(places, (place, i) => [place, i])));
  return Array.from(best.places, (place, i): Hit => {
    const found = parts.flatMap(([name, { scores }], p) => {
      const rank = ranks[p].get(place);
      return rank === undefined ? [] : [[name, { score: scores[rank], rank: rank + 1 }] as const];
    });
    return { place, id: index.ids[place], score: best.scores[i], parts: Object.fromEntries(found) };
  });
}

function fusedBest(rankings: readonly RankedTexts[], texts: number, top: number): RankedTexts {
  const scores = fusedScores(rankings, texts);
  return bestTexts(scores, top, (place) => scores[place] > 0);
}

/** Inner products of a query with all texts; NaN with a vector of zeros, on either side, which points nowhere. */
function innerProducts({ width, values }: Vectors, query: Float32Array): Float64Array {
  if (query.length !== width) {
    throw new UsageError(
      `searchTexts: the query's vector has ${query.length} numbers, and those of the index have ${width}`,
    );
  }
  const scores = new Float64Array(values.length / width);
  const isNothing = query.every((value) => value === 0);
  for (let i = 0; i < scores.length; i++) {
    let sum = 0;
    let isZero = true;
    for (let j = 0, at = i * width; j < width; j++, at++) {
      sum += values[at] * query[j];
      if (values[at] !== 0) isZero = false;
    }
    scores[i] = isZero || isNothing ? NaN : sum;
  }
  return scores;
}
