// Rows added up by number: what parity with the reference cannot show.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { openGpu } from "../../src/device/gpu.ts";
import { ShapeError, UsageError } from "../../src/errors/errors.ts";
import { multiply } from "../../src/functions/elementwise.ts";
import { addRows, takeRows } from "../../src/functions/movement.ts";
import { sum } from "../../src/functions/reduction.ts";
import { movementOperators } from "../../src/operators/movement/index.ts";
import { preferred } from "../../src/operators/compose.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "./sample.ts";

describe("addRows on a device", () => {
  let backend: WebGpuBackend;
  let engine: Engine;
  beforeAll(async () => {
    backend = new WebGpuBackend(await openGpu());
    engine = new Engine(backend);
  });
  afterAll(() => engine.close());

  test("scanning, linking and sorting give the same bits, those of sums in ascending order", async () => {
    const [rows, count, width] = [300, 1000, 3];
    const x = normal([count, width], 3).data as Float32Array;
    const indices = Uint32Array.from({ length: count }, (_, i) => (i * i * 31 + i) % 320);
    const expected = new Float32Array(rows * width);
    indices.forEach((index, b) => {
      const row = Math.min(index, rows - 1);
      for (let i = 0; i < width; i++) {
        expected[row * width + i] = Math.fround(expected[row * width + i] + x[b * width + i]);
      }
    });
    using from = engine.tensor(x, [count, width]);
    using by = engine.tensor(indices, [count]);
    for (const candidate of ["scan", "linked", "sorted", "sorted"]) {
      backend.candidates.set("addRows", candidate);
      using y = addRows(from, by, rows);
      expect(Buffer.from((await y.read()).buffer), candidate).toEqual(Buffer.from(expected.buffer));
    }
  });

  test("few comparisons scan, many link on a CPU and sort on a GPU", () => {
    const chosen = (rows: number, count: number, isSoftware = true): string =>
      preferred(
        movementOperators.addRows.candidates(
          [
            { shape: [count, 64], dtype: "f32" },
            { shape: [count], dtype: "u32" },
          ],
          { rows, padding: null },
          { ...engine.traits, isSoftware },
        ),
      ).name;
    expect(chosen(100, 32)).toBe("scan");
    expect(chosen(1000, 256)).toBe("linked");
    expect(chosen(1000, 256, false)).toBe("sorted");
    expect(chosen(1, 1e6)).toBe("scan");
  });
});

for (const device of ["reference", "webgpu"] as const) {
  describe(`rows of an embedding on ${device}`, () => {
    const open = useEngine({ device });

    test("the gradient of a table is the sum over the rows that were taken", async () => {
      const table = open().tensor([[1, 2], [3, 4], [5, 6]]); // prettier-ignore
      const rows = open().tensor(Uint32Array.of(2, 0, 2, 9));
      const weights = open().tensor([[1, 10], [2, 20], [3, 30], [4, 40]]); // prettier-ignore
      const value = () => sum(multiply(takeRows(table, rows), weights));
      const { gradients } = valueAndGradients(value, [table]);
      expect(Array.from(await gradients[0].read())).toEqual([2, 20, 0, 0, 8, 80]);
    });

    test("indices of any shape give and take rows of that shape", async () => {
      const table = open().tensor([[1, 2], [3, 4], [5, 6]]); // prettier-ignore
      const numbers = open().tensor(Uint32Array.of(2, 0, 2, 1, 1, 0), [3, 2]);
      const taken = takeRows(table, numbers);
      expect(taken.shape).toEqual([3, 2, 2]);
      expect(Array.from(await taken.read())).toEqual([5, 6, 1, 2, 5, 6, 3, 4, 3, 4, 1, 2]);
      const one = takeRows(table, open().tensor(Uint32Array.of(1), []));
      expect(one.shape).toEqual([2]);
      expect(Array.from(await one.read())).toEqual([3, 4]);
      const added = addRows(taken, numbers, 3);
      expect(Array.from(await added.read())).toEqual([2, 4, 6, 8, 10, 12]);
      const { gradients } = valueAndGradients(() => sum(takeRows(table, numbers, { padding: 1 })), [table]);
      expect(Array.from(await gradients[0].read())).toEqual([2, 2, 0, 0, 2, 2]);
    });

    test("a row of padding is read and takes no gradient", async () => {
      const table = open().tensor([[1, 2], [3, 4], [5, 6]]); // prettier-ignore
      const rows = open().tensor(Uint32Array.of(2, 0, 2));
      const { value, gradients } = valueAndGradients(
        () => sum(takeRows(table, rows, { padding: 2 })),
        [table],
      );
      expect(await value.item()).toBe(25);
      expect(Array.from(await gradients[0].read())).toEqual([1, 1, 0, 0, 0, 0]);
    });

    test("what comes to a row of padding is left out, and has no gradient even where that is infinite", async () => {
      const x = open().tensor([[1], [2], [4]]); // prettier-ignore
      const rows = open().tensor(Uint32Array.of(1, 0, 1));
      const upstream = open().tensor([[3], [Infinity]]); // prettier-ignore
      const { value, gradients } = valueAndGradients(() => addRows(x, rows, 2, { padding: 1 }), [x], {
        upstream,
      });
      expect(Array.from(await value.read())).toEqual([2, 0]);
      expect(Array.from(await gradients[0].read())).toEqual([0, 3, 0]);
    });
  });
}

describe("what does not fit is said", () => {
  const open = useEngine({ device: "reference" });
  const indices = (count: number) => open().tensor(new Uint32Array(count));
  const cases: readonly [string, () => unknown, string][] = [
    [
      "indices for other rows",
      () => addRows(open().zeros([3, 2]), indices(2), 4),
      "indices u32 [count], got f32 [3, 2], u32 [2]",
    ],
    [
      "rows of another shape than the indices",
      () => addRows(open().zeros([3, 2, 5]), open().tensor(new Uint32Array(6), [2, 3]), 4),
      "indices u32 [count], got f32 [3, 2, 5], u32 [2, 3]",
    ],
    [
      "more than six axes",
      () => takeRows(open().zeros([2, 1, 1, 1, 1, 1]), open().tensor(new Uint32Array(2), [1, 2])),
      "takeRows: [1, 2, 1, 1, 1, 1, 1] is no shape",
    ],
    [
      "padding behind the rows",
      () => addRows(open().zeros([2]), indices(2), 4, { padding: 4 }),
      "addRows: padding must be the number of a row, 0 to 3, got 4",
    ],
  ];
  for (const [name, call, message] of cases) {
    test(name, () => {
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(message);
    });
  }

  test("numbers that count no rows", () => {
    const half = (): Tensor => addRows(open().zeros([2]), indices(2), 1.5);
    expect(half).toThrow(UsageError);
    expect(half).toThrow("addRows: the number of rows must be a whole number from 1, got 1.5");
    expect(() => takeRows(open().zeros([4, 2]), indices(2), { padding: -1 })).toThrow(
      "takeRows: padding must be a whole number from 0, got -1",
    );
  });
});
