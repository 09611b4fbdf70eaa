// Samples of resizing: both methods, up and down, ratios that are no whole numbers, ties, and lines of many workgroups.

import type { Pair } from "../../../src/operators/convolution/index.ts";
import type {
  Resize2dAttributes,
  Resize2dGradientAttributes,
  ResizeMethod,
} from "../../../src/operators/resizing/index.ts";
import { sizeOf, type Shape } from "../../../src/tensor/shape.ts";
import { graded, normal, type Sample } from "../sample.ts";

const cases: readonly [name: string, x: Shape, size: Pair][] = [
  ["one value", [1, 1, 1, 1], [1, 1]],
  ["one pixel to many", [2, 1, 1, 3], [3, 4]],
  ["many pixels to one", [2, 5, 4, 3], [1, 1]],
  ["the same size", [1, 3, 5, 2], [3, 5]],
  ["twice the size", [2, 3, 4, 3], [6, 8]],
  ["twice the size, in fours", [2, 3, 5, 8], [6, 10]],
  ["three times the size: outputs on pixels", [1, 3, 2, 3], [9, 6]],
  ["seven times the size, in fours", [1, 2, 3, 4], [14, 21]],
  ["half the size: outputs between pixels", [1, 6, 8, 3], [3, 4]],
  ["a third of the size, in fours", [1, 9, 6, 4], [3, 2]],
  ["a fifth of the size: pixels that no output takes", [1, 15, 10, 3], [3, 2]],
  ["odd sizes, up", [2, 5, 7, 3], [7, 13]],
  ["odd sizes, up, in fours", [2, 5, 7, 4], [11, 17]],
  ["odd sizes, down", [2, 13, 11, 3], [5, 7]],
  ["odd sizes, down, in fours", [1, 17, 13, 4], [7, 3]],
  ["higher and narrower", [1, 3, 11, 2], [8, 5]],
  ["lower and wider, in fours", [1, 11, 3, 4], [5, 8]],
  ["longer lines than an invocation has columns", [1, 2, 19, 3], [3, 41]],
  ["longer lines, down, in fours", [1, 3, 41, 4], [2, 19]],
  ["many workgroups", [3, 7, 9, 33], [14, 18]],
  ["many workgroups of fours", [3, 9, 7, 36], [18, 15]],
  ["smaller and smaller channels", [2, 4, 5, 8], [7, 9]],
];

const slopesOf = (name: string, shape: Shape, seed: number) =>
  name === "smaller and smaller channels" ? graded(normal(shape, seed)) : normal(shape, seed);

const methods: readonly ResizeMethod[] = ["nearest", "bilinear"];
const resized = ([batch, , , channels]: Shape, [height, width]: Pair): Shape => [
  batch,
  height,
  width,
  channels,
];
const small = (shape: Shape): boolean => sizeOf(shape) <= 200;

/** Outputs that take one pixel, along an axis. */
const outputsOfPixel = (pixels: number, outputs: number): number => 2 * Math.ceil(outputs / pixels) + 1;

export const resizingSamples = {
  resize2d: methods.flatMap((method) =>
    cases.map(([name, x, size]): Sample<Resize2dAttributes> => ({
      name: `${method}, ${name}`,
      inputs: [slopesOf(name, x, 1)],
      attributes: { size, method },
      reduction: method === "nearest" ? 1 : 4,
      gradcheck: small(x),
    })),
  ),
  resize2dGradient: methods.flatMap((method) =>
    cases.map(([name, x, size]): Sample<Resize2dGradientAttributes> => ({
      name: `${method}, ${name}`,
      inputs: [slopesOf(name, resized(x, size), 2)],
      attributes: { size: [x[1], x[2]], method },
      reduction: outputsOfPixel(x[1], size[0]) * outputsOfPixel(x[2], size[1]),
      gradcheck: small(resized(x, size)),
    })),
  ),
};
