// Samples of pooling: the same windows for maxima, means and their gradients.

import type { Pair } from "../../../src/operators/convolution/index.ts";
import {
  poolingOperators,
  type AveragePool2dAttributes,
  type AveragePool2dGradientAttributes,
  type PoolingAttributes,
} from "../../../src/operators/pooling/index.ts";
import { allocate, type HostTensor } from "../../../src/tensor/host.ts";
import { sizeOf, type Shape } from "../../../src/tensor/shape.ts";
import { graded, integers, normal, type Sample } from "../sample.ts";

interface Case {
  readonly name: string;
  readonly x: HostTensor;
  readonly attributes: AveragePool2dAttributes;
  /** Whether equal values compete in a window. */
  readonly ties: boolean;
}

type Options = Partial<Omit<AveragePool2dAttributes, "window">>;

function pooling(
  name: string,
  shape: Shape,
  window: Pair,
  { stride = window, padding = [0, 0], ...others }: Options = {},
): Case {
  return { name, x: normal(shape, 1), attributes: { window, stride, padding, ...others }, ties: false };
}

const overlapping: PoolingAttributes = { window: [3, 3], stride: [2, 2], padding: [1, 1] };

const cases: readonly Case[] = [
  pooling("one value", [1, 1, 1, 1], [1, 1]),
  pooling("2x2", [2, 4, 6, 3], [2, 2]),
  pooling("2x2, an odd image leaves a border unread", [1, 5, 7, 4], [2, 2]),
  pooling("3x3, stride 2, padding 1", [2, 7, 6, 2], [3, 3], { stride: [2, 2], padding: [1, 1] }),
  pooling("overlapping at stride 1", [1, 5, 5, 3], [3, 3], { stride: [1, 1], padding: [1, 1] }),
  pooling("stride beyond the window", [1, 7, 8, 3], [2, 1], { stride: [3, 2] }),
  pooling("everything differs by axis", [2, 7, 5, 3], [3, 2], { stride: [1, 2], padding: [2, 1] }),
  pooling("the window is larger than the image", [1, 2, 2, 3], [4, 4], { stride: [1, 1], padding: [1, 1] }),
  pooling("the whole image", [3, 5, 3, 2], [5, 3]),
  pooling("many workgroups", [2, 9, 9, 65], [3, 3], { stride: [2, 2], padding: [1, 1] }),
  pooling("channels in fours, 3x3, stride 2, padding 1", [2, 7, 6, 8], [3, 3], overlapping),
  pooling("channels in fours, everything differs by axis", [2, 7, 5, 4], [3, 2], { stride: [1, 2], padding: [2, 1] }), // prettier-ignore
  pooling("channels in fours, stride beyond the window", [1, 7, 8, 4], [2, 1], { stride: [3, 2] }),
  pooling("long lines", [1, 3, 71, 3], [2, 2]),
  pooling("one output more than blocks of them", [1, 3, 66, 3], [2, 2]),
  pooling("long lines of fours", [2, 5, 71, 4], [2, 2]),
  pooling("long lines of fours, overlapping", [1, 5, 41, 4], [3, 3], overlapping),
  pooling("long lines of fours at stride 1", [2, 4, 39, 8], [3, 3], { stride: [1, 1], padding: [1, 1] }),
  pooling("pairs at stride 1", [2, 5, 6, 4], [2, 2], { stride: [1, 1], padding: [1, 0] }),
  pooling("pairs of lines at stride 1, odd channels", [2, 4, 7, 5], [2, 2], { stride: [1, 1] }),
  pooling("threes side by side, a border unread", [2, 8, 7, 4], [3, 3], { padding: [1, 0] }),
  pooling("three by three with two pixels of padding", [1, 6, 5, 4], [3, 3], { stride: [2, 2], padding: [2, 2] }), // prettier-ignore
  pooling("four by four", [1, 9, 11, 4], [4, 4]),
  pooling("more padding on the far side", [2, 6, 8, 3], [3, 3], { stride: [2, 2], farPadding: [1, 1] }),
  pooling("far padding alone, in fours, windows side by side", [1, 5, 7, 4], [2, 3], { farPadding: [1, 2] }),
  pooling("no far padding", [1, 6, 7, 4], [3, 2], { stride: [2, 2], padding: [2, 1], farPadding: [0, 0] }),
  pooling("ceil mode: a window reaches beyond", [2, 6, 8, 3], [3, 3], { stride: [2, 2], ceilMode: true }),
  pooling("ceil mode beyond a padding", [1, 5, 6, 4], [3, 3], {
    stride: [3, 2],
    padding: [1, 1],
    ceilMode: true,
  }),
  pooling("ceil mode: no window starts beyond", [1, 5, 4, 3], [2, 2], { stride: [3, 3], padding: [1, 1], ceilMode: true }), // prettier-ignore
  pooling("ceil mode: the window is larger than the image", [1, 2, 3, 4], [3, 5], { stride: [2, 4], ceilMode: true }), // prettier-ignore
  pooling("ceil mode, windows side by side", [2, 5, 41, 4], [2, 2], { ceilMode: true }),
  pooling("padding does not count", [2, 7, 6, 3], [3, 3], { ...overlapping, countIncludePad: false }),
  pooling("padding does not count, in fours", [2, 5, 13, 8], [2, 3], {
    stride: [1, 2],
    padding: [1, 2],
    farPadding: [0, 1],
    countIncludePad: false,
  }),
  pooling("padding does not count, ceil mode, many workgroups", [2, 9, 10, 33], [3, 2], {
    stride: [2, 3],
    padding: [1, 0],
    farPadding: [2, 1],
    ceilMode: true,
    countIncludePad: false,
  }),
  pooling("padding counts, what lies beyond it does not, another on each side", [1, 6, 8, 4], [3, 4], {
    stride: [2, 3],
    padding: [1, 2],
    farPadding: [0, 1],
    ceilMode: true,
  }),
  pooling("there is no padding that would not count", [1, 5, 7, 4], [2, 2], { countIncludePad: false }),
  { name: "ties of fours", x: integers([2, 7, 6, 4], 3, 1), attributes: overlapping, ties: true },
  { name: "all negative", x: normal([1, 5, 5, 3], 1, -1000), attributes: overlapping, ties: false },
  {
    name: "smaller and smaller channels",
    x: graded(normal([2, 5, 6, 8], 1)),
    attributes: overlapping,
    ties: true,
  },
  { name: "ties", x: integers([2, 7, 6, 3], 3, 1), attributes: overlapping, ties: true },
  { name: "all equal", x: integers([1, 6, 6, 2], 1, 1), attributes: overlapping, ties: true },
];

const spec = ({ x: { shape } }: Case): HostTensor => ({ shape, dtype: "f32", data: new Float32Array() });

function pooled(sample: Case): HostTensor {
  const [{ shape }] = poolingOperators.maxPool2d.infer([spec(sample)], sample.attributes);
  const y: HostTensor = { shape, dtype: "f32", data: allocate("f32", sizeOf(shape)) };
  poolingOperators.maxPool2d.reference([sample.x], [y], sample.attributes);
  return y;
}

const area = ({ attributes: { window } }: Case): number => window[0] * window[1];
/** The gradient of what a pool gives: smaller and smaller where its x is. */
const slopes = ({ name }: Case, shape: Shape): HostTensor =>
  name === "smaller and smaller channels" ? graded(normal(shape, 2)) : normal(shape, 2);
const small = ({ x }: Case): boolean => sizeOf(x.shape) <= 200;

export const poolingSamples = {
  maxPool2d: cases.map((sample): Sample<PoolingAttributes> => ({
    name: sample.name,
    inputs: [sample.x],
    attributes: sample.attributes,
    gradcheck: small(sample) && !sample.ties,
  })),
  maxPool2dGradient: cases.map((sample): Sample<PoolingAttributes> => {
    const y = pooled(sample);
    return {
      name: sample.name,
      inputs: [sample.x, y, slopes(sample, y.shape)],
      attributes: sample.attributes,
      reduction: area(sample),
      gradcheck: false,
    };
  }),
  averagePool2d: cases.map((sample): Sample<AveragePool2dAttributes> => ({
    name: sample.name,
    inputs: [sample.x],
    attributes: sample.attributes,
    reduction: area(sample),
    gradcheck: small(sample),
  })),
  averagePool2dGradient: cases.map((sample): Sample<AveragePool2dGradientAttributes> => ({
    name: sample.name,
    inputs: [slopes(sample, pooled(sample).shape)],
    attributes: { ...sample.attributes, inputShape: sample.x.shape },
    reduction: area(sample),
    gradcheck: small(sample),
  })),
};
