// The transposed convolution, for users: what takes gradients of conv2d back to its images, as a function of its own.

import { expectOptions, type OptionChecks } from "../errors/arguments.ts";
import { ShapeError } from "../errors/errors.ts";
import { expectPair } from "../operators/convolution/extents.ts";
import { expectFloats } from "../operators/operands.ts";
import { engineOf } from "../runtime/engine-of.ts";
import { showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { aPerAxis, perAxis, type ConvolutionOptions, type PerAxis } from "./convolution.ts";
import { pad } from "./movement.ts";
import { runOne } from "./run.ts";

export interface TransposedConvolutionOptions extends Pick<
  ConvolutionOptions,
  "stride" | "padding" | "dilation"
> {
  /**
   * Further pixels below and to the right, since images of several sizes give x when they are convolved; less than the
   * stride or the dilation. Default 0.
   */
  readonly outputPadding?: PerAxis;
}

const transposedConvolutionOptions: OptionChecks<TransposedConvolutionOptions> = {
  stride: aPerAxis,
  padding: aPerAxis,
  dilation: aPerAxis,
  outputPadding: aPerAxis,
};

/**
 * The transposed convolution: every pixel of x adds the filter, times its values, to the result.
 * y[n, h, w, c] = sum over r, s, k of x[n, p, q, k] * filter[r, s, c, k], over the pixels (p, q) and taps (r, s) with
 * h = p * stride - padding + r * dilation, w likewise. It is the gradient of conv2d of the same filter, stride, padding and
 * dilation with respect to its images, so padding takes pixels off the edges of the result.
 *
 * The filter is that of the convolution, [R, S, results, inputs]: as tf.conv2dTranspose has it, and the transpose
 * (2, 3, 1, 0) of torch.nn.ConvTranspose2d's [inputs, results, R, S].
 *
 * @param x [N, P, Q, K]
 * @param filter [R, S, C, K]
 * @returns [N, H, W, C], H = (P - 1) stride - 2 padding + (R - 1) dilation + outputPadding + 1, W likewise
 * @throws ShapeError when the channels differ, no pixel is left, or outputPadding is not less than the larger of stride and
 *   dilation; UsageError for an option that there is not
 */
export function convTranspose2d(
  x: Tensor,
  filter: Tensor,
  options: TransposedConvolutionOptions = {},
): Tensor {
  const name = "convTranspose2d";
  expectOptions(name, options, transposedConvolutionOptions);
  engineOf([x, filter], name);
  expectFloats(name, [x, filter], ["x", "filter"]);
  const shown = `x ${showShape(x.shape)} and the filter ${showShape(filter.shape)}`;
  if (x.shape.length !== 4 || filter.shape.length !== 4) {
    throw new ShapeError(
      `${name}: takes x as [images, height, width, channels] and the filter as [height, width, output channels, ` +
        `channels], got ${shown}`,
    );
  }
  const [batch, ...pixels] = x.shape;
  if (filter.shape[3] !== pixels[2]) {
    throw new ShapeError(
      `${name}: ${shown} differ in channels; a filter is [height, width, output channels, channels of x]`,
    );
  }
  const [stride, padding, dilation, outputPadding] = [
    perAxis(options.stride ?? 1),
    perAxis(options.padding ?? 0),
    perAxis(options.dilation ?? 1),
    perAxis(options.outputPadding ?? 0),
  ];
  expectPair(name, "stride", stride, 1);
  expectPair(name, "padding", padding, 0);
  expectPair(name, "dilation", dilation, 1);
  expectPair(name, "outputPadding", outputPadding, 0);
  const extents: number[] = [];
  const missing: number[] = [];
  for (const axis of [0, 1] as const) {
    const further = outputPadding[axis];
    if (further >= Math.max(stride[axis], dilation[axis])) {
      throw new ShapeError(
        `${name}: outputPadding ${showShape(outputPadding)} must be less than the stride ${showShape(stride)} or the ` +
          `dilation ${showShape(dilation)}`,
      );
    }
    const reach = (filter.shape[axis] - 1) * dilation[axis] + 1;
    const extent = (pixels[axis] - 1) * stride[axis] - 2 * padding[axis] + reach + further;
    if (extent < 1) {
      throw new ShapeError(
        `${name}: nothing is left of ${shown} with stride ${showShape(stride)}, padding ${showShape(padding)} and ` +
          `dilation ${showShape(dilation)}; use less padding`,
      );
    }
    extents.push(extent);
    // Of so many pixels more the convolution would make more of x than there is: those that are missing are zero.
    missing.push(Math.floor(further / stride[axis]));
  }
  const whole = missing.some((count) => count > 0) ? pad(x, [0, 0, 0, 0], [0, ...missing, 0]) : x;
  const inputShape = [batch, ...extents, filter.shape[2]];
  return runOne("conv2dInputGradient", [whole, filter], { stride, padding, dilation, inputShape });
}
