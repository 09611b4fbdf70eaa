// Samples of the reductions.

import type { ReductionAttributes } from "../../../src/operators/reduction/index.ts";
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

export const reductionSamples = {
  sum: common,
  mean: common,
  max: [
    ...common,
    reduce("all negative", [3, 1031], [0, 1], { ...large, mean: -100 }),
    reduce("all negative, short", [3, 5], [1], { mean: -100 }),
  ],
} satisfies Record<string, readonly Sample<ReductionAttributes>[]>;
