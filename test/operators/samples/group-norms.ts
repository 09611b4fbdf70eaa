// Samples of group normalisation.

import type { GroupNormAttributes } from "../../../src/operators/normalisation/index.ts";
import type { HostTensor } from "../../../src/tensor/host.ts";
import { graded, normal, uniform, type Sample } from "../sample.ts";

type GroupNormSample = Sample<GroupNormAttributes>;

interface Case {
  readonly name: string;
  readonly x: HostTensor;
  readonly groups: number;
  readonly more?: Partial<GroupNormSample>;
}

const large = { gradcheck: false } as const;

/** Nearly all values alike, and one far away in each image. */
function outliers(): HostTensor {
  const x = normal([2, 70, 6], 5);
  x.data[0] = 3000;
  x.data[70 * 6 + 200] = -500;
  return x;
}

const constant = ({ shape, dtype, data }: HostTensor): HostTensor => ({ shape, dtype, data: data.fill(7.1) });

const cases: readonly Case[] = [
  { name: "odd sizes", x: normal([2, 3, 5, 6], 1), groups: 2 },
  { name: "channels in fours", x: normal([3, 2, 2, 8], 2), groups: 2 },
  { name: "groups that cut fours", x: normal([2, 5, 12], 3), groups: 4 },
  { name: "each channel a group", x: normal([2, 7, 5], 4), groups: 5 },
  { name: "one group", x: normal([3, 4, 7], 6), groups: 1 },
  { name: "no pixels", x: normal([3, 6], 7), groups: 2 },
  { name: "several chunks, the last one shorter", x: normal([2, 131, 4], 8), groups: 2, more: large },
  { name: "more channels in a group than lanes", x: normal([2, 35, 130], 9), groups: 2, more: large },
  { name: "more groups than a workgroup", x: normal([3, 17, 66], 10), groups: 33, more: large },
  { name: "an outlier", x: outliers(), groups: 3, more: large },
  { name: "constant groups", x: constant(normal([2, 5, 4], 11)), groups: 2, more: large },
];

const farMeans: readonly Case[] = [
  { name: "mean a thousand deviations", x: normal([2, 71, 8], 12, 1000, 1), groups: 2 },
  { name: "mean a hundred thousand deviations", x: normal([2, 71, 6], 13, 1000, 0.01), groups: 2 },
];

const perChannel = (x: HostTensor): number[] => [x.shape.at(-1) ?? 1];

// Some more roundings than the bound knows of: sums of sums and a root.
function forward({ name, x, groups, more }: Case): GroupNormSample {
  const shape = perChannel(x);
  const inputs = [x, uniform(shape, 21, 0.5, 1.5), normal(shape, 22)];
  const attributes = { groups, epsilon: name.includes("hundred thousand") ? 1e-9 : 1e-5 };
  return { name, inputs, attributes, reduction: x.data.length / x.shape[0] / groups, slack: 4, ...more };
}

/** x, gamma, mean, variance and dy, the statistics being those of x, rounded to f32. */
function backward({ name, x, groups }: Case): GroupNormSample {
  const sample = forward({ name, x, groups });
  const images = x.shape[0];
  const channels = perChannel(x)[0] ?? 1;
  const width = channels / groups;
  const pixels = x.data.length / images / channels;
  const [mean, variance] = [0, 1].map(() => new Float32Array(images * channels));
  for (let i = 0; i < mean.length; i++) {
    const image = Math.floor(i / channels);
    const first = (i % channels) - ((i % channels) % width);
    const group = Float64Array.from({ length: pixels * width }, (_, at) => {
      return x.data[(image * pixels + Math.floor(at / width)) * channels + first + (at % width)] ?? NaN;
    });
    const centre = group.reduce((sum, value) => sum + value, 0) / group.length;
    mean[i] = centre;
    variance[i] = group.reduce((sum, value) => sum + (value - centre) ** 2, 0) / group.length;
  }
  const given = (data: Float32Array): HostTensor => ({ shape: [images, channels], dtype: "f32", data });
  const inputs = [x, sample.inputs[1], given(mean), given(variance), normal(x.shape, 23, 0.5)];
  return { ...sample, inputs, reduction: x.data.length };
}

/** With what has the shape of gamma smaller and smaller from channel to channel. */
const smaller = (sample: GroupNormSample, which: readonly number[]): GroupNormSample => ({
  ...sample,
  name: "smaller and smaller channels",
  inputs: sample.inputs.map((each, i) => (which.includes(i) ? graded(each) : each)),
  gradcheck: false,
});

const wide: Case = { name: "", x: normal([2, 45, 8], 14), groups: 2 };

export const groupNormSamples = {
  groupNorm: [
    ...cases.map(forward),
    ...farMeans.map((each) => forward({ ...each, more: large })),
    smaller(forward(wide), [1, 2]),
  ],
  groupNormGradient: [...[...cases, ...farMeans].map(backward), smaller(backward(wide), [1, 4])],
} satisfies Record<string, GroupNormSample[]>;
