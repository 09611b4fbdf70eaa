// The words of a text and their stems, by which texts are matched without understanding them.
import { stemmer } from "stemmer";

/** Letters and digits with the marks that stand on them; everything else parts words. */
const word = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;

/** A letter of a script that puts no blanks between words, and of Chinese and Japanese, with its marks. */
const unspaced =
  "(?!\\p{M})[\\p{scx=Han}\\p{scx=Hiragana}\\p{scx=Katakana}\\p{scx=Thai}\\p{scx=Lao}\\p{scx=Khmer}\\p{scx=Myanmar}]\\p{M}*";
const unspacedLetter = new RegExp(unspaced, "gu");
/** Stretches of such letters, and of others. */
const stretch = new RegExp(`(?<letters>(?:${unspaced})+)|(?:(?!${unspaced}).)+`, "gsu");
/** Texts without any of these have no such letter: a look that costs little. */
const mayBeUnspaced = /[\u0e00-\u109f\u1780-\u17ff\u2e80-\uffff]/;

/** What stands on letters and is left out when they are compared: accents, and the points of Hebrew and Arabic. */
export const accents = "\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670";
const accent = new RegExp(`[${accents}]`, "gu");

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
 * 1980): "Wings" and "wing" are one. Marks that make another letter, as vowel signs of Indian scripts do, stay.
 */
export function stemOf(found: string): string {
  const before = remembered.get(found);
  if (before !== undefined) return before;
  const bare = found.normalize("NFKD").toLowerCase().replace(accent, "").normalize("NFC");
  const stem = /^[a-z]+$/u.test(bare) ? stemmer(bare) : bare;
  if (remembered.size >= mostRemembered) remembered.clear();
  remembered.set(found, stem);
  return stem;
}

/**
 * The words of a text, in its order, with where each stands. A script without blanks has no words that could be told without a
 * dictionary: every letter of it is one, and every two that stand together, which finds as well as words do (Nie, Gao, Zhang and Zhou,
 * "On the use of words and n-grams for Chinese information retrieval", 2000), on every machine alike.
 */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  const add = (start: number, found: string): void =>
    void words.push({ start, end: start + found.length, stem: stemOf(found) });
  const isPlain = !mayBeUnspaced.test(text);
  for (const { 0: whole, index } of text.matchAll(word)) {
    if (isPlain) {
      add(index, whole);
      continue;
    }
    for (const { 0: part, index: place, groups } of whole.matchAll(stretch)) {
      if (groups?.letters === undefined) add(index + place, part);
      else for (const each of lettersAndPairs(part)) add(index + place + each.at, each.found);
    }
  }
  return words;
}

function* lettersAndPairs(part: string): Generator<{ readonly at: number; readonly found: string }> {
  let before: { readonly at: number; readonly found: string } | undefined;
  for (const { 0: found, index: at } of part.matchAll(unspacedLetter)) {
    if (before !== undefined) yield { at: before.at, found: before.found + found };
    before = { at, found };
    yield before;
  }
}

/** The two letters that a stem is a pair of; none of other words. */
export function lettersOfPair(stem: string): readonly string[] {
  const letters = mayBeUnspaced.test(stem)
    ? Array.from(stem.matchAll(unspacedLetter), ([letter]) => letter)
    : [];
  return letters.length === 2 ? letters : [];
}

/** The stems of a text, in its order. */
export const stemsOf = (text: string): string[] => wordsOf(text).map(({ stem }) => stem);
