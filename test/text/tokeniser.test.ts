// Tokenisers of the three shapes that encoders come with, made by hand, and of vocabularies that are learned here.
import { describe, expect, test } from "vitest";
import { parseTokeniser } from "../../src/text/vocabulary/tokeniser.ts";
import { trainVocabulary } from "../../src/text/vocabulary/train-vocabulary.ts";

const numbered = (pieces: readonly string[]): Record<string, number> =>
  Object.fromEntries(pieces.map((piece, id) => [piece, id]));
const special = (id: number, content: string): object => ({
  ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
});

/** As BERT's: small letters, word pieces with ##, [CLS] and [SEP] around. */
const bert = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map((name, id) => special(id, name)),
  normalizer: {
    ...{
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
  },
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: {
    type: "TemplateProcessing",
    single: [
      { SpecialToken: { id: "[CLS]", type_id: 0 } },
      { Sequence: { id: "A", type_id: 0 } },
      { SpecialToken: { id: "[SEP]", type_id: 0 } },
    ],
    pair: [],
    special_tokens: {
      "[CLS]": { id: "[CLS]", ids: [2], tokens: ["[CLS]"] },
      "[SEP]": { id: "[SEP]", ids: [3], tokens: ["[SEP]"] },
    },
  },
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: numbered([
      ...["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "wing", "##s", "slip", "##stream", ","],
    ]),
  },
};

/** As RoBERTa's: bytes, with a blank as part of the word behind it. */
const roberta = {
  ...bert,
  added_tokens: ["<s>", "<pad>", "</s>", "<unk>"].map((name, id) => special(id, name)),
  normalizer: null,
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: {
    ...{
      type: "RobertaProcessing",
      sep: ["</s>", 2],
      cls: ["<s>", 0],
      trim_offsets: true,
      add_prefix_space: false,
    },
  },
  decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: {
    ...{ type: "BPE", dropout: null, unk_token: null, continuing_subword_prefix: "", end_of_word_suffix: "" },
    ...{ fuse_unk: false, byte_fallback: false },
    vocab: numbered([
      ...["<s>", "<pad>", "</s>", "<unk>", "w", "i", "n", "g", "Ġ", "in", "ing", "wing", "Ġw", "Ġwing"],
    ]),
    merges: ["i n", "in g", "w ing", "Ġ w", "Ġ wing"],
  },
};

/** As XLM-R's: pieces with log probabilities, words begin with a mark. */
const xlmr = {
  ...roberta,
  added_tokens: ["<s>", "<pad>", "</s>", "<unk>"].map((name, id) => special(id, name)),
  normalizer: { type: "NFKC" },
  pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
  post_processor: {
    type: "TemplateProcessing",
    single: [
      { SpecialToken: { id: "<s>", type_id: 0 } },
      { Sequence: { id: "A", type_id: 0 } },
      { SpecialToken: { id: "</s>", type_id: 0 } },
    ],
    pair: [],
    special_tokens: {
      "<s>": { id: "<s>", ids: [0], tokens: ["<s>"] },
      "</s>": { id: "</s>", ids: [2], tokens: ["</s>"] },
    },
  },
  decoder: { type: "Metaspace", replacement: "▁", prepend_scheme: "always" },
  model: {
    type: "Unigram",
    unk_id: 3,
    byte_fallback: false,
    vocab: [
      ["<s>", 0],
      ["<pad>", 0],
      ["</s>", 0],
      ["<unk>", 0],
      ["▁", -3],
      ["▁wing", -2],
      ["s", -2.5],
      ["wing", -4],
      ["▁w", -4],
      ["ings", -4],
    ],
  },
};

test("BERT's shape: word pieces, small letters, an unknown word as one piece", () => {
  const tokeniser = parseTokeniser("tokenizer.json", bert);
  expect([tokeniser.vocabulary, tokeniser.padding]).toEqual([11, 0]);
  expect(tokeniser.encode("The WINGS, slipstream")).toEqual([2, 5, 6, 7, 10, 8, 9, 3]);
  expect(tokeniser.encode("the Flügel wing")).toEqual([2, 5, 1, 6, 3]);
  expect(tokeniser.encode("")).toEqual([2, 3]);
});

test("RoBERTa's shape: merges in their order, blanks before words; bytes without a piece are left out", () => {
  const tokeniser = parseTokeniser("tokenizer.json", JSON.stringify(roberta));
  expect([tokeniser.vocabulary, tokeniser.padding]).toEqual([14, 1]);
  expect(tokeniser.encode("wing wing")).toEqual([0, 11, 13, 2]);
  expect(tokeniser.encode("win")).toEqual([0, 4, 9, 2]);
  expect(tokeniser.encode("zwing")).toEqual([0, 11, 2]);
});

test("XLM-R's shape: the likeliest pieces", () => {
  const tokeniser = parseTokeniser("tokenizer.json", xlmr);
  expect([tokeniser.vocabulary, tokeniser.padding]).toEqual([10, 1]);
  expect(tokeniser.encode("wings wing")).toEqual([0, 5, 6, 5, 2]);
  expect(tokeniser.encode("ｗｉｎｇ")).toEqual([0, 5, 2]); // wide letters, by NFKC
});

test("longer texts are cut before the piece that ends all texts", () => {
  const tokeniser = parseTokeniser("tokenizer.json", bert);
  expect(tokeniser.encode("the wing the wing", 4)).toEqual([2, 5, 6, 3]);
  expect(tokeniser.encode("the wing", 4)).toEqual([2, 5, 6, 3]);
  expect(tokeniser.encode("the wing", 1)).toEqual([2]);
  const long = "the wing ".repeat(50_000);
  expect(tokeniser.encode(long, 10)).toEqual([2, 5, 6, 5, 6, 5, 6, 5, 6, 3]);
});

describe("a learned vocabulary", () => {
  const texts = ["The wings of a wing.", "Swing the wing; wing swings", "a naïve wing"];
  const file = trainVocabulary(texts, { size: 60 });
  const tokeniser = parseTokeniser("tokenizer.json", JSON.stringify(file));
  const pieces = Object.keys((file.model as { vocab: Record<string, number> }).vocab);
  const shown = (text: string): string[] => Array.from(tokeniser.encode(text), (id) => pieces[id]);

  test("begins with the pieces for padding and the unknown, and the letters", () => {
    expect(pieces.slice(0, 4)).toEqual(["[PAD]", "[UNK]", ".", ";"]);
    expect([tokeniser.padding, tokeniser.vocabulary]).toEqual([0, pieces.length]);
  });

  test("has frequent words as one piece, which longer ones begin with", () => {
    expect(shown("wing")).toEqual(["▁wing"]);
    expect(shown("WINGS wing")).toEqual(["▁wing", "s", "▁wing"]);
    expect(shown("the naive")[0]).toBe("▁the");
    expect(shown("naïve")).toEqual(shown("naive"));
  });

  test("takes what it has never seen for unknown, once for several letters", () => {
    expect(shown("wing Ω∑").slice(1)).toEqual(["▁", "[UNK]"]);
  });

  test("has as many pieces as were asked for, or as there are pairs", () => {
    const model = trainVocabulary(texts, { size: 24, leastCount: 1 }).model as {
      vocab: object;
      merges: unknown[];
    };
    expect(Object.keys(model.vocab)).toHaveLength(24);
    expect(trainVocabulary(texts.toReversed(), { size: 60 })).toEqual(file);
  });

  test("refuses texts without a word", () => {
    expect(() => trainVocabulary([" ", ""])).toThrow("trainVocabulary: the texts have no word to learn from");
    expect(() => trainVocabulary(texts, { size: 2 })).toThrow(
      "trainVocabulary: size must be a whole number from 3",
    );
  });
});

test("a file that is no tokenizer.json is refused in one line that names it", () => {
  const refused = (content: unknown): string => {
    try {
      parseTokeniser("model/tokenizer.json", content);
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };
  expect(refused("{")).toMatch(
    /^model\/tokenizer\.json: is not JSON \(.*\); take the tokenizer\.json that was saved/,
  );
  expect(refused("{}")).toMatch(/has no model;/);
  expect(refused({ ...bert, model: { type: "WordPiece" } })).toMatch(/its model has no vocabulary/);
  expect(refused({ ...bert, model: { type: "Other", vocab: 3 } })).toMatch(/its model has no vocabulary/);
  expect(refused({ ...bert, pre_tokenizer: { type: "Other" } })).toMatch(
    /cannot be used \(Unknown PreTokenizer type: Other\)/,
  );
  expect(refused({ ...roberta, model: { type: "BPE", vocab: { a: 0 } } })).toMatch(/cannot be used/);
  expect(refused({ ...bert, model: { ...bert.model, vocab: { the: -1 } } })).toMatch(
    /one of its pieces has the number -1/,
  );
  // A list as long as the largest number would be filled.
  expect(refused({ ...bert, added_tokens: [special(1e9, "[PAD]")] })).toMatch(
    /one of its pieces has the number 1000000000/,
  );
});

test("a learned vocabulary takes accents off, and keeps the vowel signs that tell words apart", () => {
  const words = ["की", "कि", "कु", "Café", "cafe\u0301", "ガ", "カ"];
  const tokeniser = parseTokeniser(
    "t",
    trainVocabulary(
      words.flatMap((word) => [word, word]),
      { size: 60 },
    ),
  );
  const [ki, ki2, ku, cafe, again, ga, ka] = words.map((word) =>
    [...Array.from(tokeniser.encode(word))].join(),
  );
  expect(new Set([ki, ki2, ku, ga, ka]).size).toBe(5);
  expect(again).toBe(cafe);
});
