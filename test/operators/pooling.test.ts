// Pooling: what parity with the reference cannot show.

import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors/errors.ts";
import { averagePool2d, globalAveragePool, globalMaxPool, maxPool2d } from "../../src/functions/pooling.ts";
import { poolingOperators, type PoolingAttributes } from "../../src/operators/pooling/index.ts";
import { activatedPool } from "../../src/operators/dense/activated-pool.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "./sample.ts";
import { poolingSamples } from "./samples/pooling.ts";

const reference = useEngine({ device: "reference" });
const gpu = useEngine({ device: "webgpu" });
const zeros = (...shape: number[]): Tensor => reference().zeros(shape);
const read = async (tensor: Tensor): Promise<number[]> => [...(await tensor.read())];

for (const [name, engine] of [
  ["reference", reference],
  ["webgpu", gpu],
] as const) {
  describe(`windows worked out by hand (${name})`, () => {
    const image = (...values: number[]): Tensor => engine().tensor(values, [1, 3, 3, 1]);

    test("windows tile the image unless a stride is given", async () => {
      const x = image(1, 2, 3, 4, 5, 6, 7, 8, 9);
      expect(await read(maxPool2d(x, { window: 2 }))).toEqual([5]);
      expect(await read(maxPool2d(x, { window: 2, stride: 1 }))).toEqual([5, 6, 8, 9]);
      expect(await read(averagePool2d(x, { window: [1, 3] }))).toEqual([2, 5, 8]);
    });

    test("padding never wins a maximum", async () => {
      const x = image(-1, -2, -3, -4, -5, -6, -7, -8, -9);
      expect(await read(maxPool2d(x, { window: 2, padding: 1 }))).toEqual([-1, -2, -4, -5]);
    });

    test("padding counts as zeros in a mean", async () => {
      const x = image(4, 8, 12, 16, 20, 24, 28, 32, 36);
      expect(await read(averagePool2d(x, { window: 2, padding: 1 }))).toEqual([1, 5, 11, 28]);
    });

    test("the first of equal maxima takes the gradient, in every window it wins", async () => {
      const x = image(5, 5, 1, 5, 5, 1, 0, 5, 1);
      const attributes: PoolingAttributes = { window: [2, 2], stride: [1, 1], padding: [0, 0] };
      const y = maxPool2d(x, { window: 2, stride: 1 });
      const dy = engine().tensor([1, 10, 100, 1000], [1, 2, 2, 1]);
      const [dx] = engine().run(poolingOperators.maxPool2dGradient, [x, y, dy], attributes);
      expect(await read(dx)).toEqual([1, 10, 0, 100, 1000, 0, 0, 0, 0]);
    });

    test("padding may differ from side to side, and need not count in a mean", async () => {
      const x = image(4, 8, 12, 16, 20, 24, 28, 32, 36);
      const padding = [[0, 1], 0] as const;
      expect(await read(maxPool2d(x, { window: [2, 3], padding }))).toEqual([24, 36]);
      expect(await read(averagePool2d(x, { window: [2, 3], padding }))).toEqual([14, 16]);
      const others = averagePool2d(x, { window: [2, 3], padding, countIncludePad: false });
      expect(await read(others)).toEqual([14, 32]);
    });

    test("with ceilMode a window may reach beyond the padding, where nothing counts, but not start there", async () => {
      const x = image(4, 8, 12, 16, 20, 24, 28, 32, 36);
      expect(await read(averagePool2d(x, { window: 2, ceilMode: true }))).toEqual([12, 18, 30, 36]);
      expect(maxPool2d(x, { window: 2, stride: 3, padding: 1 }).shape).toEqual([1, 2, 2, 1]);
      expect(maxPool2d(x, { window: 2, stride: 4, padding: 1, ceilMode: true }).shape).toEqual([1, 1, 1, 1]);
      const threes = image(3, 6, 9, 12, 15, 18, 21, 24, 27);
      const padded = averagePool2d(threes, { window: 3, stride: 2, padding: [[1, 0], 0], ceilMode: true });
      expect(await read(padded)).toEqual([7, 19.5]);
    });

    test("global max pooling takes the largest of the pixels", async () => {
      const pooled = globalMaxPool(engine().tensor([1, -10, 3, -30, 5, -50, 4, -70], [1, 2, 2, 2]));
      expect(pooled.shape).toEqual([1, 2]);
      expect(await read(pooled)).toEqual([5, -10]);
    });

    test("global average pooling takes the mean over the pixels", async () => {
      const x = engine().tensor([1, 10, 3, 30, 5, 50, 7, 70], [1, 2, 2, 2]);
      const pooled = globalAveragePool(x);
      expect(pooled.shape).toEqual([1, 2]);
      expect(await read(pooled)).toEqual([4, 40]);
    });
  });
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

describe("gradients", () => {
  for (const { name, inputs, attributes } of poolingSamples.maxPool2dGradient) {
    test(`the gradient of every window arrives exactly once: ${name}`, async () => {
      const tensors = inputs.map(({ data, shape }) => reference().tensor(data, shape));
      const [dx] = reference().run(poolingOperators.maxPool2dGradient, tensors, attributes);
      expect(sum(await dx.read())).toBeCloseTo(sum(inputs[2].data), 8);
    });
  }
});

describe("candidates", () => {
  const { maxPool2dGradient } = poolingOperators;
  const overlapping: PoolingAttributes = { window: [3, 3], stride: [2, 2], padding: [1, 1] };
  const namesOf = (
    shape: readonly number[],
    attributes: PoolingAttributes,
    isSoftware: boolean,
  ): string[] => {
    const spec = { shape, dtype: "f32" } as const;
    return maxPool2dGradient
      .candidates([spec], attributes, { ...gpu().traits, isSoftware })
      .map(({ name }) => name);
  };

  test("walks are taken on a software adapter for much work, and are there for small square windows only", () => {
    const much = [16, 32, 32, 16];
    expect(namesOf(much, overlapping, true)).toEqual(["elements", "vectors", "elementsWalk", "vectorsWalk"]);
    expect(namesOf(much, overlapping, false).at(-1)).toBe("vectors");
    expect(namesOf([1, 32, 32, 16], overlapping, true).at(-1)).toBe("vectors");
    expect(namesOf([16, 32, 32, 17], overlapping, true)).toEqual(["elements", "elementsWalk"]);
    expect(namesOf([1, 9, 9, 3], overlapping, true)).toEqual(["elementsWalk", "elements"]);
    for (const others of [
      { window: [3, 2] },
      { stride: [2, 1] },
      { window: [2, 2], stride: [3, 3] },
    ] as const) {
      expect(namesOf(much, { ...overlapping, ...others }, true)).toEqual(["elements", "vectors"]);
    }
  });

  // What lies outside the image is no smaller than that.
  test("windows of nothing but -Infinity give their gradient to the first pixel inside the image", async () => {
    const x = gpu().tensor(new Float32Array(5 * 5 * 4).fill(-Infinity), [1, 5, 5, 4]);
    const dy = gpu().tensor(new Float32Array(9 * 4).fill(1), [1, 3, 3, 4]);
    const step = (): Tensor[] => {
      const y = maxPool2d(x, { window: 3, stride: 2, padding: 1 });
      return gpu().run(maxPool2dGradient, [x, y, dy], overlapping);
    };
    const wanted = [1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0];
    for (const name of namesOf(x.shape, overlapping, true)) {
      const [dx] = gpu().withCandidate("maxPool2dGradient", name, step);
      const values = await read(dx);
      expect(values.filter((_, i) => i % 4 === 0), name).toEqual(wanted); // prettier-ignore
    }
  });

  test("a window whose maximum is NaN gives its gradient to no pixel", async () => {
    const data = normal([1, 5, 5, 4], 1).data.slice();
    data[4 * 6] = NaN; // pixel (1, 1), which four windows hold
    const x = gpu().tensor(data, [1, 5, 5, 4]);
    const dy = gpu().tensor(new Float32Array(9 * 4).fill(1), [1, 3, 3, 4]);
    const step = (): Tensor[] => {
      const y = maxPool2d(x, { window: 3, stride: 2, padding: 1 });
      return gpu().run(maxPool2dGradient, [x, y, dy], overlapping);
    };
    for (const name of namesOf(x.shape, overlapping, true)) {
      const [dx] = gpu().withCandidate("maxPool2dGradient", name, step);
      const values = await read(dx);
      const arrived = [0, 1, 2, 3].map((c) => sum(values.filter((_, i) => i % 4 === c)));
      expect(arrived, name).toEqual([5, 9, 9, 9]);
    }
  });
});

describe("shape errors", () => {
  const thrown = (call: () => unknown, message: string): void => {
    expect(call).toThrow(ShapeError);
    expect(call).toThrow(message);
  };

  test("images of another rank and windows that do not fit are named", () => {
    thrown(() => maxPool2d(zeros(4, 4, 1), { window: 2 }), "maxPool2d: takes images as");
    thrown(() => averagePool2d(zeros(1, 2, 2, 1), { window: 3 }), "averagePool2d: a window of [3, 3]");
    thrown(() => maxPool2d(zeros(1, 2, 2, 1), { window: 0, stride: 1 }), "maxPool2d: window must be");
  });

  test("a window of nothing but padding is refused", () => {
    thrown(
      () => maxPool2d(zeros(1, 4, 4, 1), { window: 2, padding: 2 }),
      "maxPool2d: padding [2, 2] must be smaller than the window [2, 2]",
    );
    thrown(
      () => maxPool2d(zeros(1, 4, 4, 1), { window: 2, padding: [[0, 2], 1] }),
      "maxPool2d: padding [2, 1] must be smaller than the window [2, 2]",
    );
  });

  test("folded pools refuse windows that they do not have", () => {
    const { maxPool2d: plain } = poolingSamples;
    const [ceiling] = plain.filter(({ attributes }) => attributes.ceilMode);
    const attributes = { ...ceiling.attributes, kind: "average", epsilon: 1e-5, momentum: 0 } as const;
    const norm = [[2, 3], [3], [3], [3], [3]].map((shape) => ({ shape, dtype: "f32" as const }));
    const infer = () => activatedPool.infer([ceiling.inputs[0], ...norm], attributes);
    thrown(infer, "activatedPool: takes windows with the same padding on both sides");
  });

  test("gradients of another shape than the pooled image are refused", () => {
    const attributes: PoolingAttributes = { window: [2, 2], stride: [2, 2], padding: [0, 0] };
    const spec = (...shape: number[]) => ({ shape, dtype: "f32" as const });
    thrown(
      () =>
        poolingOperators.maxPool2dGradient.infer(
          [spec(1, 4, 4, 3), spec(1, 2, 2, 3), spec(1, 4, 4, 3)],
          attributes,
        ),
      "maxPool2dGradient: dy must be f32 [1, 2, 2, 3]",
    );
    thrown(
      () =>
        poolingOperators.averagePool2dGradient.infer([spec(1, 4, 4, 3)], {
          ...attributes,
          inputShape: [1, 4, 4, 3],
        }),
      "averagePool2dGradient: dy must be f32 [1, 2, 2, 3]",
    );
  });
});
