// The transposed convolution: sizes, its values by hand, its gradients, and what it refuses.

import { expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { conv2d } from "../../src/functions/convolution.ts";
import { multiply } from "../../src/functions/elementwise.ts";
import { sum } from "../../src/functions/reduction.ts";
import {
  convTranspose2d,
  type TransposedConvolutionOptions,
} from "../../src/functions/transposed-convolution.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";

const open = useEngine({ device: "reference" });
const drawn = (shape: readonly number[], seed: number): Tensor =>
  open().tensor(normal(shape, seed).data, shape);

/** As the formula has it: every pixel of x adds the filter to the pixels that it reaches. */
async function scattered(
  x: Tensor,
  filter: Tensor,
  shape: readonly number[],
  options: Required<TransposedConvolutionOptions>,
): Promise<Float64Array> {
  const [values, weights] = [await x.read(), await filter.read()];
  const [n, height, width, c] = shape;
  const [, p, q, k] = x.shape;
  const [r, s] = filter.shape;
  const pair = (value: number | readonly [number, number]): readonly [number, number] =>
    typeof value === "number" ? [value, value] : value;
  const [stride, padding, dilation] = [options.stride, options.padding, options.dilation].map(pair);
  const y = new Float64Array(n * height * width * c);
  for (let image = 0; image < n; image++) {
    for (let down = 0; down < p * r; down++) {
      for (let across = 0; across < q * s; across++) {
        const [pixelDown, tapDown] = [Math.floor(down / r), down % r];
        const [pixelAcross, tapAcross] = [Math.floor(across / s), across % s];
        const h = pixelDown * stride[0] - padding[0] + tapDown * dilation[0];
        const w = pixelAcross * stride[1] - padding[1] + tapAcross * dilation[1];
        if (h < 0 || w < 0 || h >= height || w >= width) continue;
        for (let channel = 0; channel < c; channel++) {
          for (let i = 0; i < k; i++) {
            y[((image * height + h) * width + w) * c + channel] +=
              values[((image * p + pixelDown) * q + pixelAcross) * k + i] *
              weights[((tapDown * s + tapAcross) * c + channel) * k + i];
          }
        }
      }
    }
  }
  return y;
}

// Heights and widths as torch.nn.ConvTranspose2d documents them.
test.each([
  ["2x2 with a stride of 2", [2, 2], { stride: 2 }, [6, 8]],
  ["3x3 with a stride of 2 and one pixel more", [3, 3], { stride: 2, padding: 1, outputPadding: 1 }, [6, 8]],
  ["4x4 with a stride of 2", [4, 4], { stride: 2, padding: 1 }, [6, 8]],
  [
    "everything differs by axis",
    [2, 3],
    { stride: [3, 2], padding: [0, 1], dilation: [1, 2], outputPadding: [2, 0] },
    [10, 9],
  ],
  ["more output padding than the stride", [2, 3], { dilation: [3, 2], outputPadding: [2, 1] }, [8, 9]],
  [
    "more output padding than the stride, and padding",
    [3, 3],
    { stride: [2, 1], padding: 2, dilation: 3, outputPadding: [2, 1] },
    [9, 7],
  ],
  ["no pixel between the taps", [1, 1], { stride: 3, outputPadding: 2 }, [9, 12]],
] as const)("%s: size and values are those of the formula", async (_, kernel, given, size) => {
  const x = drawn([2, 3, 4, 3], 1);
  const filter = drawn([...kernel, 2, 3], 2);
  const options = { stride: 1, padding: 0, dilation: 1, outputPadding: 0, ...given };
  const y = convTranspose2d(x, filter, options);
  expect(y.shape).toEqual([2, ...size, 2]);
  const wanted = await scattered(x, filter, y.shape, options);
  (await y.read()).forEach((value, i) => expect(value).toBeCloseTo(wanted[i], 10));
});

test("it is the gradient of a convolution's images, and its own gradient is that convolution", async () => {
  const options = { stride: 2, padding: 1 };
  const [x, filter, images] = [drawn([1, 4, 5, 3], 1), drawn([4, 4, 2, 3], 2), drawn([1, 8, 10, 2], 3)];
  const back = valueAndGradients(() => sum(multiply(conv2d(images, filter, options), x)), [images]);
  const y = convTranspose2d(x, filter, options);
  expect(await y.read()).toEqual(await back.gradients[0].read());
  const { gradients } = valueAndGradients(
    () => sum(multiply(convTranspose2d(x, filter, options), images)),
    [x, filter],
  );
  const forward = valueAndGradients(() => sum(multiply(conv2d(images, filter, options), x)), [x, filter]);
  for (const i of [0, 1]) {
    const wanted = await forward.gradients[i].read();
    (await gradients[i].read()).forEach((value, at) => expect(value).toBeCloseTo(wanted[at], 10));
  }
});

test.each([
  [{ stride: 2, outputPadding: 2 }, "outputPadding [2, 2] must be less than the stride [2, 2]"],
  [{ stride: 0 }, "convTranspose2d: stride must be [height, width], whole numbers from 1"],
  [{ outputPadding: -1 }, "convTranspose2d: outputPadding must be [height, width], whole numbers from 0"],
  [{ padding: 3 }, "nothing is left of x [1, 2, 2, 3] and the filter [2, 2, 4, 3]"],
  [{ pad: 1 }, 'there is no option "pad"; did you mean "padding"?'],
] as const)("%j is refused in words", (options, message) => {
  const call = (): Tensor =>
    convTranspose2d(drawn([1, 2, 2, 3], 1), drawn([2, 2, 4, 3], 2), options as object);
  expect(call).toThrow(message);
});

test("a filter whose channels lie as PyTorch's is refused, with both shapes", () => {
  expect(() => convTranspose2d(drawn([1, 2, 2, 3], 1), drawn([2, 2, 3, 4], 2))).toThrow(
    "convTranspose2d: x [1, 2, 2, 3] and the filter [2, 2, 3, 4] differ in channels; a filter is [height, width, output " +
      "channels, channels of x]",
  );
});
