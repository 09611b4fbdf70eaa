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
import { bestTexts, fusedScores, ranksOf, type RankedTexts } from "./fusion.ts";
import { expectWidth, innerProducts, type Vectors } from "./vectors.ts";

/** By what texts are found: their words, vectors, or the scores of both together. */
export const searchModes = ["lexical", "dense", "both"] as const;
export type SearchMode = (typeof searchModes)[number];

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
  /** What it is ranked by: BM25, an inner product, or with both what `fusedScores` makes of the two, in standard deviations. */
  readonly score: number;
  /** Its score and rank among all texts, counted from 1, in each part of the search that found it. */
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
  const isAsked = isAskedFor(index, without);
  const parts: Part[] = [];
  if (chosen !== "dense") {
    const scores = bm25Scores(index.words, query);
    parts.push({ name: "lexical", scores, isFound: (place) => scores[place] > 0 && isAsked(place) });
  }
  if (chosen !== "lexical" && index.vectors !== undefined) {
    if (queryVector === undefined)
      throw new UsageError("searchTexts: a search by vectors needs that of the query");
    expectWidth("searchTexts", index.vectors, queryVector);
    const scores = innerProducts(index.vectors, queryVector);
    parts.push({
      name: "dense",
      scores,
      isFound: (place) => !Number.isNaN(scores[place]) && isAsked(place),
    });
  }
  const [first, second] = parts;
  if (parts.length === 1) return hitsOf(index, first.name, bestTexts(first.scores, top, first.isFound));
  const scores = fusedScores(first.scores, second.scores, isAsked);
  const best = bestTexts(scores, top, (place) => first.isFound(place) || second.isFound(place));
  const ranks = parts.map((part) => ranksOf(best.places, part.scores, part.isFound));
  return Array.from(best.places, (place, i): Hit => {
    const found = parts.flatMap((part, p) => {
      const rank = ranks[p][i];
      return rank === undefined ? [] : [[part.name, { score: part.scores[place], rank }] as const];
    });
    return { place, id: index.ids[place], score: best.scores[i], parts: Object.fromEntries(found) };
  });
}

/** A part of a search: what it says of each text, and which texts it finds. */
interface Part {
  readonly name: "lexical" | "dense";
  readonly scores: Float64Array;
  readonly isFound: (place: number) => boolean;
}

/** Which texts may be found, by their places. */
export function isAskedFor({ ids }: TextIndex, without: readonly string[]): (place: number) => boolean {
  const left = new Set(without);
  return left.size === 0 ? () => true : (place) => !left.has(ids[place]);
}

/** What one part of a search alone found. */
export const hitsOf = (index: TextIndex, part: "lexical" | "dense", { places, scores }: RankedTexts): Hit[] =>
  Array.from(places, (place, i) => ({
    place,
    id: index.ids[place],
    score: scores[i],
    parts: { [part]: { score: scores[i], rank: i + 1 } },
  }));
