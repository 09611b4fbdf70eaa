// The words of a text and their stems, by which texts are matched without understanding them.
import { stemmer } from "stemmer";

/** Letters and digits with the accents that stand on them; everything else parts words. */
const word = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;

export interface Word {
  /** Place of its first letter in the text, and of the one behind its last. */
  readonly start: number;
  readonly end: number;
  readonly stem: string;
}

/** Words of a large vocabulary; beyond it the memory of stems starts anew. */
const mostRemembered = 2 ** 17;
const remembered = new Map<string, string>();

/**
 * What a word is matched by: small letters, without accents, and if English its stem (Porter, "An algorithm for suffix stripping",
 * 1980): "Wings" and "wing" are one.
 */
export function stemOf(found: string): string {
  const before = remembered.get(found);
  if (before !== undefined) return before;
  const bare = found.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const stem = /^[a-z]+$/u.test(bare) ? stemmer(bare) : bare;
  if (remembered.size >= mostRemembered) remembered.clear();
  remembered.set(found, stem);
  return stem;
}

/** The stems of a text, in its order. */
export const stemsOf = (text: string): string[] =>
  Array.from(text.matchAll(word), ([found]) => stemOf(found));

/** The same with where each word stands. */
export const wordsOf = (text: string): Word[] =>
  Array.from(text.matchAll(word), ({ 0: found, index }) => ({
    start: index,
    end: index + found.length,
    stem: stemOf(found),
  }));
