// Samples of grouped and depthwise convolutions and their gradients: the same cases for all three.

import type {
  GroupedConv2dAttributes,
  GroupedConv2dInputGradientAttributes,
  GroupedConv2dWeightGradientAttributes,
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
  readonly attributes: GroupedConv2dAttributes;
  readonly gradcheck: boolean;
  /** Whether the channels of the result get smaller and smaller. */
  readonly isGraded: boolean;
}

interface Options {
  readonly stride?: Pair;
  readonly padding?: Pair;
  readonly dilation?: Pair;
  readonly isGraded?: boolean;
}

function grouped(
  name: string,
  x: Shape,
  filter: Shape,
  groups: number,
  { stride = [1, 1], padding = [0, 0], dilation = [1, 1], isGraded = false }: Options = {},
): Case {
  const attributes = { stride, padding, dilation, groups };
  const [{ shape: y }] = convolutionOperators.groupedConv2d.infer(
    [
      { shape: x, dtype: "f32" },
      { shape: filter, dtype: "f32" },
    ],
    attributes,
  );
  const gradcheck = !isGraded && Math.max(sizeOf(x), sizeOf(filter), sizeOf(y)) <= 150;
  return { name, x, filter, y, attributes, gradcheck, isGraded };
}

/** A depthwise one: as many groups as channels. */
const depthwise = (
  name: string,
  x: Shape,
  [height, width]: Pair,
  options?: Options & { readonly multiplier?: number },
): Case => grouped(name, x, [height, width, 1, x[3] * (options?.multiplier ?? 1)], x[3], options);

// Depthwise kernels take channels in fours or one at a time, a band of 8 columns (4 with large filters) by some lines; those
// of groups in fours take 8 columns by 4 channels.
const cases: readonly Case[] = [
  grouped("one value", [1, 1, 1, 1], [1, 1, 1, 1], 1),
  grouped("one group is the plain convolution", [2, 5, 4, 3], [3, 2, 3, 5], 1, { padding: [1, 0] }),
  grouped("two groups of odd sizes", [2, 4, 3, 6], [3, 2, 3, 10], 2),
  grouped("groups of primes, everything differs by axis", [2, 7, 6, 15], [3, 2, 5, 21], 3, {
    stride: [2, 3],
    padding: [2, 1],
    dilation: [1, 2],
  }),
  grouped("groups of four", [1, 3, 4, 8], [3, 3, 4, 8], 2, { padding: [1, 1] }),
  grouped("groups of four, a band and one column", [2, 5, 9, 16], [3, 3, 4, 16], 4, { padding: [1, 1] }),
  grouped("groups of four channels to eight", [2, 6, 11, 12], [3, 3, 4, 24], 3, { padding: [1, 1] }),
  grouped("groups of eight channels to four", [2, 6, 11, 24], [3, 3, 8, 12], 3, { padding: [1, 1] }),
  grouped("groups of four, stride 2", [2, 9, 19, 8], [3, 3, 4, 8], 2, { stride: [2, 2], padding: [1, 1] }),
  grouped("groups of four, dilation", [1, 9, 10, 8], [2, 3, 4, 12], 2, {
    padding: [1, 2],
    dilation: [3, 2],
  }),
  grouped("groups of four, 1x1", [3, 5, 7, 8], [1, 1, 4, 8], 2),
  grouped("groups of four, 5x4, more padding than the filter reaches", [1, 4, 5, 8], [5, 4, 4, 8], 2, {
    padding: [5, 4],
  }),
  grouped("many workgroups of groups", [3, 13, 18, 64], [3, 3, 4, 64], 16, { padding: [1, 1] }),
  grouped("groups in fours, smaller and smaller", [2, 5, 6, 8], [3, 3, 4, 8], 2, {
    padding: [1, 1],
    isGraded: true,
  }),

  depthwise("depthwise, one channel", [1, 4, 5, 1], [3, 3], { padding: [1, 1] }),
  depthwise("depthwise, four channels", [1, 4, 5, 4], [3, 3], { padding: [1, 1] }),
  depthwise("depthwise, three channels, no padding", [2, 5, 4, 3], [3, 3]),
  depthwise("depthwise, a band and one column", [2, 5, 9, 8], [3, 3], { padding: [1, 1] }),
  depthwise("depthwise, a band and one column, odd channels", [2, 5, 9, 7], [3, 3], { padding: [1, 1] }),
  depthwise("depthwise, narrower than the filter", [3, 2, 2, 8], [3, 3], { padding: [1, 1] }),
  depthwise("depthwise, y larger than x", [2, 4, 5, 8], [3, 3], { padding: [3, 2] }),
  depthwise("depthwise, more padding than the filter reaches", [1, 2, 3, 4], [2, 2], { padding: [3, 2] }),
  depthwise("depthwise, many workgroups", [3, 19, 21, 36], [3, 3], { padding: [1, 1] }),
  depthwise("depthwise, many images", [37, 6, 5, 8], [3, 3], { padding: [1, 1] }),
  depthwise("depthwise, stride 2", [2, 7, 10, 8], [3, 3], { stride: [2, 2], padding: [1, 1] }),
  depthwise("depthwise, stride 2 of odd channels", [1, 6, 5, 3], [3, 3], { stride: [2, 2], padding: [1, 1] }),
  depthwise("depthwise, stride 2 leaves a border unread", [1, 6, 6, 4], [3, 3], { stride: [2, 2] }),
  depthwise("depthwise, stride 2, many workgroups", [2, 37, 39, 20], [3, 3], {
    stride: [2, 2],
    padding: [1, 1],
  }),
  depthwise("depthwise, strides 1 and 3", [1, 7, 11, 4], [3, 2], { stride: [1, 3], padding: [0, 1] }),
  depthwise("depthwise, stride beyond the filter", [1, 11, 12, 4], [2, 1], { stride: [3, 3] }),
  depthwise("depthwise, dilation", [1, 7, 12, 4], [3, 3], { dilation: [2, 3], padding: [2, 3] }),
  depthwise("depthwise, stride and dilation", [1, 9, 12, 4], [3, 3], {
    dilation: [2, 3],
    padding: [2, 3],
    stride: [2, 2],
  }),
  depthwise("depthwise 1x3", [2, 3, 9, 4], [1, 3], { padding: [0, 1] }),
  depthwise("depthwise 3x1 of five channels", [2, 5, 3, 5], [3, 1], { padding: [1, 0] }),
  depthwise("depthwise 5x5", [1, 8, 11, 8], [5, 5], { padding: [2, 2] }),
  depthwise("depthwise 5x5, stride 2", [2, 8, 11, 12], [5, 5], { padding: [2, 2], stride: [2, 2] }),
  depthwise("depthwise 7x7", [2, 9, 10, 12], [7, 7], { padding: [3, 3] }),
  depthwise("depthwise, two outputs a channel", [1, 4, 5, 3], [3, 3], { padding: [1, 1], multiplier: 2 }),
  depthwise("depthwise, four outputs a channel, stride 2", [2, 6, 9, 4], [3, 3], {
    padding: [1, 1],
    stride: [2, 2],
    multiplier: 4,
  }),
  depthwise("depthwise, three outputs of many channels", [2, 6, 9, 32], [3, 3], {
    padding: [1, 1],
    multiplier: 3,
  }),
  depthwise("depthwise, smaller and smaller channels", [2, 5, 6, 8], [3, 3], {
    padding: [1, 1],
    isGraded: true,
  }),
];

/** Normal numbers; those of a graded case get smaller along an axis. */
const given = ({ isGraded }: Case, shape: Shape, seed: number, axis?: number): HostTensor =>
  isGraded ? graded(normal(shape, seed), axis) : normal(shape, seed);

const product = (...extents: number[]): number => extents.reduce((all, extent) => all * extent, 1);

export const groupedSamples = {
  groupedConv2d: cases.map((sample): Sample<GroupedConv2dAttributes> => {
    const { name, x, filter, attributes, gradcheck } = sample;
    return {
      name,
      inputs: [normal(x, 1), given(sample, filter, 2)],
      attributes,
      reduction: product(...filter.slice(0, 3)),
      gradcheck,
    };
  }),
  groupedConv2dInputGradient: cases.map((sample): Sample<GroupedConv2dInputGradientAttributes> => {
    const { name, x, filter, y, attributes, gradcheck } = sample;
    return {
      name,
      inputs: [normal(y, 1), given(sample, filter, 2)],
      attributes: { ...attributes, inputShape: x },
      reduction: product(filter[0], filter[1], filter[3] / attributes.groups),
      gradcheck,
    };
  }),
  groupedConv2dWeightGradient: cases.map((sample): Sample<GroupedConv2dWeightGradientAttributes> => {
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
