// From texts to the numbers of word pieces, by a tokenizer.json as Hugging Face's tokenizers writes it.
import { aString, expectArgument } from "../../errors/arguments.ts";
import { ModelError } from "../../errors/training-errors.ts";
import { messageOf } from "../../files/causes.ts";
import type { Tokeniser } from "../encoder/token-lists.ts";
import { Tokenizer, type LibraryTokenizer } from "./hugging-face.ts";

/** Pieces that fill texts up, by the names that BERT, RoBERTa and others give them. */
const paddings = ["[PAD]", "<pad>"];

/** Numbers of pieces are below it; the largest published vocabularies have a quarter of a million. */
const mostPieces = 2 ** 22;

/**
 * Opens a tokenizer.json: WordPiece as BERT's, BPE as RoBERTa's, Unigram as XLM-R's, and what `trainVocabulary` makes.
 *
 * @param file its name, for messages
 * @param content the text of the file, or what it holds
 * @throws ModelError for what is no such file
 */
export function parseTokeniser(file: string, content: unknown): Tokeniser {
  expectArgument("parseTokeniser", "the file's name", file, aString);
  const refuse = (why: string, cause?: unknown): ModelError =>
    new ModelError(file, `${why}; take the tokenizer.json that was saved with the model`, { cause });
  let value: unknown = content;
  if (typeof content === "string") {
    try {
      value = JSON.parse(content) as unknown;
    } catch (cause) {
      throw refuse(`is not JSON (${messageOf(cause).replace(/\s+/gu, " ").slice(0, 120)})`, cause);
    }
  }
  const parts = value as {
    readonly model?: { readonly vocab?: unknown };
    readonly added_tokens?: unknown;
  } | null;
  if (
    typeof parts !== "object" ||
    parts === null ||
    typeof parts.model !== "object" ||
    parts.model === null
  ) {
    throw refuse("has no model");
  }
  const { vocab: vocabulary } = parts.model;
  if (typeof vocabulary !== "object" || vocabulary === null) throw refuse("its model has no vocabulary");
  const { added_tokens: added } = parts;
  const ids: unknown[] = [
    ...(Array.isArray(vocabulary) ? [] : (Object.values(vocabulary) as unknown[])),
    ...(Array.isArray(added) ? added.map((each: { readonly id?: unknown } | null) => each?.id) : []),
  ];
  const isOdd = (id: unknown): boolean =>
    !(Number.isInteger(id) && (id as number) >= 0 && (id as number) < mostPieces);
  // The library makes a list as long as the largest.
  if (ids.some(isOdd)) {
    const odd = ids.find(isOdd);
    throw refuse(`one of its pieces has the number ${JSON.stringify(odd) ?? typeof odd}`);
  }
  let tokenizer: LibraryTokenizer;
  let numbers: number[];
  try {
    tokenizer = new Tokenizer({ added_tokens: [], ...parts }, {});
    numbers = [...tokenizer.get_vocab(true).values()];
  } catch (cause) {
    throw refuse(`cannot be used (${messageOf(cause).replace(/\s+/gu, " ").slice(0, 160)})`, cause);
  }
  if (numbers.length === 0) throw refuse("its vocabulary is empty");
  const padding = paddings.map((name) => tokenizer.token_to_id(name)).find((id) => id !== undefined);
  return {
    vocabulary: numbers.reduce((high, id) => Math.max(high, id), 0) + 1,
    padding,
    encode: (text, most = Infinity) => {
      expectArgument("encode", "the text", text, aString);
      return encodeWithin(tokenizer, text, most);
    },
    get file() {
      return typeof content === "string" ? content : `${JSON.stringify(content)}\n`;
    },
  };
}

/** Without a piece for the unknown, unknown letters have no number and are left out. */
const known = (ids: readonly (number | undefined)[]): number[] => ids.filter((id) => id !== undefined);

function encodeWithin(tokenizer: LibraryTokenizer, text: string, most: number): number[] {
  const start = beginning(text, most);
  const ids = known(tokenizer.encode(start).ids);
  if (ids.length <= most) return ids;
  // What the model puts around every text keeps its place: only the text's own pieces are cut.
  const own = known(tokenizer.encode(start, { add_special_tokens: false }).ids);
  let before = 0;
  while (before + own.length < ids.length && !own.every((id, i) => ids[before + i] === id)) before++;
  const behind = ids.slice(before + own.length);
  const room = most - before - behind.length;
  return room < 0 ? ids.slice(0, most) : [...ids.slice(0, before), ...own.slice(0, room), ...behind];
}

/** Letters of a piece at most, or nearly: those of published vocabularies have fewer, but for rulers of hyphens. */
const longestPiece = 64;

/**
 * As much of a long text as has that many pieces for certain: every word has one, but for words of signs that are left out. A text
 * without blanks, whose pieces take time that grows faster than it does, is cut by its letters.
 */
function beginning(text: string, most: number): string {
  const generous = 2 * most + 16;
  if (!(text.length > 4 * generous)) return text;
  const start = text.slice(0, generous * longestPiece);
  let words = 0;
  for (const { index } of start.matchAll(/\s+/gu)) if (++words > generous) return start.slice(0, index);
  return start;
}
