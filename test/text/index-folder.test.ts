// Indexes in folders: what is written comes back, and what is damaged is refused in one line.
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fitLsa, lsaEncoder } from "../../src/text/lsa/lsa.ts";
import { encoderDigest } from "../../src/text/search/encoder-digest.ts";
import { openIndex, writeIndex } from "../../src/text/search/index-folder.ts";
import { indexBytes, parseIndex, type IndexEncoder } from "../../src/text/search/stored-index.ts";
import { indexTexts, searchTexts, type TextIndex } from "../../src/text/search/text-index.ts";
import type { Text } from "../../src/text/texts/text.ts";

const folder = mkdtempSync(join(tmpdir(), "tessera-index-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const texts: readonly Text[] = [
  { id: "a", title: "Wings", contents: 'of a "plane"\nin the air' },
  { id: "ä/2", title: "", contents: "wings of a bird 🐦" },
  { id: "c", title: "Boats", contents: "in the water" },
];
let index: TextIndex;
let encoder: IndexEncoder;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  const words = await indexTexts(texts);
  const model = fitLsa(words.words, { width: 2, leastTexts: 1 });
  if (model === undefined) throw new Error("nothing was fitted");
  index = await indexTexts(texts, lsaEncoder(model));
  encoder = { kind: "lsa", model };
  await writeIndex(folder, texts, { index, encoder });
});

/** The message of an index that cannot be opened, without the folder. */
const refusal = async (): Promise<string> =>
  openIndex(folder).then(
    () => "",
    (error: unknown) => (error as Error).message.replaceAll(folder, "INDEX"),
  );

test("an index comes back as it was, with its texts", async () => {
  const open = await openIndex(folder);
  expect(open.index).toEqual(index);
  expect(open.encoder).toEqual(encoder);
  expect(open.empty).toBe(0);
  expect(await open.textsAt([2, 1, 0])).toEqual([texts[2], texts[1], texts[0]]);
  if (open.encoder?.kind !== "lsa") throw new Error("no lsa");
  const [vector] = [await lsaEncoder(open.encoder.model).encode(["boat"])];
  expect(searchTexts(open.index, "boat", vector)[0].id).toBe("c");
});

test("an index of words alone has no vectors, one of a model names it and how its vectors were standardised", async () => {
  const words = await indexTexts(texts);
  const offsets = Float64Array.of(0, 1, 2, 3);
  const stored = (made: IndexEncoder | undefined, of: TextIndex): Uint8Array =>
    Buffer.concat(indexBytes({ index: of, encoder: made, offsets, empty: 1 }));
  const bare = parseIndex("i", stored(undefined, words));
  expect([bare.index.vectors, bare.encoder, bare.empty]).toEqual([undefined, undefined, 1]);
  for (const standardised of [
    { how: "none" },
    { how: "corpus", mean: Float32Array.of(1, 2), deviation: Float32Array.of(3, Infinity) },
  ] as const) {
    const made: IndexEncoder = { kind: "folder", folder: "m", digest: "d", standardised };
    expect(parseIndex("i", stored(made, index)).encoder).toEqual(made);
  }
});

test("a damaged index is refused, whichever byte it is", async () => {
  const file = at("index.safetensors");
  const whole = readFileSync(file);
  for (const place of [3, 60, whole.length >> 1, whole.length - 1]) {
    const bytes = Buffer.from(whole);
    bytes[place] ^= 4;
    writeFileSync(file, bytes);
    expect(await refusal()).toMatch(
      /^INDEX.index\.safetensors: is (damaged: .*|no index.*|".*"); make the index again$/,
    );
  }
  truncateSync(file, whole.length - 9);
  expect(await refusal()).toMatch(/^INDEX.index\.safetensors: is damaged: .*; make the index again$/);
  writeFileSync(file, whole);
});

test("a folder without an index, and texts that are not those of the index, are refused", async () => {
  await expect(openIndex(at("none"))).rejects.toThrow(
    "is no folder of an index; make one with tessera index",
  );
  const file = at("texts.jsonl");
  const whole = readFileSync(file, "utf8");
  rmSync(file);
  expect(await refusal()).toBe("INDEX/texts.jsonl: is missing; make the index again");
  writeFileSync(file, whole.slice(0, -1));
  expect(await refusal()).toMatch(
    /texts\.jsonl: has \d+ bytes, and those that the index was made of \d+; make the index again/,
  );
  // Of the same size, but other texts.
  writeFileSync(file, whole.replace('"id":"c"', '"id":"d"'));
  const open = await openIndex(folder);
  await expect(open.textsAt([2])).rejects.toThrow(
    'line 3 is not the text "c" that the index was made of; make the index again',
  );
  writeFileSync(file, whole.replace("Boats", 'Bo"ts'));
  await expect(open.textsAt([2])).rejects.toThrow('line 3 is not the text "c"');
  writeFileSync(file, whole);
});

test("the digest of an encoder changes with its weights and its tokeniser", async () => {
  const digests: string[] = [];
  for (const [name, content] of [
    ["tokenizer.json", "{}"],
    ["model.safetensors", "1"],
    ["model.safetensors", "2"],
    ["notes.txt", "none of its files"],
  ]) {
    writeFileSync(at(name), content);
    digests.push(await encoderDigest(folder));
  }
  expect(new Set(digests).size).toBe(3);
  await expect(encoderDigest(at("none"))).rejects.toThrow(/cannot be read/);
});
