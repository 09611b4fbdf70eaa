// What the parity check notices: an error that is small beside the largest value of an output and large for its own.

import { describe, expect, test } from "vitest";
import type { Operator } from "../../src/operators/operator.ts";
import { operators, type OperatorName } from "../../src/operators/registry.ts";
import { magnitudesOf, reference, worstError } from "./magnitudes.ts";
import type { Sample } from "./sample.ts";
import { samples } from "./samples.ts";

/** The sample of an operator whose last channel is a millionth of the first. */
function smallSample(name: OperatorName): Sample<unknown> {
  const found = (samples[name] as readonly Sample<unknown>[]).find((each) =>
    each.name.startsWith("smaller and smaller"),
  );
  if (found === undefined) throw new Error(`${name} has no sample of channels of different sizes`);
  return found;
}

describe("an error of a ten-thousandth in the last channel alone", () => {
  test.each([
    "conv2d",
    "conv2dInputGradient",
    "conv2dWeightGradient",
    "matmul",
    "linear",
    "queryInnerProduct",
    "averagePool2d",
    "maxPool2dGradient",
    "batchNorm",
    "batchNormGradient",
    "batchNormInference",
  ] as const)("is found in %s, and not beside the largest value", (name) => {
    const operator = operators[name] as Operator<unknown>;
    const sample = smallSample(name);
    const [expected] = reference(operator, sample, () => undefined);
    const [magnitudes] = magnitudesOf(name, operator, sample) ?? [];
    const [{ shape }] = operator.infer(sample.inputs, sample.attributes);
    const last = shape[shape.length - 1] - 1;
    const wrong = expected.map((value: number, i: number) =>
      i % (last + 1) === last ? value * (1 + 1e-4) : value,
    );
    const rounded = expected.map((value: number, i: number) => value * (1 + (i % 3) * 2 ** -24));
    expect(worstError(wrong, expected, sample, magnitudes)).toBeGreaterThan(1);
    expect(worstError(wrong, expected, sample, undefined)).toBeLessThan(1);
    expect(worstError(rounded, expected, sample, magnitudes)).toBeLessThan(1);
    expect(worstError(expected.subarray(1), expected, sample, magnitudes)).toBe(Infinity);
  });
});
