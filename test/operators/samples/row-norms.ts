// Samples of layer norm and RMS norm.

import type { RowNormAttributes } from "../../../src/operators/normalisation/index.ts";
import type { HostTensor } from "../../../src/tensor/host.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import { graded, normal, uniform, values, type Sample } from "../sample.ts";

type RowNormSample = Sample<RowNormAttributes>;

const attributes: RowNormAttributes = { epsilon: 1e-5 };

/** Rows of x; gamma, and what follows from the operator, are made for them. */
interface Case {
  readonly name: string;
  readonly x: HostTensor;
  /** Of gamma, where it is not that of the last axis. */
  readonly shape?: Shape;
  readonly more?: Partial<RowNormSample>;
}

/** Nearly all numbers alike, the first one of each row far away: as a shift it must not cost digits. */
function outliers(): HostTensor {
  const x = normal([3, 70], 5);
  x.data[0] = 300;
  x.data[70] = -3000;
  x.data[140] = 500;
  return x;
}

/** Widths on either side of what a lane, a subgroup and a workgroup take; rows that fill no workgroup and more than one. */
const cases: readonly Case[] = [
  { name: "odd sizes", x: normal([2, 3, 5, 7], 1) },
  { name: "small", x: normal([3, 8], 2) },
  { name: "one column", x: normal([5, 1], 3, 2) },
  { name: "one number", x: values([1, 1], [3]) },
  { name: "one row, as long as a vector", x: normal([4], 4) },
  { name: "rows for two workgroups of lanes that are alone, in fours", x: normal([131, 12], 5) },
  { name: "rows in chunks of different length", x: normal([197, 3], 6) },
  { name: "a width of 100", x: normal([67, 100], 7), more: { gradcheck: false } },
  { name: "a subgroup + 1 columns", x: normal([3, 9], 8) },
  { name: "32 + 1 columns in fours", x: normal([9, 132], 9), more: { gradcheck: false } },
  { name: "a workgroup + 1 columns", x: normal([3, 257], 10), more: { gradcheck: false } },
  { name: "a workgroup + 1 columns in fours", x: normal([5, 1028], 11), more: { gradcheck: false } },
  { name: "as many columns as lanes load in one turn", x: normal([66, 256], 18), more: { gradcheck: false } },
  { name: "the last two axes", x: normal([5, 3, 4], 12), shape: [3, 4] },
  { name: "first number an outlier", x: outliers(), more: { gradcheck: false } },
  {
    name: "a constant row",
    x: values([3, 3], [7.1, 7.1, 7.1, 1, 2, 3, 0, 0, 0]),
    more: { gradcheck: false },
  },
  { name: "large epsilon", x: normal([5, 6], 13), more: { attributes: { epsilon: 0.5 } } },
];

/** Where the mean is far larger than the deviation. */
const farMeans: readonly Case[] = [
  { name: "mean a thousand deviations", x: normal([7, 36], 14, 1000, 1) },
  { name: "mean ten thousand deviations", x: normal([6, 130], 15, -1e4, 1) },
  {
    name: "mean a hundred thousand deviations",
    x: normal([9, 260], 16, 1000, 0.01),
    more: { attributes: { epsilon: 1e-9 } },
  },
];

/** x, gamma, and the further inputs. A few more roundings than the bound knows of: three sums and a root. */
function sampleOf(
  { name, x, shape = x.shape.slice(-1), more }: Case,
  further: (shape: Shape, x: HostTensor) => readonly HostTensor[],
): RowNormSample {
  const inputs = [x, uniform(shape, 21, 0.5, 1.5), ...further(shape, x)];
  const width = inputs[1].data.length;
  const reduction = Math.max(width, x.data.length / width);
  return { name, inputs, attributes, reduction, slack: 4, ...more };
}

/** With gamma, and what has its shape, smaller and smaller from column to column. */
const smaller = (sample: RowNormSample, which: readonly number[]): RowNormSample => ({
  ...sample,
  name: "smaller and smaller columns",
  inputs: sample.inputs.map((each, i) => (which.includes(i) ? graded(each) : each)),
  gradcheck: false,
});

const withBeta = (shape: Shape): HostTensor[] => [normal(shape, 22)];
const nothing = (): HostTensor[] => [];
const withSlopes = (_: Shape, { shape }: HostTensor): HostTensor[] => [normal(shape, 23, 0.5)];
const wide: Case = { name: "", x: normal([45, 16], 17) };
const ungraded = (sample: RowNormSample): RowNormSample => ({ ...sample, gradcheck: false });

/** Where one number makes up all of a row, or nearly all, what RMS norm gives does not move with it: its gradient cancels. */
const alongOneAxis = (sample: RowNormSample): RowNormSample =>
  /^one (column|number)|outlier/.test(sample.name)
    ? { ...sample, attributes: { epsilon: 0.5 }, slack: 64 }
    : sample;

export const rowNormSamples = {
  layerNorm: [
    ...cases.map((each) => sampleOf(each, withBeta)),
    ...farMeans.map((each) => ungraded(sampleOf(each, withBeta))),
    smaller(sampleOf(wide, withBeta), [1, 2]),
  ],
  layerNormGradient: [
    ...[...cases, ...farMeans].map((each) => sampleOf(each, withSlopes)),
    smaller(sampleOf(wide, withSlopes), [1, 2]),
  ],
  rmsNorm: [
    ...cases.map((each) => sampleOf(each, nothing)),
    ungraded(sampleOf({ name: "large numbers", x: normal([7, 36], 14, 1e6, 1e6) }, nothing)),
    smaller(sampleOf(wide, nothing), [1]),
  ],
  rmsNormGradient: [
    ...cases.map((each) => alongOneAxis(sampleOf(each, withSlopes))),
    sampleOf({ name: "large numbers", x: normal([7, 36], 14, 1e6, 1e6) }, withSlopes),
    smaller(sampleOf(wide, withSlopes), [1, 2]),
  ],
} satisfies Record<string, RowNormSample[]>;
