// When rank searches on a device, and that it finds the same there.
import { expect, test } from "vitest";
import { randomStream } from "../../src/data/random-stream.ts";
import { deviceSearch } from "../../src/cli/device-search.ts";
import { lastingEngine } from "../../src/cli/on-engine.ts";
import type { QueryEncoder } from "../../src/cli/text-options.ts";
import { indexWords } from "../../src/text/lexical/word-index.ts";
import { searchTexts, type TextIndex } from "../../src/text/search/text-index.ts";

const [count, width] = [2000, 64];
const random = randomStream(1, "device search");
const drawn = (rows: number): Float32Array =>
  Float32Array.from({ length: rows * width }, () => random.normal());
const ids = Array.from({ length: count }, (_, i) => `t${i}`);
const index: TextIndex = { ids, words: indexWords(ids), vectors: { width, values: drawn(count) } };
const onHost: QueryEncoder = { encode: () => Promise.resolve([]), [Symbol.dispose]: () => undefined };
const asked = { mode: "dense", top: 20, count: 800 } as const;

test("the device is that of the encoder, or one that was asked for, where it pays and can do it", async () => {
  const webgpu = { device: "webgpu" } as const;
  expect(await deviceSearch(index, onHost, { device: "auto" }, asked)).toBeUndefined();
  expect(await deviceSearch(index, onHost, webgpu, { ...asked, mode: "both" })).toBeUndefined();
  expect(await deviceSearch(index, onHost, webgpu, { ...asked, top: 129 })).toBeUndefined();
  expect(await deviceSearch(index, onHost, webgpu, { ...asked, count: 700 })).toBeUndefined();
  using reference = await lastingEngine({ device: "reference" });
  const slow = { ...onHost, lasting: reference };
  expect(await deviceSearch(index, slow, { device: "reference" }, asked)).toBeUndefined();
  using lasting = await lastingEngine(webgpu);
  using ofEncoder = await deviceSearch(index, { ...onHost, lasting }, { device: "auto" }, asked);
  expect(ofEncoder).toBeDefined();
});

test("hits are those of the host", async () => {
  using search = await deviceSearch(index, onHost, { device: "webgpu" }, asked);
  if (search === undefined) throw new Error("there is no device");
  const values = drawn(5);
  const queries = Array.from({ length: 5 }, (_, q) => values.subarray(q * width, (q + 1) * width));
  const without = queries.map((_, q) => ids.slice(0, q));
  const expected = queries.map((query, q) =>
    searchTexts(index, "", query, { mode: "dense", top: 20, without: without[q] }),
  );
  expect(await search.nearest(queries, { top: 20, without })).toEqual(expected);
  expect(await search.nearest(queries, { top: 20, without })).toEqual(expected);
});
