// Attributes that make no sense are refused by the shape rule, before anything is computed on any backend: strings and nulls
// that compare like numbers, NaN, fractions, and whole numbers that a kernel's 32 bits do not hold.

import { expect, test } from "vitest";
import { ShapeError } from "../../src/errors/errors.ts";
import type { Operator } from "../../src/operators/operator.ts";
import { operators, type OperatorName } from "../../src/operators/registry.ts";
import { samples } from "./samples.ts";

const cases: [name: OperatorName, attributes: object, message: RegExp][] = [
  ["clamp", { high: NaN }, /^clamp: high must be a number, got NaN/],
  ["clamp", { low: undefined }, /^clamp: low must be a number, got undefined/],
  ["affine", { offset: "1" }, /^affine: offset must be a number, got "1"/],
  ["batchNorm", { epsilon: Infinity }, /^batchNorm: epsilon must be positive, got Infinity/],
  ["batchNorm", { epsilon: "1" }, /^batchNorm: epsilon must be positive, got 1/],
  ["movingAverage", { momentum: null }, /^movingAverage: momentum must be .*, got null/],
  ["sharpen", { temperature: "4" }, /^sharpen: temperature must be .*, got "4"/],
  [
    "activatedPool",
    { kind: "mean" },
    /^activatedPool: there is no pool of kind "mean"; choose "average" or "max"/,
  ],
  [
    "activatedPoolGradient",
    { kind: undefined },
    /^activatedPoolGradient: there is no pool of kind "undefined"/,
  ],
  ["activatedPoolGradient", { epsilon: NaN }, /^activatedPoolGradient: epsilon must be positive/],
  ["normaliseImages", { mean: [NaN] }, /^normaliseImages: 1 channels take 1 means/],
  ["maxPool2d", { stride: [2 ** 33, 1] }, /^maxPool2d: stride must be .* up to 2\^29, got \[8589934592, 1\]/],
  ["conv2d", { padding: [0, 0.5] }, /^conv2d: padding must be \[height, width\], whole numbers/],
  ["conv2d", { dilation: [2 ** 31, 1] }, /^conv2d: dilation must be/],
  [
    "conv2dInputGradient",
    { inputShape: [1, 1.5, 1, 1] },
    /^conv2dInputGradient: the image must be .* got \[1\.5, 1\]/,
  ],
];

test.each(cases)("%s with %o is refused", (name, attributes, message) => {
  const operator = operators[name] as Operator<unknown>;
  const [sample] = samples[name];
  const infer = (): unknown => operator.infer(sample.inputs, { ...sample.attributes, ...attributes });
  expect(() => operator.infer(sample.inputs, sample.attributes)).not.toThrow();
  expect(infer).toThrow(ShapeError);
  expect(infer).toThrow(message);
});
