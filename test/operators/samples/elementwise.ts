// Samples of the elementwise functions of one, two and three tensors.

import type { NoAttributes } from "../../../src/operators/elementwise/index.ts";
import type { HostTensor } from "../../../src/tensor/host.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import { integers, normal, uniform, values, type Sample } from "../sample.ts";
import { unarySamples } from "./unary.ts";

const attributes: NoAttributes = {};
type Fill = (shape: Shape, seed: number) => HostTensor;

const pair = (name: string, a: HostTensor, b: HostTensor, gradcheck = true): Sample<NoAttributes> => ({
  name,
  inputs: [a, b],
  attributes,
  gradcheck,
});

/** Equal shapes and one broadcast each way, by elements and by vectors. */
const few = (fill: Fill, second: Fill = fill, gradcheck = true): Sample<NoAttributes>[] => [
  pair("odd size", fill([7, 13], 1), second([7, 13], 2), gradcheck),
  pair("both broadcast", fill([3, 1, 5], 3), second([4, 1], 4), gradcheck),
  pair("vectors, both broadcast", fill([3, 1, 2, 4], 5), second([1, 5, 2, 4], 6), gradcheck),
];

/** Every way two shapes can meet. */
const many = (fill: Fill, second: Fill = fill): Sample<NoAttributes>[] => [
  ...few(fill, second),
  pair("scalars", fill([], 7), second([], 8)),
  pair("one value and a scalar", fill([1], 9), second([], 10)),
  pair("scalar first", fill([], 11), second([3, 5], 12)),
  pair("tile + 1", fill([65], 13), second([65], 14)),
  pair("vector tile + 1", fill([5, 52], 15), second([5, 52], 16), false),
  pair("channels", fill([2, 3, 3, 5], 17), second([5], 18)),
  pair("channels by vectors", fill([2, 2, 3, 8], 19), second([8], 20)),
  pair("images and channels", fill([2, 3, 3, 4], 21), second([2, 1, 1, 4], 22)),
  pair("rows by columns", fill([5, 1], 23), second([1, 7], 24)),
  pair("six axes", fill([2, 1, 3, 1, 2, 1], 25), second([1, 3, 1, 2, 1, 3], 26)),
  pair("six axes by vectors", fill([2, 1, 2, 1, 2, 4], 27), second([1, 3, 1, 2, 1, 4], 28)),
  pair("several workgroups", fill([5, 1, 37], 29), second([7, 1], 30), false),
  pair("several workgroups of vectors", fill([9, 11, 5, 12], 31), second([11, 1, 12], 32), false),
];

const anything: Fill = (shape, seed) => normal(shape, seed);
/** Both signs, away from zero. */
const divisor: Fill = (shape, seed) => {
  const numbers = uniform(shape, seed, 0.5, 3);
  return { ...numbers, data: numbers.data.map((value, i) => (i % 3 === 1 ? -value : value)) };
};
/** Few different numbers, so that pairs are often equal. */
const comparison = few((shape, seed) => integers(shape, 3, seed), undefined, false);

export const elementwiseSamples = {
  ...unarySamples,
  add: many(anything),
  subtract: many(anything),
  multiply: many(anything),
  divide: many(anything, divisor),
  power: [
    ...few((shape, seed) => uniform(shape, seed, 0.25, 4), anything),
    pair("negative numbers to whole powers", normal([7, 13], 40), integers([7, 13], 9, 41), false),
    pair("scalar exponent", uniform([5, 7], 42, 0.25, 4), values([], [2.5])),
    pair(
      "0, 1 and -1, to 0 and others",
      values([3, 7], [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1]),
      values([7], [0, 1, 2, 3, 4, 33, 100]),
      false,
    ),
    pair("by vectors, far from 1", uniform([4, 40], 43, 0, 1e6), uniform([4, 40], 44, -6, 6), false),
    pair(
      "near 1, to large powers",
      uniform([37, 5], 45, 0.999, 1.001),
      uniform([37, 5], 46, -4e3, 4e3),
      false,
    ),
    pair("small numbers", uniform([37, 5], 47, 1e-37, 1e-30), uniform([5], 48, -1.1, 1.1), false),
    pair("several workgroups", uniform([5, 1, 37], 49, 0.25, 4), normal([7, 1], 50), false),
  ],
  maximum: few(anything),
  minimum: few(anything),
  equal: comparison,
  notEqual: comparison,
  less: comparison,
  lessEqual: comparison,
  greater: comparison,
  greaterEqual: comparison,
  gate: few(anything),
  where: [
    {
      name: "odd size",
      inputs: [integers([7, 11], 2, 1), normal([7, 11], 2), normal([7, 11], 3)],
      attributes,
    },
    { name: "scalars", inputs: [integers([], 2, 4), normal([], 5), normal([], 6)], attributes },
    { name: "in fours", inputs: [integers([3, 8], 2, 18), normal([3, 8], 19), normal([8], 20)], attributes },
    {
      name: "any number but zero is true",
      inputs: [values([4], [0, -1, 0.25, -0]), normal([4], 7), normal([1], 8)],
      attributes,
    },
    {
      name: "several workgroups",
      inputs: [integers([9, 1, 13], 2, 12), normal([11, 13], 13), normal([9, 11, 1], 14)],
      attributes,
      gradcheck: false,
    },
    {
      name: "several workgroups of vectors",
      inputs: [integers([9, 11, 5, 12], 2, 15), normal([11, 1, 12], 16), normal([9, 1, 5, 12], 17)],
      attributes,
      gradcheck: false,
    },
    {
      name: "all three broadcast",
      inputs: [integers([2, 1, 3, 1], 2, 9), normal([5], 10), normal([4, 1, 1], 11)],
      attributes,
    },
    {
      name: "six axes",
      inputs: [integers([2, 1, 2, 1, 2, 1], 2, 12), normal([1, 2, 1, 2, 1, 2], 13), normal([], 14)],
      attributes,
    },
    { name: "tile + 1", inputs: [integers([65], 2, 15), normal([65], 16), normal([65], 17)], attributes },
  ] satisfies Sample<NoAttributes>[],
};
