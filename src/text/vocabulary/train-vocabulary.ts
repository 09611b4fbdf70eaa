// A vocabulary of word pieces, learned from texts, as a tokenizer.json that every reader of that format takes: ours, and Python's
// tokenizers.
import {
  aFunction,
  aString,
  expectArgument,
  expectOptions,
  wholeFrom,
  type OptionChecks,
} from "../../errors/arguments.ts";
import { UsageError } from "../../errors/errors.ts";
import { accents } from "../texts/words.ts";
import { Tokenizer } from "./hugging-face.ts";
import { learnMerges } from "./piece-merges.ts";

export interface VocabularyOptions {
  /** Pieces in all, with the two that stand for padding and for the unknown. Default 8,000. */
  readonly size?: number;
  /** Pairs that occur more rarely than this stay apart. Default 2. */
  readonly leastCount?: number;
  /** Told now and then how many texts are counted. */
  readonly progress?: ((done: number) => void) | undefined;
}

const vocabularyOptions: OptionChecks<VocabularyOptions> = {
  size: wholeFrom(3),
  leastCount: wholeFrom(1),
  progress: aFunction,
};

/** The pieces that no text is made of, in the order of their numbers. */
const specialPieces = { padding: "[PAD]", unknown: "[UNK]" } as const;

/** Longer runs of letters are codes and addresses, whose pieces occur nowhere else. */
const longestWord = 64;
/** The mark of a word's beginning: "wing" and the "wing" of "wings" are one piece, "swing" is made of others. */
const mark = "▁";

/** Small letters without accents, as words are compared in search, and words parted at blanks and punctuation. */
const preparation = {
  normalizer: {
    type: "Sequence",
    // "StripAccents" would take vowel signs of Indian scripts for accents, too.
    normalizers: [
      { type: "NFKD" },
      { type: "Lowercase" },
      { type: "Replace", pattern: { Regex: `[${accents}]` }, content: "" },
      { type: "NFC" },
    ],
  },
  pre_tokenizer: {
    type: "Sequence",
    pretokenizers: [
      { type: "BertPreTokenizer" },
      { type: "Metaspace", replacement: mark, prepend_scheme: "always", split: true },
    ],
  },
} as const;

/** What a tokenizer.json holds. */
export type TokeniserFile = Readonly<Record<string, unknown>>;

function tokeniserFile(
  pieces: readonly string[],
  merges: readonly (readonly [string, string])[],
): TokeniserFile {
  const specials = Object.values(specialPieces);
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: specials.map((content, id) => ({
      ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    })),
    ...preparation,
    post_processor: null,
    decoder: { type: "Metaspace", replacement: mark, prepend_scheme: "always", split: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: specialPieces.unknown,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries([...specials, ...pieces].map((piece, id) => [piece, id])),
      merges,
    },
  };
}

/**
 * Learns a vocabulary by byte pair encoding. The same texts give the same vocabulary, in any order.
 *
 * @param texts at least one word in all
 * @throws UsageError for texts without a word, and for options that cannot be
 */
export function trainVocabulary(texts: Iterable<string>, options: VocabularyOptions = {}): TokeniserFile {
  const what = "trainVocabulary";
  expectArgument(what, "the texts", texts, {
    words: "a list of strings",
    fits: (value) => typeof value === "object" && value !== null && Symbol.iterator in value,
  });
  expectOptions(what, options, vocabularyOptions);
  const { size = 8000, leastCount = 2, progress } = options;
  const { normalizer, pre_tokenizer: cutter } = new Tokenizer(tokeniserFile([], []), {});
  const counts = new Map<string, number>();
  let done = 0;
  for (const text of texts) {
    expectArgument(what, "each text", text, aString);
    for (const word of cutter?.pre_tokenize(normalizer?.normalize(text) ?? text) ?? []) {
      if (word.length <= longestWord) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    if (++done % 1000 === 0) progress?.(done);
  }
  if (counts.size === 0) throw new UsageError(`${what}: the texts have no word to learn from`);
  const learned = size - Object.keys(specialPieces).length;
  const { pieces, merges } = learnMerges(counts, {
    size: learned,
    leastCount,
    // Scripts of thousands of letters leave room for words.
    mostLetters: Math.max(1, Math.ceil(learned / 2)),
  });
  return tokeniserFile(pieces, merges);
}
