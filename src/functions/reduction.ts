// Sums, means, maxima and running sums over axes, for users.

import { aFlag, aNumber, expectOptions, type OptionChecks } from "../errors/arguments.ts";
import { expectTensor } from "../runtime/expect-tensor.ts";
import { normaliseAxes, normaliseAxis } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { AttributesOf } from "../operators/registry.ts";
import { runOne } from "./run.ts";

export interface ReductionOptions {
  /** The axis or the axes to reduce over; negative ones count from the end. Default: all. */
  readonly axes?: number | readonly number[];
  /** Whether reduced axes stay with extent 1, so that the result broadcasts against x. Default false. */
  readonly keepDimensions?: boolean;
}

const reductionOptions: OptionChecks<ReductionOptions> = {
  axes: {
    words: "an axis or a list of axes",
    fits: (value) => typeof value === "number" || Array.isArray(value),
  },
  keepDimensions: aFlag,
};

function attributesOf(operator: string, x: Tensor, options: ReductionOptions): AttributesOf<"sum"> {
  expectTensor(operator, 0, 1, x);
  expectOptions(operator, options, reductionOptions);
  const { axes, keepDimensions = false } = options;
  return { axes: normaliseAxes(operator, x.shape, axes), keepDimensions };
}

/**
 * The sum over axes, added up in blocks in a fixed order: the same device gives the same bits every time.
 *
 * @param x f32, any shape
 * @returns x without the reduced axes; a scalar [] when there are no axes left
 * @throws ShapeError when an axis is not one of x or is named twice, UsageError for an option that there is not
 */
export function sum(x: Tensor, options: ReductionOptions = {}): Tensor {
  return runOne("sum", [x], attributesOf("sum", x, options));
}

/** The mean over axes; otherwise as `sum`. */
export function mean(x: Tensor, options: ReductionOptions = {}): Tensor {
  return runOne("mean", [x], attributesOf("mean", x, options));
}

/** The maximum over axes; otherwise as `sum`. */
export function max(x: Tensor, options: ReductionOptions = {}): Tensor {
  return runOne("max", [x], attributesOf("max", x, options));
}

export interface CumulativeSumOptions {
  /** The axis to walk along; a negative one counts from the end. Default -1. */
  readonly axis?: number;
  /** Whether a number is left out of its own sum, so that the first is 0. Default false. */
  readonly exclusive?: boolean;
  /** Whether the sums begin at the end of the axis. Default false. */
  readonly reverse?: boolean;
}

const cumulativeSumOptions: OptionChecks<CumulativeSumOptions> = {
  axis: aNumber,
  exclusive: aFlag,
  reverse: aFlag,
};

/**
 * Running sums along an axis: each number becomes the sum of those up to and including it, added up in a fixed order.
 *
 * @param x f32, any shape but a scalar
 * @returns f32 of the shape of x
 * @throws ShapeError when the axis is not one of x, UsageError for an option that there is not
 */
export function cumulativeSum(x: Tensor, options: CumulativeSumOptions = {}): Tensor {
  expectTensor("cumulativeSum", 0, 1, x);
  expectOptions("cumulativeSum", options, cumulativeSumOptions);
  const { axis = -1, exclusive = false, reverse = false } = options;
  return runOne("cumulativeSum", [x], {
    axis: normaliseAxis("cumulativeSum", x.shape, axis),
    exclusive,
    reverse,
  });
}
