// Pooling, for users.

import { aFlag, expectOptions, required, type OptionChecks } from "../errors/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { ShapeError } from "../errors/errors.ts";
import { expectTensor } from "../runtime/expect-tensor.ts";
import { showShape } from "../tensor/shape.ts";
import type { AttributesOf } from "../operators/registry.ts";
import { aPerAxis, perAxis, type PerAxis } from "./convolution.ts";
import { aPadding, paddingAttributes, type Padding } from "./padding.ts";
import { max, mean } from "./reduction.ts";
import { runOne } from "./run.ts";

/** Windows with the same padding on opposite sides, all of them inside. */
export interface WindowOptions {
  /** Extent of the window in pixels. */
  readonly window: PerAxis;
  /** Distance of neighbouring windows in pixels. Default: the window, so that windows tile the image. */
  readonly stride?: PerAxis;
  /** Pixels added on each side, fewer than the window has. Default 0. */
  readonly padding?: PerAxis;
}

export interface PoolingOptions extends Omit<WindowOptions, "padding"> {
  /** Pixels added around the image, on each side fewer than the window has. Default 0. */
  readonly padding?: Padding;
  /**
   * Whether a last window may reach beyond the padding, if it starts inside the image or in the padding before it: what it finds
   * there is left out. Default false: such pixels are left out.
   */
  readonly ceilMode?: boolean;
}

export interface AveragePoolingOptions extends PoolingOptions {
  /**
   * Whether the zeros of the padding count in the divisor. Default true. What a window of `ceilMode` finds beyond the padding
   * never counts.
   */
  readonly countIncludePad?: boolean;
}

/** What the options of plain windows must be. */
export const windowOptions: OptionChecks<WindowOptions> = {
  window: required(aPerAxis),
  stride: aPerAxis,
  padding: aPerAxis,
};

/** What the options of pooling must be. */
export const poolingOptions: OptionChecks<PoolingOptions> = {
  ...windowOptions,
  padding: aPadding,
  ceilMode: aFlag,
};

/** What the options of average pooling must be. */
export const averagePoolingOptions: OptionChecks<AveragePoolingOptions> = {
  ...poolingOptions,
  countIncludePad: aFlag,
};

function attributesOf(options: PoolingOptions): AttributesOf<"maxPool2d"> {
  const { window, stride = window, padding = 0, ceilMode = false } = options;
  return {
    window: perAxis(window),
    stride: perAxis(stride),
    ...paddingAttributes(padding),
    ...(ceilMode ? { ceilMode } : {}),
  };
}

/**
 * The largest value of each window. Padding never wins; of equal values the first in row-major order takes the
 * gradient.
 *
 * @param x [N, H, W, C]
 * @returns [N, P, Q, C], P = floor((H + padding - window) / stride) + 1, the padding that of both sides, Q likewise; with
 *   `ceilMode` rounded up, less a last window that would start beyond the image
 * @throws ShapeError when the window is larger than the padded image, or the padding not smaller than the window
 */
export function maxPool2d(x: Tensor, options: PoolingOptions): Tensor {
  expectOptions("maxPool2d", options, poolingOptions);
  return runOne("maxPool2d", [x], attributesOf(options));
}

/**
 * The mean of each window. Padding counts as zeros, in the divisor too (PyTorch's default, count_include_pad), unless
 * `countIncludePad` is false: then the mean is that of the pixels inside the image, as in TensorFlow.
 *
 * @param x [N, H, W, C]
 * @returns [N, P, Q, C], as `maxPool2d`
 * @throws ShapeError when the window is larger than the padded image, or the padding not smaller than the window
 */
export function averagePool2d(x: Tensor, options: AveragePoolingOptions): Tensor {
  expectOptions("averagePool2d", options, averagePoolingOptions);
  const { countIncludePad = true } = options;
  return runOne("averagePool2d", [x], {
    ...attributesOf(options),
    ...(countIncludePad ? {} : { countIncludePad }),
  });
}

function expectImages(name: string, x: Tensor): void {
  expectTensor(name, 0, 1, x);
  if (x.shape.length >= 3) return;
  throw new ShapeError(`${name}: takes images [N, H, W, C], got ${showShape(x.shape)}`);
}

/**
 * The mean of each channel over the whole image.
 *
 * @param x [N, H, W, C]
 * @returns [N, C]
 * @throws ShapeError when x has fewer than three axes
 */
export function globalAveragePool(x: Tensor): Tensor {
  expectImages("globalAveragePool", x);
  return mean(x, { axes: [1, 2] });
}

/**
 * The largest value of each channel over the whole image. Equal maxima share the gradient, as those of `max`.
 *
 * @param x [N, H, W, C]
 * @returns [N, C]
 * @throws ShapeError when x has fewer than three axes
 */
export function globalMaxPool(x: Tensor): Tensor {
  expectImages("globalMaxPool", x);
  return max(x, { axes: [1, 2] });
}
