// Pooling, for users.

import { expectOptions, required, type OptionChecks } from "../errors/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ShapeError } from "../errors/errors.ts";
import { expectTensor } from "../runtime/expect-tensor.ts";
import { showShape } from "../tensor/shape.ts";
import type { AttributesOf } from "../operators/registry.ts";
import { aPerAxis, perAxis, type PerAxis } from "./convolution.ts";
import { mean } from "./reduction.ts";
import { runOne } from "./run.ts";

export interface PoolingOptions {
  /** Extent of the window in pixels. */
  readonly window: PerAxis;
  /** Distance of neighbouring windows in pixels. Default: the window, so that windows tile the image. */
  readonly stride?: PerAxis;
  /** Pixels added on each side, fewer than the window has. Default 0. */
  readonly padding?: PerAxis;
}

/** What the options of pooling must be. */
export const poolingOptions: OptionChecks<PoolingOptions> = {
  window: required(aPerAxis),
  stride: aPerAxis,
  padding: aPerAxis,
};

function attributesOf(name: string, options: PoolingOptions): AttributesOf<"maxPool2d"> {
  expectOptions(name, options, poolingOptions);
  const { window, stride = window, padding = 0 } = options;
  return { window: perAxis(window), stride: perAxis(stride), padding: perAxis(padding) };
}

/**
 * The largest value of each window. Padding never wins; of equal values the first in row-major order takes the
 * gradient.
 *
 * @param x [N, H, W, C]
 * @returns [N, P, Q, C], P = floor((H + 2 padding - window) / stride) + 1, Q likewise
 * @throws ShapeError when the window is larger than the padded image, or the padding not smaller than the window
 */
export function maxPool2d(x: Tensor, options: PoolingOptions): Tensor {
  return runOne("maxPool2d", [x], attributesOf("maxPool2d", options));
}

/**
 * The mean of each window. Padding counts as zeros, in the divisor too (PyTorch's default, count_include_pad).
 *
 * @param x [N, H, W, C]
 * @returns [N, P, Q, C], as `maxPool2d`
 * @throws ShapeError when the window is larger than the padded image, or the padding not smaller than the window
 */
export function averagePool2d(x: Tensor, options: PoolingOptions): Tensor {
  return runOne("averagePool2d", [x], attributesOf("averagePool2d", options));
}

/**
 * The mean of each channel over the whole image.
 *
 * @param x [N, H, W, C]
 * @returns [N, C]
 * @throws ShapeError when x has fewer than three axes
 */
export function globalAveragePool(x: Tensor): Tensor {
  expectTensor("globalAveragePool", 0, 1, x);
  if (x.shape.length < 3) {
    throw new ShapeError(`globalAveragePool: takes images [N, H, W, C], got ${showShape(x.shape)}`);
  }
  return mean(x, { axes: [1, 2] });
}
