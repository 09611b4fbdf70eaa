// Many texts as tokens, one behind the other in one array: what encoders read, in batches of texts of similar length.

import {
  expectArgument,
  expectOptions,
  strings,
  wholeFrom,
  type OptionChecks,
  type Requirement,
} from "../../errors/arguments.ts";

/** From texts to the numbers of their tokens. */
export interface Tokeniser {
  /** Tokens are numbers below it: rows that an encoder's table needs. */
  readonly vocabulary: number;
  /** The token that fills texts up, where it has one. */
  readonly padding: number | undefined;
  /**
   * Tokens of a text, with those that its model puts around one.
   * @param most longer texts are cut, before a token that ends all texts
   */
  encode(text: string, most?: number): ArrayLike<number>;
  /** The text of its tokenizer.json, where it is of one. */
  readonly file?: string | undefined;
}

/** What `parseTokeniser` gives, or an object of a program's own. */
export const aTokeniser: Requirement = {
  words: "a tokeniser, as parseTokeniser gives it",
  fits: (value) => {
    const { vocabulary, encode } = (value ?? {}) as Partial<Tokeniser>;
    return Number.isInteger(vocabulary) && typeof encode === "function";
  },
};

export interface TokenLists {
  readonly count: number;
  readonly tokens: Uint32Array<ArrayBuffer>;
  /** [count + 1]: text i has the tokens starts[i] to starts[i + 1] - 1. */
  readonly starts: Uint32Array<ArrayBuffer>;
}

/** @param lists tokens of each text */
export function tokenLists(lists: readonly ArrayLike<number>[]): TokenLists {
  const starts = new Uint32Array(lists.length + 1);
  lists.forEach(({ length }, i) => {
    starts[i + 1] = starts[i] + length;
  });
  const tokens = new Uint32Array(starts[lists.length]);
  lists.forEach((list, i) => {
    tokens.set(list, starts[i]);
  });
  return { count: lists.length, tokens, starts };
}

/** Tokens of a text, at most so many, and whether it has more. */
export function tokensWithin(
  tokeniser: Tokeniser,
  text: string,
  most: number,
): { readonly tokens: ArrayLike<number>; readonly isCut: boolean } {
  const tokens = tokeniser.encode(text, most);
  // Of most texts, which have fewer, one look is enough.
  return { tokens, isCut: tokens.length >= most && tokeniser.encode(text, most + 1).length > most };
}

/** Tokens of a text. */
export const lengthOf = ({ starts }: TokenLists, text: number): number => starts[text + 1] - starts[text];

/** Texts of a batch, as encoders take them. */
export interface PaddedTexts {
  /** [B * T] */
  readonly tokens: Uint32Array<ArrayBuffer>;
  /** [B * T], 1 for a token and 0 for what fills up. */
  readonly mask: Float32Array<ArrayBuffer>;
}

/**
 * Some of the texts, filled up to one length.
 * @param length what is longer is cut
 */
export function paddedTexts(
  lists: TokenLists,
  texts: ArrayLike<number>,
  length: number,
  padding: number,
): PaddedTexts {
  const tokens = new Uint32Array(texts.length * length).fill(padding);
  const mask = new Float32Array(tokens.length);
  for (let row = 0; row < texts.length; row++) {
    const start = lists.starts[texts[row]];
    const count = Math.min(lengthOf(lists, texts[row]), length);
    tokens.set(lists.tokens.subarray(start, start + count), row * length);
    mask.fill(1, row * length, row * length + count);
  }
  return { tokens, mask };
}

export interface TokenBatchOptions {
  /** T: shorter texts are filled up to it, longer ones cut. Default: the tokens of the longest text, 1 at least. */
  readonly length?: number;
}

const tokenBatchOptions: OptionChecks<TokenBatchOptions> = { length: wholeFrom(1) };

export interface TokenBatch extends PaddedTexts {
  /** [B, T] of both arrays. */
  readonly shape: readonly [batch: number, tokens: number];
}

/**
 * Texts as an encoder takes them, for a training loop of your own.
 *
 *     const { tokens, mask, shape } = tokenBatch(tokeniser, texts, { length: 64 });
 *     const vectors = encoder.forward(engine.tensor(tokens, shape, "u32"), "training", { mask: engine.tensor(mask, shape) });
 *
 * @param texts [B], at least one
 */
export function tokenBatch(
  tokeniser: Tokeniser,
  texts: readonly string[],
  options: TokenBatchOptions = {},
): TokenBatch {
  expectArgument("tokenBatch", "the tokeniser", tokeniser, aTokeniser);
  expectArgument("tokenBatch", "the texts", texts, {
    words: "a list of one string or more",
    fits: (value) => strings.fits(value) && (value as readonly string[]).length > 0,
  });
  expectOptions("tokenBatch", options, tokenBatchOptions);
  const lists = tokenLists(texts.map((text) => tokeniser.encode(text, options.length)));
  const longest = texts.reduce((most, _, text) => Math.max(most, lengthOf(lists, text)), 1);
  const { length = longest } = options;
  const padded = paddedTexts(
    lists,
    texts.map((_, text) => text),
    length,
    tokeniser.padding ?? 0,
  );
  return { ...padded, shape: [texts.length, length] };
}

/** A number for each text, the same for texts of the same tokens: that of the first of them. */
export function firstAlike({ count, tokens, starts }: TokenLists): Uint32Array<ArrayBuffer> {
  const first = new Map<string, number>();
  const found = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const key = tokens.subarray(starts[i], starts[i + 1]).join();
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, i);
    found[i] = earlier ?? i;
  }
  return found;
}
