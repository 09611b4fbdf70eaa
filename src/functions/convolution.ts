// The convolution, for users.

import { expectOptions, wholeFrom, type OptionChecks, type Requirement } from "../errors/arguments.ts";
import { groupedExtentsOf } from "../operators/convolution/groups.ts";
import { expectTensor } from "../runtime/expect-tensor.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { aPadding, paddingAttributes, type Padding } from "./padding.ts";
import { runOne } from "./run.ts";

/** One number for both directions, or [height, width]. */
export type PerAxis = number | readonly [height: number, width: number];

export interface ConvolutionOptions {
  /** Distance of neighbouring windows in pixels. Default 1. */
  readonly stride?: PerAxis;
  /** Pixels of zeros added around the images. Default 0. */
  readonly padding?: Padding;
  /** Distance of neighbouring taps of the filter in pixels. Default 1. */
  readonly dilation?: PerAxis;
  /**
   * Divides the channels of x and of y, in order, into so many groups: each group of y sees its group of x alone. With as
   * many groups as channels of x the convolution is depthwise. Default 1.
   */
  readonly groups?: number;
}

const isPerAxis = (value: unknown): boolean =>
  typeof value === "number" || (Array.isArray(value) && value.every((each) => typeof each === "number"));

/** What an option of type `PerAxis` must be; its range is checked with the shapes. */
export const aPerAxis: Requirement = { words: "a whole number or [height, width]", fits: isPerAxis };

const convolutionOptions: OptionChecks<ConvolutionOptions> = {
  stride: aPerAxis,
  padding: aPadding,
  dilation: aPerAxis,
  groups: wholeFrom(1),
};

/** [height, width] of an option that may be one number. */
export function perAxis(value: PerAxis): readonly [height: number, width: number] {
  return typeof value === "number" ? [value, value] : value;
}

/**
 * The convolution of images with a filter: y[n, p, q, k] = sum over r, s, c of
 * x[n, p * stride - padding + r * dilation, q * stride - padding + s * dilation, c] * filter[r, s, c, k].
 * The filter is not turned, as in all networks (a cross-correlation).
 *
 * With groups, filter [R, S, C / groups, K]: output channels g K / groups and on are made of the channels g C / groups and on,
 * as in PyTorch. A depthwise convolution has groups C and filter [R, S, 1, C * m], whose output c * m + j is made of channel c:
 * the numbers, in their order, of the filter [R, S, C, m] of tfjs and Keras, so that `reshape` makes one of the other.
 *
 * @param x [N, H, W, C]
 * @param filter [R, S, C, K]; with groups [R, S, C / groups, K], K divisible by groups
 * @returns [N, P, Q, K], P = floor((H + padding - (R - 1) dilation - 1) / stride) + 1, the padding that of both sides, Q
 *   likewise
 * @throws ShapeError when the channels differ, groups do not divide them, or the filter is larger than the padded image;
 *   UsageError for an option that there is not
 */
export function conv2d(x: Tensor, filter: Tensor, options: ConvolutionOptions = {}): Tensor {
  expectOptions("conv2d", options, convolutionOptions);
  const { stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  const sliding = { stride: perAxis(stride), ...paddingAttributes(padding), dilation: perAxis(dilation) };
  if (groups === 1) return runOne("conv2d", [x, filter], sliding);
  [x, filter].forEach((each, i) => {
    expectTensor("conv2d", i, 2, each);
  });
  groupedExtentsOf("conv2d", x.shape, filter.shape, { ...sliding, groups }); // so that what does not fit is said of conv2d
  return runOne("groupedConv2d", [x, filter], { ...sliding, groups });
}
