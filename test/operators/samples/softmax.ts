// Samples of softmax, its logarithm and their gradients.

import type { NoAttributes } from "../../../src/operators/elementwise/unary.ts";
import { softmax, logSoftmax } from "../../../src/operators/softmax/softmax.ts";
import { allocate, type HostTensor } from "../../../src/tensor/host.ts";
import { sizeOf, type Shape } from "../../../src/tensor/shape.ts";
import { graded, integers, normal, values, type Sample } from "../sample.ts";

const none: NoAttributes = {};

interface Case {
  readonly name: string;
  readonly x: HostTensor;
  readonly mask?: HostTensor;
  /** Too large, or with infinities where central differences would need numbers. */
  readonly gradcheck?: false;
}

/** A mask of 0 and -Infinity, the latter in about one of `every` places. */
function dropping(shape: Shape, every: number): HostTensor {
  const drawn = integers(shape, every, 9);
  return { ...drawn, data: drawn.data.map((value: number) => (value === 0 ? -Infinity : 0)) };
}

/** 0 on and below the diagonal, -Infinity above: nobody sees what comes later. */
function causal(length: number): HostTensor {
  const list = Array.from({ length: length * length }, (_, i) =>
    i % length > Math.floor(i / length) ? -Infinity : 0,
  );
  return values([length, length], list);
}

const everywhere = (shape: Shape, value: number): HostTensor =>
  values(shape, new Array<number>(sizeOf(shape)).fill(value));

const cases: readonly Case[] = [
  { name: "odd sizes", x: normal([3, 7], 1, 0, 2) },
  { name: "one axis", x: normal([13], 1) },
  { name: "one number", x: normal([1], 1) },
  { name: "rows of one", x: normal([5, 1], 1) },
  { name: "rows in fours", x: normal([2, 3, 12], 1) },
  { name: "more rows than a workgroup", x: normal([131, 5], 1), gradcheck: false },
  { name: "more rows in fours than a workgroup", x: normal([67, 8], 1), gradcheck: false },
  { name: "long rows", x: normal([3, 1031], 1, 0, 3), gradcheck: false },
  { name: "long rows in fours", x: normal([5, 1032], 1, 0, 3), gradcheck: false },
  { name: "longer rows in fours", x: normal([2, 4412], 1, 0, 3), gradcheck: false },
  { name: "a hundred and twenty-eight", x: normal([9, 128], 1, 0, 2), gradcheck: false },
  { name: "two workgroups of shared rows", x: normal([9, 41], 1, 0, 2), gradcheck: false },
  { name: "far from zero", x: normal([4, 9], 1, 1e4, 3), gradcheck: false },
  {
    name: "huge",
    // Each row would underflow, relative to the largest of its neighbours.
    x: values([4, 3], [0, 100, -1000, 990, -1000, 1000, -100, -90, -200, 1e30, -1e30, 2e38]),
    gradcheck: false,
  },
  { name: "smaller and smaller columns", x: graded(normal([5, 12], 1, 0, 3)), gradcheck: false },
  {
    name: "all but certain",
    x: values([3, 3], [30, 0, 1, -20, 20, 3, 0, 0, 17]),
    gradcheck: false,
  },
  { name: "ties", x: values([2, 4], [1, 1, 1, 1, 3, 0, 3, 0]), gradcheck: false },
  { name: "a mask as large as x", x: normal([3, 5], 1), mask: normal([3, 5], 2) },
  { name: "a mask in fours, as large as x", x: normal([3, 8], 1), mask: normal([3, 8], 2) },
  { name: "one mask for all rows", x: normal([2, 3, 5], 1), mask: normal([5], 2) },
  { name: "a mask for each image", x: normal([2, 3, 5, 4], 1), mask: normal([2, 1, 1, 4], 2) },
  { name: "a mask for each position", x: normal([2, 3, 4, 4], 1), mask: normal([4, 4], 2) },
  { name: "a mask for each image and position", x: normal([2, 3, 5, 7], 1), mask: normal([2, 1, 5, 7], 2) },
  { name: "a mask constant along the rows", x: normal([3, 4], 1), mask: normal([3, 1], 2) },
  {
    name: "a mask that repeats in many ways",
    x: normal([2, 3, 2, 2, 2, 4], 1),
    mask: normal([2, 1, 2, 1, 2, 4], 2),
    gradcheck: false,
  },
  {
    name: "a mask with strides of its own along three axes, long rows",
    x: normal([2, 3, 2, 3, 2, 40], 1),
    mask: normal([2, 1, 2, 1, 2, 40], 2),
  },
  { name: "some left out", x: normal([5, 8], 1), mask: dropping([5, 8], 3), gradcheck: false },
  { name: "causal", x: normal([2, 3, 9, 9], 1), mask: causal(9), gradcheck: false },
  { name: "causal, rows in fours", x: normal([2, 2, 36, 36], 1), mask: causal(36), gradcheck: false },
  {
    name: "rows left out wholly",
    x: normal([2, 3, 4], 1),
    mask: values([2, 1, 1], [-Infinity, 0]),
    gradcheck: false,
  },
  { name: "all left out", x: normal([3, 7], 1), mask: everywhere([3, 7], -Infinity), gradcheck: false },
  { name: "-Infinity in x", x: values([2, 3], [1, -Infinity, 2, -Infinity, -Infinity, -Infinity]), gradcheck: false }, // prettier-ignore
  {
    name: "many rows of a mask",
    x: normal([3, 2, 70, 8], 1),
    mask: normal([3, 1, 70, 8], 2),
    gradcheck: false,
  },
];

// exp is as loose as WGSL allows: its argument is off by half a last place of numbers up to ten.
const slack = 4;

const forward = ({ x, mask, name, gradcheck }: Case): Sample<NoAttributes> => ({
  name,
  gradcheck: gradcheck ?? true,
  inputs: mask === undefined ? [x] : [x, mask],
  attributes: none,
  reduction: x.shape[x.shape.length - 1],
  slack,
});

/** From what the operator gives, rounded to f32. */
function backward(operator: typeof softmax, { x, mask, name, gradcheck }: Case): Sample<NoAttributes> {
  const y: HostTensor = { ...x, data: allocate("f32", x.data.length) };
  operator.reference(mask === undefined ? [x] : [x, mask], [y], none);
  return {
    name,
    gradcheck: gradcheck ?? true,
    inputs: [y, normal(x.shape, 3)],
    attributes: none,
    reduction: x.shape[x.shape.length - 1],
    slack,
  };
}

export const softmaxSamples = {
  softmax: cases.map(forward),
  softmaxGradient: cases.map((each) => backward(softmax, each)),
  logSoftmax: cases.map(forward),
  logSoftmaxGradient: cases.map((each) => backward(logSoftmax, each)),
};
