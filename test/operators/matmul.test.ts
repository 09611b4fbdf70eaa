// Products of matrices: what parity with the reference cannot show.

import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors/errors.ts";
import { linear, matmul } from "../../src/functions/products.ts";
import { matmulOperators } from "../../src/operators/matmul/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";

const reference = useEngine({ device: "reference" });
const gpu = useEngine({ device: "webgpu" });
const zeros = (...shape: number[]): Tensor => reference().zeros(shape);
const spec = (...shape: number[]) => ({ shape, dtype: "f32" as const });

describe("products worked out by hand", () => {
  const a = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  const b = [
    [1, -1],
    [0, 2],
    [10, 0],
  ];
  const product = [31, 3, 64, 6];

  for (const [name, engine] of [
    ["reference", reference],
    ["webgpu", gpu],
  ] as const) {
    test(`a b (${name})`, async () => {
      expect([...(await matmul(engine().tensor(a), engine().tensor(b)).read())]).toEqual(product);
    });

    test(`the transposes of a' and b' (${name})`, async () => {
      const aTransposed = engine().tensor([1, 4, 2, 5, 3, 6], [3, 2]);
      const bTransposed = engine().tensor([1, 0, 10, -1, 2, 0], [2, 3]);
      const result = matmul(aTransposed, bTransposed, { transposeA: true, transposeB: true });
      expect([...(await result.read())]).toEqual(product);
    });

    test(`a layer adds its bias to every row (${name})`, async () => {
      const result = linear(engine().tensor(a), engine().tensor(b), engine().tensor([100, 200]));
      expect([...(await result.read())]).toEqual([131, 203, 164, 206]);
    });
  }

  test("one matrix serves every matrix of a batch", async () => {
    const batch = reference().tensor([a, a.map((row) => row.map((value) => 2 * value))]);
    const result = matmul(batch, reference().tensor(b));
    expect(result.shape).toEqual([2, 2, 2]);
    expect([...(await result.read())]).toEqual([...product, ...product.map((value) => 2 * value)]);
  });
});

describe("candidates", () => {
  const names = (a: number[], b: number[], isSoftware = true, transposeB = false) =>
    matmulOperators.matmul
      .candidates(
        [spec(...a), spec(...b)],
        { transposeA: false, transposeB },
        {
          ...gpu().traits,
          isSoftware,
          features: new Set(["subgroups"]),
          subgroupSize: { minimum: 8, maximum: 8 },
        },
      )
      .map(({ name }) => name);

  test("vectors are offered where rows of b are whole vectors", () => {
    expect(names([8, 8], [8, 12])).toEqual(["tile", "tileVectors", "subgroups", "workgroup", "naive"]);
    expect(names([8, 8], [8, 13])).toEqual(["tile", "subgroups", "workgroup", "naive"]);
    expect(names([8, 8], [12, 8], true, true)).toEqual(["tile", "subgroups", "workgroup", "naive"]);
  });

  test("subgroups are taken on lavapipe, whatever the extents", () => {
    expect(names([512, 64], [64, 128])).toEqual(["naive", "workgroup", "tile", "tileVectors", "subgroups"]);
    expect(names([512, 64], [128, 64], true, true).at(-1)).toBe("subgroups");
    expect(names([8, 512], [512, 512]).at(-1)).toBe("subgroups");
    expect(names([512, 67], [67, 129]).at(-1)).toBe("subgroups");
  });

  test("products too small for tiles take one invocation per output", () => {
    expect(names([32, 84], [84, 14]).at(-1)).toBe("naive");
    expect(names([64, 8], [8, 64], false).at(-1)).toBe("naive");
    expect(names([512, 8], [8, 512], false).at(-1)).toBe("workgroup");
  });
});

describe("shape errors", () => {
  const message = (call: () => unknown): string => {
    try {
      call();
    } catch (error) {
      expect(error).toBeInstanceOf(ShapeError);
      return (error as Error).message;
    }
    throw new Error("nothing was thrown");
  };

  test("inner extents that differ are named with both shapes", () => {
    expect(message(() => matmul(zeros(2, 3), zeros(2, 3)))).toBe(
      "matmul: [2, 3] and [2, 3] do not multiply: 3 columns meet 2 rows",
    );
    expect(message(() => matmul(zeros(2, 3), zeros(2, 4), { transposeB: true }))).toBe(
      "matmul: [2, 3] and [2, 4] (transposed) do not multiply: 3 columns meet 4 rows",
    );
  });

  test("batches and ranks that do not fit are named", () => {
    expect(message(() => matmul(zeros(2, 3, 4), zeros(3, 4, 5)))).toContain("batches of 2 and 3");
    expect(message(() => matmul(zeros(3), zeros(3, 4)))).toContain("[3] and [3, 4]; reshape them first");
    expect(message(() => matmul(zeros(1, 1, 2, 3), zeros(3, 4)))).toContain(
      "matrices or batches of matrices",
    );
  });

  test("a layer names the operand that does not fit", () => {
    expect(message(() => linear(zeros(2, 3), zeros(4, 5), zeros(5)))).toContain(
      "linear: x must be f32 [2, 4]",
    );
    expect(message(() => linear(zeros(2, 3), zeros(3, 5), zeros(4)))).toContain(
      "linear: bias must be f32 [5]",
    );
    expect(message(() => linear(zeros(2, 2, 3), zeros(3, 5), zeros(5)))).toContain("linear: x must be");
  });
});
