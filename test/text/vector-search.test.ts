// Searching by vectors on a device finds what the host finds, in its order.
import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random-stream.ts";
import { openGpu } from "../../src/device/gpu.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";
import { indexWords } from "../../src/text/lexical/word-index.ts";
import { searchTexts, type Hit, type TextIndex } from "../../src/text/search/text-index.ts";
import { VectorSearch } from "../../src/text/search/vector-search.ts";
import { useEngine } from "../engines.ts";

const idsOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `t${i}`);

function indexOf(values: Float32Array, width: number): TextIndex {
  const ids = idsOf(values.length / width);
  return { ids, words: indexWords(ids), vectors: { width, values } };
}

/** Numbers in steps of 1 / `steps`, so that many inner products are equal. */
function drawn(count: number, seed: number, steps = 2 ** 20): Float32Array<ArrayBuffer> {
  const random = randomStream(seed, "vector search");
  return Float32Array.from({ length: count }, () => Math.round(random.normal() * steps) / steps);
}

interface Asked {
  readonly top?: number;
  readonly without?: readonly (readonly string[])[];
}

const onHost = (index: TextIndex, queries: Float32Array, { top, without }: Asked): Hit[][] => {
  const width = index.vectors?.width ?? 0;
  return Array.from({ length: queries.length / width }, (_, q) =>
    searchTexts(index, "", queries.subarray(q * width, (q + 1) * width), {
      mode: "dense",
      top,
      without: without?.[q],
    }),
  );
};

async function compared(
  engine: Engine,
  index: TextIndex,
  queries: Float32Array,
  asked: Asked = {},
): Promise<number> {
  using search = new VectorSearch(engine, index);
  expect(await search.search(queries, asked)).toEqual(onHost(index, queries, asked));
  return search.decidedByHost;
}

for (const device of ["reference", "webgpu"] as const) {
  describe(`searching by vectors on ${device}`, () => {
    const open = useEngine({ device });

    test("hits, scores and ranks are the host's, of widths that fours divide or not", async () => {
      for (const width of [1, 7, 32]) {
        const index = indexOf(drawn(700 * width, width), width);
        const queries = drawn(37 * width, 100 + width);
        expect(await compared(open(), index, queries)).toBe(0);
        await compared(open(), index, queries, { top: 128 });
      }
    });

    test("equal scores stand in the order of the index, also where hundreds are equal", async () => {
      const values = drawn(600 * 4, 1, 1);
      const hosts = await compared(open(), indexOf(values, 4), drawn(20 * 4, 2, 1), { top: 20 });
      expect(hosts).toBeGreaterThan(0); // the device cannot tell that none of the texts it left out is as good
    });

    test("vectors that are nearly equal are told apart as in float64", async () => {
      const width = 16;
      const [base, noise] = [drawn(width, 3), drawn(500 * width, 4)];
      const values = noise.map((value, i) => base[i % width] + 1e-6 * value);
      await compared(open(), indexOf(values, width), drawn(5 * width, 5), { top: 30 });
    });

    test("texts without a vector are never found, and nothing is near a query of zeros, NaN or infinity", async () => {
      const width = 4;
      const values = drawn(300 * width, 6).map((value, i) => (i % 12 < 4 ? 0 : -Math.abs(value)));
      const queries = drawn(5 * width, 7).map(Math.abs);
      queries.fill(0, 4, 8);
      queries[9] = NaN;
      queries[13] = Infinity;
      const index = indexOf(values, width);
      await compared(open(), index, queries, { top: 128 });
      using search = new VectorSearch(open(), index);
      const hits = await search.search(queries, { top: 128 });
      expect(hits.map(({ length }) => length).slice(0, 3)).toEqual([128, 0, 0]);
      expect(hits[0].some(({ place }) => place % 3 === 0)).toBe(false);
      const few = indexOf(values.subarray(0, 6 * width), width);
      await compared(open(), few, queries, { top: 128 });
      await compared(open(), indexOf(new Float32Array(3 * width), width), queries);
    });

    test("texts that are left out make room for the next, for each query its own", async () => {
      const width = 8;
      const index = indexOf(drawn(400 * width, 8), width);
      const queries = drawn(3 * width, 9);
      const best = onHost(index, queries, { top: 5 });
      const without = best.map((hits, q) => hits.slice(0, q).map(({ id }) => id));
      expect(await compared(open(), index, queries, { top: 5, without })).toBe(0);
      await compared(open(), index, queries, { top: 128, without });
    });

    test("what cannot be searched is refused", async () => {
      const words: TextIndex = { ids: ["a"], words: indexWords(["a"]) };
      expect(() => new VectorSearch(open(), words)).toThrow("the index has words alone");
      using search = new VectorSearch(open(), indexOf(drawn(12, 1), 4));
      await expect(search.search(drawn(5, 1))).rejects.toThrow("5 numbers are no vectors of 4");
      await expect(search.search(drawn(4, 1), { top: 129 })).rejects.toThrow("searchTexts finds more");
      await expect(search.search(drawn(4, 1), { without: [] })).rejects.toThrow("0 lists for 1 queries");
      await expect(search.search(drawn(4, 1), { without: ["a"] as never })).rejects.toThrow("lists of ids");
      await expect(search.search([1, 2, 3, 4] as never)).rejects.toThrow("must be a Float32Array");
      expect(await search.search(new Float32Array(0))).toEqual([]);
    });
  });
}

test("a device whose bindings are small has the vectors in several parts, and finds the same", async () => {
  const width = 8;
  const gpu = await openGpu();
  const traits = { ...gpu.traits, maxBindingBytes: 4 * width * 300 };
  const engine = new Engine(new WebGpuBackend({ ...gpu, traits }));
  const index = indexOf(drawn(1000 * width, 10), width); // as one tensor refused
  expect(await compared(engine, index, drawn(9 * width, 11), { top: 40 })).toBe(0);
  expect(engine.memory().tensors).toBe(0);
  engine.close();
});

test("the scores of all texts are nowhere stored", async () => {
  const [texts, width, queries] = [40_000, 4, 200];
  const engine = new Engine(new WebGpuBackend(await openGpu()));
  using search = new VectorSearch(engine, indexOf(drawn(texts * width, 12), width));
  await search.search(drawn(queries * width, 13));
  const { peakBytes } = engine.memory();
  expect(peakBytes).toBeGreaterThanOrEqual(4 * texts * width);
  expect(peakBytes).toBeLessThan((4 * queries * texts) / 8);
  engine.close();
});
