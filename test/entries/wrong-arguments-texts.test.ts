// As wrong-arguments.test.ts, of texts.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Initialiser } from "../../src/nn/initialise.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import { indexBytes } from "../../src/text/search/stored-index.ts";
import * as text from "../../src/text/index.ts";
import { complaintsAbout, walksOf, type Rows, type Strangers } from "./argument-walk.ts";

const folder = mkdtempSync(join(tmpdir(), "tessera-wrong-texts-"));
const at = (name: string): string => join(folder, name);
let engine: Engine;
let other: Engine;
let strangers: Strangers;

const texts: readonly text.Text[] = [
  { id: "a", title: "Wings", contents: "of a plane" },
  { id: "b", title: "Boats", contents: "of a harbour" },
];
const vocabulary = text.trainVocabulary(
  texts.map(({ contents }) => contents),
  { size: 20, leastCount: 1 },
);
const tokeniser = text.parseTokeniser("tokenizer.json", vocabulary);
const rows = { vocabulary: tokeniser.vocabulary, width: 4, padding: 0 };
const bag = (): text.BagEncoder => new text.BagEncoder(engine, new Initialiser(engine, 1), rows);
const encoder = (): text.SentenceEncoder => new text.SentenceEncoder(bag(), tokeniser, 8);
const words = await text.indexTexts(texts);
const lsa = text.fitLsa(words.words, { width: 1, leastTexts: 1 });
if (lsa === undefined) throw new Error("nothing was fitted");
const model = lsa;
const indexed = await text.indexByLsa(texts, { width: 1, leastTexts: 1 });
const vector = await text.lsaEncoder(model).encode(["plane"]);
const stored = Buffer.concat(indexBytes({ ...indexed, offsets: Float64Array.of(0, 1, 2), empty: 0 }));
const lines = new TextEncoder().encode('{"id":"a","contents":"wing"}\n');
let files: text.EncoderFiles;

beforeAll(async () => {
  engine = await openEngine({ device: "reference" });
  other = await openEngine({ device: "reference" });
  const disposed = engine.zeros([2, 2]);
  disposed.dispose();
  strangers = { stranger: other.zeros([2, 2]), disposed };
  files = await text.encoderBytes(encoder());
  await text.writeEncoder(at("encoder"), encoder());
  await text.writeIndex(at("index"), texts, indexed);
  writeFileSync(at("texts.jsonl"), lines);
});
afterAll(() => {
  engine.close();
  other.close();
  rmSync(folder, { recursive: true, force: true });
});

const full = (...shape: number[]) => engine.full(shape, 0.5);
const nothing = (): void => undefined;
const pairs = Array.from({ length: 4 }, (_, i) => ({ query: "a plane", document: `of a harbour ${i}` }));

const ofTexts: Rows<typeof text> = {
  BagEncoder: () => [engine, new Initialiser(engine, 1), rows],
  DataError: "not called by users",
  ModelError: "not called by users",
  SentenceEncoder: () => [bag(), tokeniser, 8],
  TokenEncoder: "not called by users", // abstract
  TransformerEncoder: () => [
    engine,
    new Initialiser(engine, 1),
    {
      ...{ ...rows, layers: 1, heads: 2, hidden: 4, mostTokens: 8, firstPlace: 1, segments: 1 },
      ...{ normFirst: true, activation: "relu", epsilon: 1e-5, dropout: 0.1 },
    },
  ],
  VectorSearch: () => [engine, indexed.index],
  bm25Scores: () => [words.words, "plane", { k1: 1, b: 0.5, repeated: "once" }],
  contrastiveLoss: () => [full(2, 3), full(2, 3), { temperature: 0.1, others: full(2, 2) }],
  encodeTexts: () => [texts, text.lsaEncoder(model), nothing],
  encoderBytes: () => [encoder()],
  encoderOfBytes: () => [engine, files, "encoder"],
  encoderTask: () => [
    bag(),
    tokeniser,
    pairs,
    {
      ...{ batch: 2, seed: 1, temperature: 0.1, queryTokens: 8, documentTokens: 8, heldOut: 0 },
      twin: bag,
    },
  ],
  fitLsa: () => [words.words, { width: 1, seed: 1, leastTexts: 1, mostTexts: 2 }],
  fromFolder: () => [engine, at("encoder")],
  indexByFolder: () => [engine, at("encoder"), texts, { standardise: "corpus", progress: nothing }],
  indexByLsa: () => [texts, { width: 1, seed: 1, leastTexts: 1, mostTexts: 2, progress: nothing }],
  indexTexts: () => [texts, text.lsaEncoder(model), nothing],
  judgeRankings: () => [
    "judgements.json",
    [{ query: "q", document: "a", grade: 1 }],
    [{ query: "q", documents: [{ id: "a", score: 1 }] }],
    new Set(["a"]),
  ],
  lsaEncoder: () => [model],
  openIndex: () => [at("index")],
  parseIndex: () => ["index.safetensors", stored],
  parseJudgements: () => ["judgements.json", '[{"query_id":"q","doc_id":"a","relevance":1}]'],
  parseQueries: () => ["queries.json", '[{"query_id":"q","query":"wing"}]'],
  parseTexts: () => [
    "texts.jsonl",
    lines,
    {
      keys: { id: "id", title: "title", contents: "contents" },
      limits: { line: 99, texts: 9 },
      bad: nothing,
    },
  ],
  parseTokeniser: () => ["tokenizer.json", vocabulary],
  passageOf: () => ["of a plane", text.queryWeights(words.words, "plane"), 20],
  queryEncoder: () => [engine, indexed, { folder: at("encoder") }],
  queryWeights: () => [words.words, "plane", "once"],
  readTexts: () => [at("texts.jsonl"), { bad: nothing }],
  searchModes: "no function",
  searchTexts: () => [indexed.index, "plane", vector, { mode: "both", top: 1, without: ["a"] }],
  tokenBatch: () => [tokeniser, ["of a plane"], { length: 4 }],
  trainVocabulary: () => [["of a plane"], { size: 20, leastCount: 1, progress: nothing }],
  writeEncoder: "not called by users", // writes wherever a text says; see below
  writeIndex: "not called by users",
};

const walks = walksOf(text, ofTexts, {
  SentenceEncoder: { name: "SentenceEncoder", whole: [1] },
  VectorSearch: { name: "VectorSearch", whole: [1] },
  bm25Scores: { whole: [0] },
  encodeTexts: { whole: [1] },
  encoderOfBytes: { name: "encoderOfBytes|encoder" },
  encoderTask: { whole: [1] },
  fitLsa: { whole: [0], kinds: ["undefined"] },
  fromFolder: { name: "fromFolder|text" },
  indexByFolder: { name: "indexByFolder|fromFolder|indexTexts|text: holds no encoder" },
  indexByLsa: { name: "indexByLsa|indexTexts" },
  indexTexts: { name: "indexTexts|encodeTexts", whole: [1] },
  judgeRankings: { name: "judgeRankings|judgements.json" },
  lsaEncoder: { whole: [0] },
  openIndex: { name: "openIndex|text" },
  parseIndex: { name: "parseIndex|index.safetensors", whole: [1] },
  parseJudgements: { name: "parseJudgements|judgements.json" },
  parseQueries: { name: "parseQueries|queries.json" },
  parseTexts: { name: "parseTexts|texts.jsonl", whole: [1] },
  parseTokeniser: { name: "parseTokeniser|tokenizer.json", whole: [1] },
  queryEncoder: { whole: [1] },
  queryWeights: { whole: [0] },
  readTexts: { name: "readTexts|texts.jsonl|text: " },
  searchTexts: { whole: [0, 2] },
  tokenBatch: { whole: [0] },
});

test.each(walks)(
  "%s with wrong arguments works or says so in one line",
  async (_, walked) => {
    expect(await complaintsAbout(engine, strangers, walked)).toEqual([]);
  },
  120_000,
);

test("nothing is written of what is no encoder and no index", async () => {
  const odd = [null, "text", {}, [], NaN, Symbol("s"), Promise.resolve(1), strangers.disposed];
  for (const each of odd) {
    const wrong = each as never;
    await expect(text.writeEncoder(at("written"), wrong)).rejects.toThrow(/^encoderBytes: takes a .*$/);
    await expect(text.writeIndex(at("written"), wrong, indexed)).rejects.toThrow(/^writeIndex: .*$/);
    await expect(text.writeIndex(at("written"), texts, wrong)).rejects.toThrow(/^writeIndex: .*$/);
    if (typeof each === "string") continue;
    await expect(text.writeEncoder(wrong, encoder())).rejects.toThrow(/^writeEncoder: the folder .*$/);
    await expect(text.writeIndex(wrong, texts, indexed)).rejects.toThrow(/^writeIndex: the folder .*$/);
  }
  await expect(text.writeIndex(at("written"), texts.toReversed(), indexed)).rejects.toThrow(
    "writeIndex: the texts must be those of the index, in its order",
  );
  await expect(text.writeIndex(at("written"), texts, { index: indexed.index })).rejects.toThrow(
    "writeIndex: an index of vectors needs its encoder",
  );
  expect(existsSync(at("written"))).toBe(false);
});
