// Samples of the reductions.

import type { CumulativeSumAttributes, ReductionAttributes } from "../../../src/operators/reduction/index.ts";
import { graded, normal, type Sample } from "../sample.ts";
import { sizeOf, type Shape } from "../../../src/tensor/shape.ts";

function reduce(
  name: string,
  shape: Shape,
  axes: readonly number[],
  { keepDimensions = false, mean = 0, gradcheck = true } = {},
): Sample<ReductionAttributes> {
  return {
    name,
    inputs: [normal(shape, sizeOf(shape), mean)],
    attributes: { axes, keepDimensions },
    reduction: axes.reduce((length, axis) => length * shape[axis], 1),
    gradcheck,
  };
}

const large = { gradcheck: false };

/** With an input that gets smaller and smaller along an axis that is kept. */
const smaller = (sample: Sample<ReductionAttributes>, axis: number): Sample<ReductionAttributes> => ({
  ...sample,
  inputs: sample.inputs.map((input) => graded(input, axis)),
});

const common = [
  reduce("all axes", [7, 13], [0, 1]),
  reduce("all axes, kept", [3, 5], [0, 1], { keepDimensions: true }),
  reduce("scalar", [], []),
  reduce("no axes", [3, 5], []),
  reduce("extents of 1", [1, 7, 1], [0, 2]),
  reduce("last axis", [5, 7], [1]),
  reduce("last axis, tile + 1", [65, 2], [1], { keepDimensions: true }),
  reduce("first axes, kept", [3, 4, 5], [0, 1], { keepDimensions: true }),
  reduce("middle axis", [3, 4, 5], [1]),
  reduce("both ends", [3, 4, 5], [0, 2]),
  reduce("every second of six axes", [2, 3, 2, 3, 2, 2], [0, 2, 4]),
  reduce("every other second of six axes, kept", [2, 3, 2, 3, 2, 2], [1, 3, 5], { keepDimensions: true }),
  // From 513 elements on there is a second candidate.
  reduce("long", [521], [0], large),
  reduce("long, channels", [1031, 3], [0], large),
  reduce("long, two axes around the channels", [37, 3, 29], [0, 2], large),
  reduce("long, rows", [3, 2053], [1], large),
  smaller(reduce("smaller and smaller rows", [5, 61], [1], large), 0),
  smaller(reduce("smaller and smaller channels, long", [1031, 8], [0], large), 1),
  // 32,768 elements and more take three launches.
  reduce("very long, far from zero", [40009], [0], { ...large, mean: 1000 }),
];

function running(
  name: string,
  shape: Shape,
  axis: number,
  { exclusive = false, reverse = false, mean = 0 } = {},
): Sample<CumulativeSumAttributes> {
  return {
    name,
    inputs: [normal(shape, sizeOf(shape), mean)],
    attributes: { axis, exclusive, reverse },
    reduction: shape[axis],
    gradcheck: sizeOf(shape) < 300,
  };
}

const [exclusive, reverse] = [{ exclusive: true }, { reverse: true }];
const cumulativeSum = [
  running("a row", [7], 0),
  running("one number", [1], 0),
  running("one number, exclusive", [1, 1], 1, exclusive),
  running("rows", [3, 5], 1),
  running("rows, exclusive", [3, 5], 1, exclusive),
  running("rows, from the end", [3, 5], 1, reverse),
  running("rows, exclusive from the end", [3, 5], 1, { ...exclusive, ...reverse }),
  running("rows in fours", [5, 12], 1),
  running("rows in fours, exclusive from the end", [3, 8], 1, { ...exclusive, ...reverse }),
  running("columns", [5, 3], 0),
  running("columns in fours, exclusive", [3, 8], 0, exclusive),
  running("a middle axis, from the end", [2, 5, 3], 1, reverse),
  running("six axes", [2, 1, 3, 4, 1, 2], 3),
  running("many rows", [131, 9], 1),
  // From 129 numbers on there are blocks, and in a workgroup's candidate from 2,049 on.
  running("long", [521], 0, reverse),
  running("long rows, exclusive", [3, 2053], 1, exclusive),
  running("long rows from the end", [3, 4099], 1, reverse),
  running("long rows in fours", [2, 4100], 1),
  running("long rows in fours, exclusive from the end", [2, 4104], 1, { ...exclusive, ...reverse }),
  running("long columns", [1031, 3], 0, exclusive),
  running("long columns in fours, from the end", [2, 261, 8], 1, reverse),
  running("very long, far from zero", [40009], 0, { mean: 1000 }),
  { ...running("smaller and smaller", [3, 516], 1), inputs: [graded(normal([3, 516], 9))] },
];

export const reductionSamples = {
  sum: common,
  mean: common,
  cumulativeSum,
  max: [
    ...common,
    reduce("all negative", [3, 1031], [0, 1], { ...large, mean: -100 }),
    reduce("all negative, short", [3, 5], [1], { mean: -100 }),
  ],
};
