// What the samples of oneHot, argMax, topRows, sampleRows and running sums cannot show: the frequencies of draws, candidates
// that agree bit for bit, and errors.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { openGpu } from "../../src/device/gpu.ts";
import { ShapeError, UsageError } from "../../src/errors/errors.ts";
import { multiply } from "../../src/functions/elementwise.ts";
import { argMax, argMin, oneHot, sampleRows, topRows } from "../../src/functions/indices.ts";
import { cumulativeSum, sum } from "../../src/functions/reduction.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "./sample.ts";

const none = 0xffffffff;

describe("topRows on a device", () => {
  let backend: WebGpuBackend;
  let engine: Engine;
  beforeAll(async () => {
    backend = new WebGpuBackend(await openGpu());
    engine = new Engine(backend);
  });
  afterAll(() => engine.close());

  test("all candidates find the same rows and the same bits, where thousands of products nearly tie", async () => {
    const [queries, n, width] = [3, 1500, 7];
    // Rows that differ by little more than a rounding.
    const rows = normal([n, width], 5, 1, 1e-7).data as Float32Array;
    using a = engine.tensor(normal([queries, width], 6, 1, 0.1).data, [queries, width]);
    using b = engine.tensor(rows, [n, width]);
    const names = engine.candidatesOf(() => topRows(a, b, 50))[0].candidates;
    expect(names.length).toBeGreaterThan(1);
    const found: Uint8Array[] = [];
    for (const name of names) {
      backend.candidates.set("topRows", name);
      const { values, indices } = topRows(a, b, 50);
      const [numbers, places] = [await values.read(), await indices.read()];
      found.push(new Uint8Array(numbers.buffer), new Uint8Array(places.buffer));
      for (let i = 1; i < 50; i++) expect(numbers[i]).toBeLessThanOrEqual(numbers[i - 1]);
    }
    expect(found[2]).toEqual(found[0]);
    expect(found[3]).toEqual(found[1]);
  });
});

for (const device of ["reference", "webgpu"] as const) {
  describe(`numbers of rows and columns on ${device}`, () => {
    const open = useEngine({ device });
    const read = async (tensor: Tensor): Promise<number[]> => Array.from(await tensor.read());
    const seed = (step = 0): Tensor => open().tensor(Uint32Array.of(7, 8, step, 9));

    test("the frequencies of drawn columns are those of softmax, by a chi-square test", async () => {
      const logits = [0.3, -1, 1.2, 0, -2.5, 0.7];
      const [draws, temperature] = [6000, 0.8];
      const rows = open().tensor(
        Float32Array.from({ length: draws * 6 }, (_, i) => logits[i % 6]),
        [draws, 6],
      );
      const weights = logits.map((logit) => Math.exp(logit / temperature));
      const squares = async (allowed: readonly number[]): Promise<number> => {
        const mask = open().tensor(Uint8Array.from(allowed));
        const drawn = await read(sampleRows(rows, seed(allowed[0]), { temperature, allowed: mask }));
        const total = weights.reduce((all, weight, i) => all + weight * allowed[i], 0);
        return weights.reduce((all, weight, i) => {
          const expected = (draws * weight * allowed[i]) / total;
          const found = drawn.filter((column) => column === i).length;
          if (expected === 0) expect(found).toBe(0);
          return expected === 0 ? all : all + (found - expected) ** 2 / expected;
        }, 0);
      };
      // The 99.9th percentiles of chi-square with 5 and with 3 degrees of freedom.
      expect(await squares([1, 1, 1, 1, 1, 1])).toBeLessThan(20.5);
      expect(await squares([0, 1, 1, 0, 1, 1])).toBeLessThan(16.3);
    });

    test("draws follow seed and stream alone, and a row with nothing to draw says so", async () => {
      const logits = open().zeros([50, 40]);
      const first = await read(sampleRows(logits, seed()));
      expect(await read(sampleRows(logits, seed()))).toEqual(first);
      expect(await read(sampleRows(logits, seed(), { stream: 1 }))).not.toEqual(first);
      expect(await read(sampleRows(logits, seed(1)))).not.toEqual(first);
      const allowed = open().tensor([[0, 0], [0, 1]]); // prettier-ignore
      expect(await read(sampleRows(open().zeros([2, 2]), seed(), { allowed }))).toEqual([none, 1]);
      const cold = open().tensor([[1, 3, 3], [-Infinity, -Infinity, -Infinity]]); // prettier-ignore
      expect(await read(sampleRows(cold, seed(), { temperature: 0 }))).toEqual([1, none]);
      const spoilt = open().tensor([[1, NaN, 3, NaN]]);
      expect(await read(sampleRows(spoilt, seed()))).toEqual([1]);
    });

    test("a NaN is the largest and the smallest number, and the best product", async () => {
      const x = open().tensor([[1, NaN, Infinity, NaN], [-Infinity, -0, 0, -Infinity]]); // prettier-ignore
      expect(await read(argMax(x))).toEqual([1, 1]);
      expect(await read(argMin(x))).toEqual([1, 0]);
      expect(await read(argMax(x, { axis: 0 }))).toEqual([0, 0, 0, 0]);
      expect(await read(argMin(x, { axis: 0 }))).toEqual([1, 0, 1, 0]);
      const rows = open().tensor([[1], [NaN], [3], [NaN]]);
      const { values, indices } = topRows(open().tensor([[2]]), rows, 3);
      expect(await read(values)).toEqual([NaN, NaN, 6]);
      expect(await read(indices)).toEqual([1, 3, 2]);
    });

    test("the values of topRows have gradients for queries and rows", async () => {
      const queries = open().tensor([[1, 2]]);
      const rows = open().tensor([[1, 0], [0, 3], [0, 1]]); // prettier-ignore
      const weights = open().tensor([[10, 100]]);
      const { gradients } = valueAndGradients(
        () => sum(multiply(topRows(queries, rows, 2).values, weights)),
        [queries, rows],
      );
      expect(await read(gradients[0])).toEqual([0, 10 * 3 + 100 * 1]);
      expect(await read(gradients[1])).toEqual([0, 0, 10, 20, 100, 200]);
    });

    test("running sums and one-hot rows of small numbers", async () => {
      const x = open().tensor([[1, 2, 3], [4, 5, 6]]); // prettier-ignore
      expect(await read(cumulativeSum(x))).toEqual([1, 3, 6, 4, 9, 15]);
      expect(await read(cumulativeSum(x, { axis: 0, exclusive: true }))).toEqual([0, 0, 0, 1, 2, 3]);
      expect(await read(cumulativeSum(x, { reverse: true, exclusive: true }))).toEqual([5, 3, 0, 11, 6, 0]);
      const hot = oneHot(open().tensor(Uint32Array.of(1, 3)), 3);
      expect(await read(hot)).toEqual([0, 1, 0, 0, 0, 0]);
    });
  });
}

describe("what does not fit is said", () => {
  const open = useEngine({ device: "reference" });
  const words = (count: number): Tensor => open().tensor(new Uint32Array(count));
  const cases: readonly [() => unknown, typeof ShapeError | typeof UsageError, string][] = [
    [
      () => topRows(open().zeros([2, 3]), open().zeros([4, 3]), 5),
      ShapeError,
      "k must be a whole number from 1 to 4, the number of rows, got 5",
    ],
    [
      () => topRows(open().zeros([2, 3]), open().zeros([400, 3]), 129),
      ShapeError,
      "k must be a whole number from 1 to 128, got 129",
    ],
    [
      () => topRows(open().zeros([2, 3]), open().zeros([4, 2]), 1),
      ShapeError,
      "of one width, got f32 [2, 3], f32 [4, 2]",
    ],
    [() => sampleRows(open().zeros([2, 3]), words(3)), ShapeError, "seed u32 [4]"],
    [
      () => sampleRows(open().zeros([2, 3]), words(4), { allowed: open().zeros([2]) }),
      ShapeError,
      "got f32 [2, 3], u32 [4], f32 [2]",
    ],
    [
      () => sampleRows(open().zeros([2, 3]), words(4), { temperature: -1 }),
      ShapeError,
      "temperature must be a finite number, 0 or more, got -1",
    ],
    [() => oneHot(open().zeros([2]), 3), ShapeError, "oneHot: takes indices u32"],
    [() => oneHot(words(2), 0), UsageError, "the number of classes must be a whole number from 1, got 0"],
    [() => argMax(open().zeros([2]), { axis: 1 }), ShapeError, "argMax: there is no axis 1"],
    [() => cumulativeSum(open().zeros([])), ShapeError, "cumulativeSum: there is no axis -1"],
  ];
  test.each(cases)("%s", (call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});
