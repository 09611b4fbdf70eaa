// Samples of batch normalisation and its running statistics.

import { ofEachGroup } from "../../../src/operators/normalisation/batch-groups.ts";
import type {
  BatchNormAttributes,
  GroupedBatchNormAttributes,
  MovingAverageAttributes,
} from "../../../src/operators/normalisation/index.ts";
import type { HostTensor } from "../../../src/tensor/host.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import { graded, integers, normal, uniform, values, type Sample } from "../sample.ts";

const attributes: BatchNormAttributes = { epsilon: 1e-5 };

/** x, gamma and beta for a shape; rows are what the sums run over. */
function forward(name: string, shape: Shape, x: HostTensor, more: Partial<Sample<BatchNormAttributes>> = {}) {
  const channels = [shape.at(-1) ?? 1];
  const reduction = x.data.length / (channels[0] ?? 1);
  const inputs = [x, uniform(channels, 11, 0.5, 1.5), normal(channels, 12)];
  return { name, inputs, attributes, reduction, ...more };
}

/** The same with groups of images, each with statistics of its own. */
const inGroups = <A>(sample: Sample<A>, groups: number): Sample<A & { readonly groups: number }> => ({
  ...sample,
  attributes: { ...sample.attributes, groups },
});

/** x, gamma, mean, variance and dy, the statistics being those of x, of each of its groups of rows. */
function backward(
  name: string,
  x: HostTensor,
  more: Partial<Sample<GroupedBatchNormAttributes>> = {},
  groups = 1,
) {
  const channels = x.shape.at(-1) ?? 1;
  const rows = x.data.length / channels / groups;
  const mean = new Float32Array(groups * channels);
  const variance = new Float32Array(groups * channels);
  for (let at = 0; at < groups * channels; at++) {
    const first = Math.floor(at / channels) * rows;
    const value = (row: number): number => x.data[(first + row) * channels + (at % channels)] ?? NaN;
    const column = Float64Array.from({ length: rows }, (_, row) => value(row));
    const centre = column.reduce((sum, each) => sum + each, 0) / rows;
    mean[at] = centre;
    variance[at] = column.reduce((sum, each) => sum + (each - centre) ** 2, 0) / rows;
  }
  const perChannel = (data: Float32Array): HostTensor => ({
    shape: ofEachGroup([channels], { groups }),
    dtype: "f32",
    data,
  });
  const inputs = [
    x,
    uniform([channels], 11, 0.5, 1.5),
    perChannel(mean),
    perChannel(variance),
    normal(x.shape, 13),
  ];
  const ofGroups = groups === 1 ? attributes : { ...attributes, groups };
  return { name, inputs, attributes: ofGroups, reduction: groups * rows, ...more };
}

/** Nearly all rows alike, the first one far away: taking it as a shift must not cost digits. */
function outlier(): HostTensor {
  const x = normal([70, 3], 5);
  x.data.set([300, -300, 500]);
  return x;
}

/** With some of its inputs smaller and smaller from channel to channel. */
const smaller = (
  sample: Sample<BatchNormAttributes>,
  which: readonly number[],
): Sample<BatchNormAttributes> => ({
  ...sample,
  inputs: sample.inputs.map((input, i) => (which.includes(i) ? graded(input) : input)),
  gradcheck: false,
});

export const normalisationSamples = {
  batchNorm: [
    forward("odd sizes, NHWC", [2, 3, 5, 7], normal([2, 3, 5, 7], 1), { slack: 4, gradcheck: false }),
    forward("small", [3, 2, 2, 3], normal([3, 2, 2, 3], 2), { slack: 4 }),
    forward("one row", [1, 5], normal([1, 5], 3), { gradcheck: false }),
    forward("one channel, several chunks", [331, 1], normal([331, 1], 4, 2, 3), {
      slack: 4,
      gradcheck: false,
    }),
    forward("tile + 1 channels, chunks that are not full", [45, 65], normal([45, 65], 5), {
      slack: 4,
      gradcheck: false,
    }),
    // No slack for these: a kernel that rounds the mean to f32 before taking it away is off by 1e-4 here.
    forward("mean a thousand deviations", [4, 5, 5, 3], normal([4, 5, 5, 3], 6, 1000, 1), {
      gradcheck: false,
    }),
    forward("channels in fours, several chunks", [3, 5, 5, 8], normal([3, 5, 5, 8], 9), {
      slack: 4,
      gradcheck: false,
    }),
    forward("channels in fours, mean a thousand deviations", [71, 4], normal([71, 4], 10, 1000, 1), {
      gradcheck: false,
    }),
    forward("mean ten thousand deviations", [330, 5], normal([330, 5], 7, -1e4, 1), {
      gradcheck: false,
    }),
    smaller(forward("smaller and smaller channels", [45, 8], normal([45, 8], 6), { slack: 4 }), [1, 2]),
    forward("first row an outlier", [70, 3], outlier(), { slack: 4, gradcheck: false }),
    forward("a constant channel", [6, 2], values([6, 2], [7, 1, 7, 2, 7, 3, 7, 4, 7, 5, 7, 7]), {
      slack: 4,
      gradcheck: false,
    }),
    {
      ...forward("large epsilon", [5, 4], normal([5, 4], 8)),
      attributes: { epsilon: 0.5 },
      slack: 4,
    },
    inGroups(forward("two groups", [4, 2, 1, 3], normal([4, 2, 1, 3], 21, 1, 2), { slack: 4 }), 2),
    inGroups(
      forward("three groups, chunks that are not full", [6, 5, 9, 8], normal([6, 5, 9, 8], 22), {
        slack: 4,
        gradcheck: false,
      }),
      3,
    ),
    inGroups(
      forward("two groups, odd rows, mean a thousand deviations", [2, 67, 5], normal([2, 67, 5], 23, 1000), {
        gradcheck: false,
      }),
      2,
    ),
    inGroups(
      forward("two groups, workgroups that straddle them", [2, 333, 36], normal([2, 333, 36], 24, 1, 2), {
        slack: 4,
        gradcheck: false,
      }),
      2,
    ),
    inGroups(
      forward("two groups of whole blocks", [4, 4, 8, 64], normal([4, 4, 8, 64], 26), {
        slack: 4,
        gradcheck: false,
      }),
      2,
    ),
    inGroups(
      forward("two groups, a row behind the last whole block", [2, 33, 5], normal([2, 33, 5], 27), {
        slack: 4,
        gradcheck: false,
      }),
      2,
    ),
    // Lanes that join 98 chunks take four of them in one turn.
    forward("a hundred chunks", [12_450, 32], normal([12_450, 32], 28, 2, 3), { slack: 4, gradcheck: false }),
    inGroups(
      forward("two groups, workgroups of an odd number of channels", [2, 301, 5], normal([2, 301, 5], 25), {
        slack: 4,
        gradcheck: false,
      }),
      2,
    ),
  ] satisfies Sample<GroupedBatchNormAttributes>[],
  batchNormGradient: [
    backward("odd sizes, NHWC", normal([2, 3, 5, 7], 1), { slack: 4 }),
    backward("one row", normal([1, 5], 3)),
    backward("several chunks", normal([331, 1], 4, 2, 3), { slack: 4 }),
    backward("tile + 1 channels", normal([45, 65], 5), { slack: 4 }),
    backward("channels in fours, several chunks", normal([3, 5, 5, 8], 9), { slack: 4 }),
    smaller(backward("smaller and smaller channels", normal([45, 8], 6), { slack: 4 }), [1, 4]),
    { ...backward("large epsilon", normal([5, 4], 8), { slack: 4 }), attributes: { epsilon: 0.5 } },
    backward("mean a thousand deviations", normal([4, 5, 5, 3], 6, 1000, 1), { slack: 4 }),
    // The mean arrives rounded to f32, by up to 3e-3 deviations; what that lost is found again in x.
    {
      ...backward("mean a hundred thousand deviations", normal([330, 4], 7, 1000, 0.01), { slack: 4 }),
      attributes: { epsilon: 1e-9 },
    },
    backward("two groups, odd rows", normal([2, 67, 5], 23, 1, 2), { slack: 4 }, 2),
    backward("three groups, chunks that are not full", normal([6, 5, 9, 8], 22), { slack: 4 }, 3),
    backward(
      "two groups, workgroups that straddle them",
      normal([2, 333, 36], 24, 1, 2),
      { slack: 4, gradcheck: false },
      2,
    ),
    backward("two groups of whole blocks", normal([4, 4, 8, 64], 26), { slack: 4, gradcheck: false }, 2),
    backward(
      "two groups, a row behind the last whole block",
      normal([2, 33, 5], 27),
      { slack: 4, gradcheck: false },
      2,
    ),
    backward("a hundred chunks", normal([12_450, 32], 28, 2, 3), { slack: 4, gradcheck: false }),
    backward(
      "two groups, workgroups of an odd number of channels",
      normal([2, 301, 5], 25),
      { slack: 4, gradcheck: false },
      2,
    ),
  ] satisfies Sample<GroupedBatchNormAttributes>[],
  batchNormInference: [
    {
      name: "odd sizes",
      inputs: [
        normal([2, 3, 3, 5], 1),
        normal([5], 2),
        normal([5], 3),
        normal([5], 4),
        uniform([5], 5, 0.1, 2),
      ],
      attributes,
      slack: 4,
    },
    {
      name: "channels in fours",
      inputs: [normal([3, 4, 8], 1), normal([8], 2), normal([8], 3), normal([8], 4), uniform([8], 5, 0.1, 2)],
      attributes,
      slack: 4,
    },
    smaller(
      {
        name: "smaller and smaller channels",
        inputs: [normal([9, 8], 1), normal([8], 2), normal([8], 3), normal([8], 4), uniform([8], 5, 0.1, 2)],
        attributes,
        slack: 4,
      },
      [1, 2],
    ),
    {
      name: "tile + 1 channels, rows that are not whole blocks",
      inputs: [
        normal([9, 65], 1),
        normal([65], 2),
        normal([65], 3),
        normal([65], 4),
        uniform([65], 5, 0.1, 2),
      ],
      attributes: { epsilon: 1e-3 },
      slack: 4,
      gradcheck: false,
    },
    {
      name: "many workgroups",
      inputs: [
        normal([5, 13, 17, 7], 1),
        normal([7], 2),
        normal([7], 3),
        normal([7], 4),
        uniform([7], 5, 0.1, 2),
      ],
      attributes,
      slack: 4,
      gradcheck: false,
    },
    {
      name: "one element",
      inputs: [
        values([1, 1], [3]),
        values([1], [0.7]),
        values([1], [1.1]),
        values([1], [-0.4]),
        values([1], [2.5]),
      ],
      attributes,
      slack: 4,
    },
  ] satisfies Sample<BatchNormAttributes>[],
  movingAverage: [
    { name: "odd size", inputs: [normal([67], 1), normal([67], 2)], attributes: { momentum: 0.1, scale: 1 } },
    {
      name: "unbiased variance",
      inputs: [uniform([13], 1), uniform([13], 2)],
      attributes: { momentum: 0.3, scale: 8 / 7 },
    },
    {
      name: "smaller and smaller channels",
      inputs: [graded(normal([67], 1)), graded(normal([67], 2))],
      attributes: { momentum: 0.1, scale: 1.25 },
    },
    {
      name: "the first of three groups",
      inputs: [normal([67], 1), normal([3, 67], 2)],
      attributes: { momentum: 0.1, scale: 1 },
    },
    { name: "no momentum", inputs: [normal([3], 1), normal([3], 2)], attributes: { momentum: 0, scale: 1 } },
    {
      name: "all momentum",
      inputs: [integers([1], 9, 1), normal([1], 2)],
      attributes: { momentum: 1, scale: 1 },
    },
  ] satisfies Sample<MovingAverageAttributes>[],
};
