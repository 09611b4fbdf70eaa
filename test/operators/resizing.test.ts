// Resizing: what parity with the reference cannot show.

import { describe, expect, test } from "vitest";
import { ShapeError, UsageError } from "../../src/errors/errors.ts";
import { resize2d } from "../../src/functions/resizing.ts";
import { resizingOperators, type ResizeMethod } from "../../src/operators/resizing/index.ts";
import { positionsOf, tapsOf } from "../../src/operators/resizing/positions.ts";
import { allocate, type HostTensor } from "../../src/tensor/host.ts";
import { sizeOf, type Shape } from "../../src/tensor/shape.ts";
import { useEngine } from "../engines.ts";
import { integers, normal } from "./sample.ts";

const reference = useEngine({ device: "reference" });
const gpu = useEngine({ device: "webgpu" });
const methods: readonly ResizeMethod[] = ["nearest", "bilinear"];

for (const [name, engine] of [
  ["reference", reference],
  ["webgpu", gpu],
] as const) {
  describe(`images worked out by hand (${name})`, () => {
    const row = async (
      values: number[],
      width: number,
      method: ResizeMethod,
      channels = 1,
    ): Promise<number[]> => {
      const data = values.flatMap((value) => new Array<number>(channels).fill(value));
      const y = resize2d(engine().tensor(data, [1, 1, values.length, channels]), [1, width], { method });
      return [...(await y.read())].filter((_, i) => i % channels === 0);
    };

    test("nearest repeats pixels, and rounds positions down", async () => {
      expect(await row([1, 2, 3], 6, "nearest")).toEqual([1, 1, 2, 2, 3, 3]);
      expect(await row([1, 2, 3], 5, "nearest")).toEqual([1, 1, 2, 2, 3]);
      expect(await row([1, 2, 3, 4, 5], 2, "nearest")).toEqual([1, 3]);
    });

    test("bilinear lets the corners of both images meet", async () => {
      expect(await row([0, 8], 4, "bilinear")).toEqual([0, 2, 6, 8]);
      expect(await row([0, 8, 16, 24], 2, "bilinear")).toEqual([4, 20]);
      expect(await row([1, 2, 4, 8, 16, 32], 2, "bilinear")).toEqual([2, 16]);
      expect(await row([3], 4, "bilinear")).toEqual([3, 3, 3, 3]);
    });

    test.each([1, 4])(
      "an output on a pixel takes nothing of others, be they infinite: %d",
      async (channels) => {
        const nearOf = (values: number[]) => row(values, 3 * values.length, "bilinear", channels);
        const found = await nearOf([1, Infinity, 2]);
        expect(found).toEqual([1, 1, Infinity, Infinity, Infinity, Infinity, Infinity, 2, 2]);
        const spoilt = await nearOf([1, 4, NaN]);
        expect(spoilt).toEqual([1, 1, 2, 3, 4, NaN, NaN, NaN, NaN]);
      },
    );
  });
}

test.each(methods)("%s: the gradient is the transpose, for all ratios of two sizes", (method) => {
  const filled = (shape: Shape): HostTensor => ({
    shape,
    dtype: "f32",
    data: allocate("f32", sizeOf(shape), true),
  });
  const inner = (a: HostTensor, b: HostTensor): number =>
    Array.from(a.data).reduce((sum, value, i) => sum + value * (b.data[i] ?? NaN), 0);
  const sizes = [1, 2, 3, 5, 7, 8, 12, 13, 29];
  for (const height of sizes) {
    for (const newHeight of sizes) {
      const [width, newWidth] = [newHeight + 2, height + 1];
      const x = normal([2, height, width, 2], height);
      const dy = normal([2, newHeight, newWidth, 2], newHeight);
      const [y, dx] = [filled(dy.shape), filled(x.shape)];
      resizingOperators.resize2d.reference([x], [y], { size: [newHeight, newWidth], method });
      resizingOperators.resize2dGradient.reference([dy], [dx], { size: [height, width], method });
      expect(inner(y, dy)).toBeCloseTo(inner(x, dx), 10);
    }
  }
});

test.each(methods)(
  "%s: the kernels' gathers find each weight of each output, for all ratios of two sizes",
  async (method) => {
    const sizes = [1, 2, 3, 5, 7, 8, 12, 13, 29];
    for (const height of sizes) {
      for (const newHeight of sizes) {
        const shape = [1, newHeight, height + 1, 4];
        const dy = integers(shape, 16, height);
        const attributes = { size: [height, newHeight + 2], method } as const;
        const [wanted, found] = [reference(), gpu()].map((engine) =>
          engine.run(resizingOperators.resize2dGradient, [engine.tensor(dy.data, shape)], attributes),
        );
        const [expected, actual] = [await wanted[0].read(), await found[0].read()];
        const largest = Math.max(...expected);
        expected.forEach((value, i) => {
          const error = Math.abs((actual[i] ?? NaN) - value) / (largest + 1);
          if (!(error < 1e-6)) expect.fail(`${height} to ${newHeight}, ${i}: ${actual[i]} for ${value}`);
        });
        for (const tensor of [...wanted, ...found]) tensor.dispose();
      }
    }
  },
);

test("positions are exact where rounded ones are not", async () => {
  // Output 41 of 82 lies on pixel 1 of 2; in f32, 41 * (2 / 82) is below 1.
  for (const [pixels, outputs] of [
    [2, 82],
    [2, 110],
    [7, 161],
    [113, 1017],
  ]) {
    const x = Float32Array.from({ length: pixels }, (_, i) => i);
    const wanted = Array.from({ length: outputs }, (_, i) =>
      Number((BigInt(i) * BigInt(pixels)) / BigInt(outputs)),
    );
    for (const engine of [reference(), gpu()]) {
      const y = resize2d(engine.tensor(x, [1, 1, pixels, 1]), [1, outputs], { method: "nearest" });
      expect([...(await y.read())]).toEqual(wanted);
    }
  }
});

test("weights are positive and sum to 1, at most two of neighbouring pixels inside the image", () => {
  for (const method of methods) {
    for (const pixels of [1, 2, 3, 8, 17]) {
      for (const outputs of [1, 2, 5, 16, 51]) {
        const positions = positionsOf(pixels, outputs, method);
        for (let i = 0; i < outputs; i++) {
          const taps = tapsOf(i, positions, method);
          expect(taps.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
          expect(taps.every(({ pixel, weight }) => weight > 0 && pixel >= 0 && pixel < pixels)).toBe(true);
          expect(taps.length === 1 || taps[1].pixel === taps[0].pixel + 1).toBe(true);
        }
      }
    }
  }
});

test("what cannot be resized is refused in words", () => {
  const x = reference().zeros([1, 2, 3, 1]);
  const thrown = (
    call: () => unknown,
    kind: typeof ShapeError | typeof UsageError,
    message: string,
  ): void => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  };
  const bilinear = { method: "bilinear" } as const;
  thrown(
    () => resize2d(x, [0, 3], bilinear),
    UsageError,
    "resize2d: the size must be [height, width], whole",
  );
  thrown(() => resize2d(x, [4, 3], {} as never), UsageError, 'resize2d: the option "method" is missing');
  thrown(
    () => resize2d(reference().zeros([2, 3]), [4, 3], bilinear),
    ShapeError,
    "resize2d: takes images as",
  );
  const [f32, size] = ["f32" as const, [65537, 1] as const];
  const infer = (operator: typeof resizingOperators.resize2d, shape: Shape, method: ResizeMethod) => () =>
    operator.infer([{ shape, dtype: f32 }], { size, method });
  thrown(infer(resizingOperators.resize2d, [1, 65536, 1, 1], "bilinear"), ShapeError, "exceed 32 bits");
  expect(infer(resizingOperators.resize2d, [1, 32000, 1, 1], "nearest")).not.toThrow();
  thrown(
    infer(resizingOperators.resize2dGradient, [1, 2, 2, 1], "linear" as never),
    ShapeError,
    'resize2dGradient: there is no method "linear"; choose "nearest" or "bilinear"',
  );
});
