// The convolution, for users.

import { expectOptions, type OptionChecks, type Requirement } from "../errors/arguments.ts";
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
}

const isPerAxis = (value: unknown): boolean =>
  typeof value === "number" || (Array.isArray(value) && value.every((each) => typeof each === "number"));

/** What an option of type `PerAxis` must be; its range is checked with the shapes. */
export const aPerAxis: Requirement = { words: "a whole number or [height, width]", fits: isPerAxis };

const convolutionOptions: OptionChecks<ConvolutionOptions> = {
  stride: aPerAxis,
  padding: aPadding,
  dilation: aPerAxis,
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
 * @param x [N, H, W, C]
 * @param filter [R, S, C, K]
 * @returns [N, P, Q, K], P = floor((H + padding - (R - 1) dilation - 1) / stride) + 1, the padding that of both sides, Q likewise
 * @throws ShapeError when the channels differ, or the filter is larger than the padded image; UsageError for an option that
 *   there is not
 */
export function conv2d(x: Tensor, filter: Tensor, options: ConvolutionOptions = {}): Tensor {
  expectOptions("conv2d", options, convolutionOptions);
  const { stride = 1, padding = 0, dilation = 1 } = options;
  return runOne("conv2d", [x, filter], {
    stride: perAxis(stride),
    ...paddingAttributes(padding),
    dilation: perAxis(dilation),
  });
}
