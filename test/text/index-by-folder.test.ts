// Encoders kept as bytes and in folders, indexes of them, and encoders of a program's own.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { affine } from "../../src/functions/elementwise.ts";
import { takeRows } from "../../src/functions/movement.ts";
import { Initialiser } from "../../src/nn/initialise.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import {
  BagEncoder,
  encoderBytes,
  encoderOfBytes,
  encoderTask,
  fromFolder,
  indexByFolder,
  openIndex,
  parseTokeniser,
  queryEncoder,
  searchTexts,
  SentenceEncoder,
  tokenBatch,
  TokenEncoder,
  trainVocabulary,
  writeEncoder,
  writeIndex,
} from "../../src/text/index.ts";
import { weightedSum, type TokenOptions } from "../../src/text/encoder/token-encoder.ts";
import { train } from "../../src/training/trainer.ts";
import { useEngine } from "../engines.ts";

const folder = mkdtempSync(join(tmpdir(), "tessera-by-folder-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
const open = useEngine({ device: "reference" });

const texts = [
  { id: "w", title: "Wings", contents: "a wing of a plane" },
  { id: "b", title: "Boats", contents: "a boat in a harbour" },
  { id: "n", title: "", contents: "..." },
];
const tokeniser = parseTokeniser(
  "tokenizer.json",
  trainVocabulary(
    texts.map(({ contents }) => contents),
    { size: 30, leastCount: 1 },
  ),
);
const newBag = (): SentenceEncoder<BagEncoder> =>
  new SentenceEncoder(
    new BagEncoder(open(), new Initialiser(open(), 3), { vocabulary: tokeniser.vocabulary, width: 6 }),
    tokeniser,
    5,
  );

test("an encoder comes back from its bytes, and from its folder, with its vectors", async () => {
  const encoder = newBag();
  const all = texts.map(({ contents }) => contents);
  const vectors = await encoder.encode(all);
  const again = await encoderOfBytes(open(), await encoderBytes(encoder));
  await writeEncoder(at("made/encoder"), encoder);
  const opened = await fromFolder(open(), at("made/encoder"));
  for (const each of [again, opened]) {
    expect(await each.encode(all)).toEqual(vectors);
    expect(each.mostTokens).toBe(5);
  }
  for (const each of [encoder, again, opened]) each.dispose();
});

test("an index of a folder is searched by its encoder, and a vector that is not finite is told by its text", async () => {
  const bag = newBag();
  await writeEncoder(at("encoder"), bag);
  const made = await indexByFolder(open(), at("encoder"), texts, { standardise: "corpus" });
  expect(made.cut).toBeGreaterThan(0);
  await writeIndex(at("index"), texts, made);
  const index = await openIndex(at("index"));
  expect(index.empty).toBe(1);
  const encoder = await queryEncoder(open(), index);
  const query = "Boats\na boat in a harbour";
  const [hit] = searchTexts(index.index, query, await encoder.encode([query]), { mode: "dense" });
  expect([hit.id, hit.score > 0.99]).toEqual(["b", true]);
  encoder[Symbol.dispose]();
  open().write(bag.module.words, new Float32Array(bag.module.words.size).fill(NaN));
  await writeEncoder(at("encoder"), bag);
  bag.dispose();
  await expect(queryEncoder(open(), index)).rejects.toThrow(
    "encoder: holds another encoder; name the folder of the one that the index was made with",
  );
  await expect(indexByFolder(open(), at("encoder"), texts)).rejects.toThrow(
    'text "w": its vector holds numbers that are not finite',
  );
  writeFileSync(at("encoder/encoder.json"), readFileSync(at("encoder/encoder.json"), "utf8").slice(1));
  await expect(queryEncoder(open(), index, { folder: at("gone") })).rejects.toThrow(
    /gone: cannot be read .*--model/,
  );
});

/** The mean of word vectors, and no padding apart. */
class MeanEncoder extends TokenEncoder {
  readonly configuration = { kind: "mean" };
  readonly width = 4;
  readonly vocabulary = tokeniser.vocabulary;
  readonly mostTokens = Infinity;
  readonly padding = 0;
  readonly words = this.parameter("words", new Initialiser(this.engine, 1).normal([this.vocabulary, 4], 1));

  forward(tokens: Tensor, _mode: "training" | "inference", { mask }: TokenOptions = {}): Tensor {
    const weights = mask ?? this.engine.full(tokens.shape, 1);
    return affine(weightedSum(takeRows(this.words, tokens), weights), 1 / tokens.shape[1]);
  }
}

test("an encoder of a program's own is trained and encodes; files of it there are none", async () => {
  const own = new MeanEncoder(open());
  const pairs = Array.from({ length: 4 }, (_, i) => ({
    query: i % 2 === 0 ? "a wing" : "a boat",
    document: `${i % 2 === 0 ? "a plane" : "a harbour"} ${"wing boat in of".split(" ")[i]}`,
  }));
  const losses: number[] = [];
  await train(
    encoderTask(own, tokeniser, pairs, { batch: 4 }),
    { epochs: 10, learningRate: 0.1 },
    { listener: { step: (report) => losses.push(report.losses.total) } },
  );
  expect(losses[9]).toBeLessThan(losses[0]);
  const encoder = new SentenceEncoder(own, tokeniser);
  expect(await encoder.encode(["a wing", ""])).toHaveLength(8);
  await expect(encoderBytes(encoder)).rejects.toThrow("files are of a BagEncoder or a TransformerEncoder");
  encoder.dispose();
});

test("a batch of tokens is as long as its longest text, or as long as it is asked to be", () => {
  const [long, short] = ["a wing of a plane", "boat"].map((text) => tokeniser.encode(text).length);
  const batch = tokenBatch(tokeniser, ["a wing of a plane", "boat", ""]);
  expect(batch.shape).toEqual([3, long]);
  expect(batch.mask.reduce((sum, each) => sum + each, 0)).toBe(long + short);
  const cut = tokenBatch(tokeniser, ["a wing of a plane", "boat"], { length: 2 });
  expect(cut.shape).toEqual([2, 2]);
  expect([...cut.tokens.subarray(0, 2)]).toEqual([...batch.tokens.subarray(0, 2)]);
  expect(tokenBatch(tokeniser, [""]).shape).toEqual([1, 1]);
});
