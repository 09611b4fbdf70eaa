// Products of matrices: what parity with the reference cannot show.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
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

describe("leading axes", () => {
  const sizes = (a: number[], b: number[], transposeA = false) => {
    const attributes = { transposeA, transposeB: false };
    const [{ launches }] = matmulOperators.matmul.candidates(
      [spec(...a), spec(...b)],
      attributes,
      gpu().traits,
    );
    const { batch, m, batches } = launches[0].sizes;
    return { batch, m, batches, AXES: launches[0].knobs?.["AXES"] };
  };

  test("they are rows where one b serves them all", () => {
    expect(sizes([2, 3, 4, 5], [5, 6])).toMatchObject({ batch: 1, m: 24, AXES: 1 });
    expect(sizes([2, 3, 4, 5], [2, 1, 5, 6])).toMatchObject({ batch: 2, m: 12, AXES: 1 });
    expect(sizes([2, 3, 5, 4], [5, 6], true)).toMatchObject({ batch: 6, m: 4, AXES: 1 });
  });

  test("they are merged as far as both operands have one stride along them", () => {
    expect(sizes([2, 3, 4, 5], [2, 3, 5, 6])).toMatchObject({ batch: 6, m: 4, AXES: 1 });
    expect(sizes([4, 5], [2, 3, 5, 6])).toMatchObject({ batch: 6, m: 4, AXES: 1 });
    expect(sizes([3, 4, 5], [2, 3, 5, 6])).toEqual({ batch: 6, m: 4, batches: [3, 2, 1, 1], AXES: 2 });
  });
});

describe("gradients", () => {
  test("the gradient of one b for a batch is one product, and no sum over products", async () => {
    const [a, b] = [gpu().full([4, 3, 8, 5], 1), gpu().full([5, 6], 1)];
    const upstream = gpu().full([4, 3, 8, 6], 1);
    const gradients = (): Tensor[] => valueAndGradients(() => matmul(a, b), [b], { upstream }).gradients;
    expect(new Set(await gradients()[0].read())).toEqual(new Set([96]));
    expect(
      gpu()
        .candidatesOf(gradients)
        .map(({ operator }) => operator),
    ).toEqual(["matmul", "matmul"]);
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
    expect(names([8, 8], [8, 12])).toEqual([
      ...["tile", "tileVectors", "subgroups", "outerProducts", "subgroupVectors"],
      ...["workgroup", "workgroupVectors", "naive"],
    ]);
    expect(names([8, 8], [8, 13])).toEqual(["tile", "subgroups", "workgroup", "naive"]);
    expect(names([8, 8], [12, 8], true, true)).toEqual([
      ...["tile", "subgroups", "outerProducts", "subgroupVectors"],
      ...["workgroup", "workgroupVectors", "naive"],
    ]);
    expect(names([8, 7], [12, 7], true, true)).toEqual(["tile", "subgroups", "workgroup", "naive"]);
  });

  test("subgroups are taken on lavapipe, whatever the extents", () => {
    expect(names([512, 64], [64, 128])).toEqual([
      ...["naive", "workgroup", "workgroupVectors", "tile", "tileVectors"],
      ...["subgroups", "outerProducts", "subgroupVectors"],
    ]);
    expect(names([512, 64], [128, 64], true, true).at(-1)).toBe("subgroupVectors");
    expect(names([8, 512], [512, 512]).at(-1)).toBe("subgroupVectors");
    expect(names([8, 2 ** 13], [2 ** 13, 2 ** 10]).at(-1)).toBe("subgroupVectors");
    expect(names([4096, 128], [128, 128]).at(-1)).toBe("outerProducts");
    expect(names([4096, 128], [128, 124]).at(-1)).toBe("subgroupVectors");
    expect(names([512, 67], [67, 129]).at(-1)).toBe("subgroups");
  });

  test("products too small for tiles take one invocation per output", () => {
    expect(names([32, 84], [84, 14]).at(-1)).toBe("naive");
    expect(names([64, 8], [8, 64], false).at(-1)).toBe("naive");
    expect(names([512, 8], [8, 512], false).at(-1)).toBe("workgroupVectors");
    expect(names([512, 7], [7, 512], false).at(-1)).toBe("workgroup");
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

  test("leading axes that do not broadcast are named", () => {
    expect(message(() => matmul(zeros(2, 3, 4), zeros(3, 4, 5)))).toBe(
      "matmul: [2, 3, 4] and [3, 4, 5] are batches [2] and [3], which do not broadcast; aligned at the last axis, extents " +
        "must be equal or 1",
    );
    expect(message(() => matmul(zeros(2, 1, 3, 4), zeros(3, 2, 4, 5)))).toContain(
      "batches [2, 1] and [3, 2]",
    );
  });

  test("a vector is refused with both ways to make a matrix of it", () => {
    expect(message(() => matmul(zeros(3), zeros(3, 4)))).toBe(
      "matmul: takes matrices [.., rows, columns], got a [3]; reshape it to [1, 3] for a row or [3, 1] for a column",
    );
    expect(message(() => matmul(zeros(4, 3), zeros()))).toContain("got b []; reshape it to [1, 1]");
  });

  test("a layer names the operand that does not fit", () => {
    expect(message(() => linear(zeros(2, 3), zeros(4, 5), zeros(5)))).toContain(
      "linear: x [2, 3] must be [..., 4] for the weight [4, 5], which is [inputs, outputs]",
    );
    expect(message(() => linear(zeros(2, 3), zeros(3, 5), zeros(4)))).toContain(
      "linear: bias must be f32 [5]",
    );
    expect(message(() => linear(zeros(2, 2, 4), zeros(3, 5), zeros(5)))).toContain(
      "linear: x [2, 2, 4] must be [..., 3] for the weight [3, 5]",
    );
    expect(message(() => linear(zeros(2, 3), zeros(3, 5), zeros(5), { transposeWeight: true }))).toContain(
      "linear: x [2, 3] must be [..., 5] for the weight [3, 5], which is [outputs, inputs]",
    );
    expect(message(() => linear(zeros(), zeros(3, 5), zeros(5)))).toContain(
      "linear: x [] must be [..., 3] for the weight [3, 5]",
    );
  });
});
