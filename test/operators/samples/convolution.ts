// Samples of the convolution and its gradients: the same cases for all three.

import type {
  Conv2dAttributes,
  Conv2dInputGradientAttributes,
  Conv2dWeightGradientAttributes,
  Pair,
} from "../../../src/operators/convolution/index.ts";
import { convolutionOperators } from "../../../src/operators/convolution/index.ts";
import type { HostTensor } from "../../../src/tensor/host.ts";
import { sizeOf, type Shape } from "../../../src/tensor/shape.ts";
import { graded, normal, type Sample } from "../sample.ts";

interface Case {
  readonly name: string;
  readonly x: Shape;
  readonly filter: Shape;
  readonly y: Shape;
  readonly attributes: Conv2dAttributes;
  readonly gradcheck: boolean;
  /** Whether the channels of the result get smaller and smaller. */
  readonly isGraded?: boolean;
}

interface Options {
  readonly stride?: Pair;
  readonly padding?: Pair;
  readonly farPadding?: Pair;
  readonly dilation?: Pair;
}

function convolution(
  name: string,
  x: Shape,
  filter: Shape,
  { stride = [1, 1], padding = [0, 0], dilation = [1, 1], ...far }: Options = {},
): Case {
  const attributes = { stride, padding, dilation, ...far };
  const [{ shape: y }] = convolutionOperators.conv2d.infer(
    [
      { shape: x, dtype: "f32" },
      { shape: filter, dtype: "f32" },
    ],
    attributes,
  );
  const gradcheck = Math.max(sizeOf(x), sizeOf(filter), sizeOf(y)) <= 150;
  return { name, x, filter, y, attributes, gradcheck };
}

// Channels in multiples of four have more candidates: in blocks of 8 pixels by up to 16 channels, in tiles of 64 by 64
// or so, of 32 by 32, and, where y is as large as x, of 40 pixels by 12 or 16 channels.
const cases: readonly Case[] = [
  convolution("one value", [1, 1, 1, 1], [1, 1, 1, 1]),
  convolution("odd sizes", [2, 5, 3, 3], [3, 2, 3, 5]),
  convolution("1x1", [2, 3, 3, 4], [1, 1, 4, 8]),
  // Pixels for 16 chunks of the filter's gradient, whose sums several invocations then share.
  convolution("1x1 over many pixels", [4, 16, 16, 32], [1, 1, 32, 32]),
  convolution("padding", [1, 3, 4, 4], [3, 3, 4, 4], { padding: [1, 1] }),
  convolution("stride 2", [1, 5, 6, 3], [3, 3, 3, 4], { stride: [2, 2], padding: [1, 1] }),
  convolution("stride 2 leaves a border unread", [1, 6, 6, 4], [3, 3, 4, 4], { stride: [2, 2] }),
  convolution("stride beyond the filter", [1, 7, 5, 4], [1, 2, 4, 3], { stride: [3, 3] }),
  convolution("dilation", [1, 6, 5, 4], [2, 2, 4, 4], { dilation: [3, 2], padding: [1, 2] }),
  convolution("everything differs by axis", [2, 7, 6, 4], [3, 2, 4, 4], {
    stride: [2, 3],
    padding: [2, 1],
    dilation: [1, 2],
  }),
  convolution("more padding than the filter reaches", [1, 2, 3, 4], [2, 2, 4, 4], { padding: [3, 2] }),
  convolution("the filter covers the image", [2, 3, 5, 4], [3, 5, 4, 4]),
  convolution("stem: one channel, stride 2", [2, 9, 9, 1], [3, 3, 1, 16], {
    stride: [2, 2],
    padding: [1, 1],
  }),
  convolution("7x7 stem", [1, 13, 11, 3], [7, 7, 3, 8], { stride: [2, 2], padding: [3, 3] }),
  convolution("growth 12", [2, 5, 5, 28], [3, 3, 28, 12], { padding: [1, 1] }),
  convolution("channels: block + 4", [3, 5, 5, 20], [3, 3, 20, 20], { padding: [1, 1] }),
  convolution("channels: primes", [1, 4, 4, 17], [3, 3, 17, 19], { padding: [1, 1] }),
  convolution("channels: x in fours only", [1, 4, 5, 8], [3, 3, 8, 7], { padding: [1, 1] }),
  convolution("pixels: block + 1", [1, 3, 3, 4], [1, 1, 4, 16]),
  convolution("many workgroups", [3, 13, 11, 16], [3, 3, 16, 36], { padding: [1, 1] }),
  convolution("5x5, wider than the window of three taps", [2, 6, 7, 8], [5, 5, 8, 12], { padding: [2, 2] }),
  convolution("taps 8 pixels apart", [1, 9, 11, 4], [3, 3, 4, 12], { padding: [2, 4], dilation: [2, 4] }),
  convolution("images narrower than the filter", [7, 2, 2, 8], [3, 3, 8, 4], { padding: [1, 1] }),
  convolution("33 tiles of 2 by 2, one more than a workgroup has", [1, 6, 22, 8], [3, 3, 8, 8], {
    padding: [1, 1],
  }),
  convolution("y larger than x", [2, 4, 5, 8], [3, 3, 8, 12], { padding: [2, 2] }),
  convolution("y narrower than x", [2, 9, 9, 8], [3, 3, 8, 12]),
  convolution("tiles of 64 by 64, 1", [1, 13, 5, 36], [1, 1, 36, 68]),
  convolution("1x1, pixels in no fours", [3, 7, 7, 40], [1, 1, 40, 36]),
  convolution("1x1, one pixel", [1, 1, 1, 8], [1, 1, 8, 4]),
  convolution("tiles of 32 channels", [3, 13, 11, 12], [3, 3, 12, 32], { padding: [1, 1] }),
  convolution("windows of 2 side by side", [2, 6, 10, 5], [2, 2, 5, 3], { stride: [2, 2] }),
  convolution("windows of 2 side by side, lines of them in fours", [2, 6, 34, 2], [2, 2, 2, 4], {
    stride: [2, 2],
  }),
  convolution("windows of 2 side by side, in fours", [3, 10, 14, 12], [2, 2, 12, 20], { stride: [2, 2] }),
  convolution("patches of 4 by 3", [2, 20, 33, 8], [4, 3, 8, 36], { stride: [4, 3] }),
  convolution("windows of 2, a line and a column left over", [1, 11, 13, 16], [2, 2, 16, 20], {
    stride: [2, 2],
  }),
  convolution("stride 2, 3x3, in phases of one to four taps", [2, 14, 18, 12], [3, 3, 12, 16], {
    stride: [2, 2],
    padding: [1, 1],
  }),
  convolution("stride 2, 4x4", [2, 12, 10, 8], [4, 4, 8, 20], { stride: [2, 2], padding: [1, 1] }),
  convolution("strides 3 and 2, 5x7, odd channels", [1, 13, 12, 7], [5, 7, 7, 11], {
    stride: [3, 2],
    padding: [2, 3],
  }),
  convolution("stride 2 along one axis", [2, 9, 14, 8], [3, 4, 8, 12], { stride: [1, 2], padding: [1, 1] }),
  convolution("an image of fewer lines than the stride", [8, 1, 9, 8], [3, 3, 8, 32], {
    stride: [3, 2],
    padding: [1, 1],
  }),
  convolution("125 lines: the last chunk is half", [5, 25, 3, 16], [3, 3, 16, 4], { padding: [1, 1] }),
  convolution("more padding on the far side, stride 2", [1, 6, 4, 3], [3, 3, 3, 4], { stride: [2, 2], farPadding: [1, 1] }), // prettier-ignore
  convolution("far padding keeps the size of an even filter", [2, 5, 7, 8], [2, 4, 8, 12], {
    padding: [0, 1],
    farPadding: [1, 2],
  }),
  convolution("no far padding", [1, 5, 6, 4], [3, 3, 4, 16], { padding: [2, 1], farPadding: [0, 0] }),
  {
    ...convolution("smaller and smaller channels", [2, 5, 6, 8], [3, 3, 8, 12], { padding: [1, 1] }),
    isGraded: true,
  },
  // Pieces of lines for few channels, of 28 and of 32 pixels.
  convolution("7x7 stem of one channel, three pieces of a line", [1, 5, 115, 1], [7, 7, 1, 36], {
    stride: [2, 2],
    padding: [3, 3],
  }),
  convolution("3x3 of three channels, two pieces of a line", [2, 5, 37, 3], [3, 3, 3, 36], {
    padding: [1, 1],
  }),
  convolution("3x3 of two channels, lines end within pieces", [3, 6, 27, 2], [3, 3, 2, 5]),
  convolution("few channels, everything differs by axis", [2, 9, 43, 5], [4, 5, 5, 12], {
    stride: [3, 2],
    padding: [2, 3],
    dilation: [2, 1],
  }),
  convolution("6 taps of one channel, more padding than they reach", [1, 3, 30, 1], [2, 6, 1, 8], { padding: [2, 7] }), // prettier-ignore
  convolution("eight channels in two parts", [1, 4, 9, 8], [3, 3, 8, 40], { padding: [1, 1] }),
  { ...convolution("smaller and smaller channels, 1x1", [2, 5, 5, 5], [1, 1, 5, 7]), isGraded: true },
];

/** Normal numbers; those of a graded case get smaller along an axis, by default the last. */
const given = ({ isGraded = false }: Case, shape: Shape, seed: number, axis?: number): HostTensor =>
  isGraded ? graded(normal(shape, seed), axis) : normal(shape, seed);

const product = (...extents: number[]): number => extents.reduce((all, extent) => all * extent, 1);

export const convolutionSamples = {
  conv2d: cases.map((sample): Sample<Conv2dAttributes> => {
    const { name, x, filter, attributes, gradcheck } = sample;
    return {
      name,
      inputs: [normal(x, 1), given(sample, filter, 2)],
      attributes,
      reduction: product(...filter.slice(0, 3)),
      gradcheck,
    };
  }),
  conv2dInputGradient: cases.map((sample): Sample<Conv2dInputGradientAttributes> => {
    const { name, x, filter, y, attributes, gradcheck } = sample;
    return {
      name,
      inputs: [normal(y, 1), given(sample, filter, 2, 2)],
      attributes: { ...attributes, inputShape: x },
      reduction: product(filter[0], filter[1], filter[3]),
      gradcheck,
    };
  }),
  conv2dWeightGradient: cases.map((sample): Sample<Conv2dWeightGradientAttributes> => {
    const { name, x, filter, y, attributes, gradcheck } = sample;
    return {
      name,
      inputs: [normal(x, 1), given(sample, y, 2)],
      attributes: { ...attributes, filterShape: filter },
      reduction: product(...y.slice(0, 3)),
      gradcheck,
    };
  }),
};
