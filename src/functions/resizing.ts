// Resizing of images, for users.

import {
  expectArgument,
  expectOptions,
  oneOf,
  required,
  type OptionChecks,
  type Requirement,
} from "../errors/arguments.ts";
import { resizeMethods, type ResizeMethod } from "../operators/resizing/positions.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { runOne } from "./run.ts";

export interface ResizeOptions {
  /** "nearest" repeats or leaves out pixels; "bilinear" mixes the four that lie around a position. */
  readonly method: ResizeMethod;
}

/** What the options of resizing must be. */
export const resizeOptions: OptionChecks<ResizeOptions> = { method: required(oneOf(resizeMethods)) };

/** What a size of images must be. */
export const aSize: Requirement = {
  words: "[height, width], whole numbers from 1",
  fits: (value) =>
    Array.isArray(value) && value.length === 2 && value.every((each) => Number.isInteger(each) && each >= 1),
};

/**
 * Images of another size, larger or smaller.
 *
 * Output i of P along an axis of H pixels lies, in pixels from the first one,
 * - "nearest": at i H / P, rounded down, as torch's `interpolate(mode="nearest")`;
 * - "bilinear": at (i + 1/2) H / P - 1/2, between the two pixels around it in proportion to their nearness, and on the first
 *   or last pixel where that lies outside. These are half-pixel centres: torch's `align_corners=False`, tf.js's
 *   `halfPixelCenters`, and the default of ONNX, OpenCV and Pillow.
 *
 * Positions are computed in whole numbers: at ties all backends choose the same pixels. (torch rounds H / P first, and its
 * "nearest" is a pixel off at some ratios.)
 *
 * There is no filter against aliasing: an image made smaller by more than two leaves pixels out. Use `averagePool2d` for that.
 * There is no `align_corners=True`: the corners of such an image stay where they are only if the distance of its pixels changes.
 * Weights trained with it need the product with a matrix of [P, H] that holds those weights, along each axis.
 *
 * @param x [N, H, W, C]
 * @param size [P, Q], in pixels
 * @returns [N, P, Q, C]
 * @throws ShapeError when x is not [N, H, W, C], or the ratio of two large sizes exceeds 32 bits; UsageError for a size or a
 *   method that is none
 */
export function resize2d(
  x: Tensor,
  size: readonly [height: number, width: number],
  options: ResizeOptions,
): Tensor {
  expectArgument("resize2d", "the size", size, aSize);
  expectOptions("resize2d", options, resizeOptions);
  return runOne("resize2d", [x], { size, method: options.method });
}
