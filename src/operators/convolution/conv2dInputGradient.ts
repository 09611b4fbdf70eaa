// The gradient of a convolution with respect to its images: itself a convolution, of the output's gradient with the
// turned filter.

import { ShapeError } from "../../device/index.ts";
import { input, output, temporary, type Candidate, type Operator } from "../../runtime/operator.ts";
import { equalShapes, showShape, type Shape } from "../../tensor/index.ts";
import { addMatrixTimesColumn } from "../matmul/rows.ts";
import { quadsPerInvocation } from "../matmul/product.ts";
import { expectFloats } from "../operands.ts";
import { directSizes, eachRunOfTaps, extentsOf, type Sliding } from "./geometry.ts";
import { missing, padded } from "./padded.ts";

export interface Conv2dInputGradientAttributes extends Sliding {
  /** [N, H, W, C] of the convolution's x; with a stride above 1 the other shapes do not tell. */
  readonly inputShape: Shape;
}

/**
 * Inputs dy [N, P, Q, K], filter [R, S, C, K]; output dx [N, H, W, C], the gradient of conv2d with respect to x:
 * dx[n, h, w, c] = sum over p, q, k of dy[n, p, q, k] * filter[r, s, c, k] where p * stride = h + padding - r * dilation.
 */
export const conv2dInputGradient: Operator<Conv2dInputGradientAttributes> = {
  name: "conv2dInputGradient",
  infer(inputs, attributes) {
    expectFloats("conv2dInputGradient", inputs, ["dy", "filter"]);
    const [dy, filter] = inputs;
    const { inputShape } = attributes;
    const { batch, outputHeight, outputWidth, outputChannels } = extentsOf(
      "conv2dInputGradient",
      inputShape,
      filter.shape,
      attributes,
    );
    const shape = [batch, outputHeight, outputWidth, outputChannels];
    if (!equalShapes(dy.shape, shape)) {
      throw new ShapeError(
        `conv2dInputGradient: x ${showShape(inputShape)} and the filter ${showShape(filter.shape)} make y ` +
          `${showShape(shape)}, but dy is ${showShape(dy.shape)}`,
      );
    }
    return [{ shape: inputShape, dtype: "f32" }];
  },
  reference([dy, filter], [dx], attributes) {
    const extents = extentsOf("conv2dInputGradient", attributes.inputShape, filter.shape, attributes);
    const { channels: c, outputChannels: k } = extents;
    eachRunOfTaps(extents, attributes, (xPixel, yPixel, tap, taps) => {
      addMatrixTimesColumn(filter.data, tap * c * k, dy.data, yPixel * k, dx.data, xPixel * c, taps * c, k);
    });
  },
  candidates(inputs, attributes, adapter) {
    const [, filter] = inputs;
    const extents = extentsOf("conv2dInputGradient", attributes.inputShape, filter.shape, attributes);
    const sizes = directSizes(extents, attributes);
    const bind = { dy: input(0), weights: input(1), dx: output(0) };
    const direct: Candidate = {
      name: "direct",
      launches: [{ kernel: "conv2dInputGradientDirect", bind, sizes }],
    };
    const { batch, height, width, channels, filterHeight, filterWidth } = extents;
    const zeros = missing(channels);
    if (zeros > 0) {
      const wide = { ...attributes, inputShape: [batch, height, width, channels + zeros] };
      const widened = { index: 1, axis: 2, zeros, attributes: wide };
      return [direct, padded(conv2dInputGradient, inputs, widened, attributes.inputShape, adapter)];
    }
    const { outputHeight, outputWidth, outputChannels } = extents;
    const { stride, padding, dilation } = attributes;
    const blocked: Candidate = {
      name: "blocked",
      temporaries: [{ shape: [filterHeight, filterWidth, outputChannels, channels], dtype: "f32" }],
      launches: [
        {
          kernel: "conv2dTurnFilter",
          bind: { weights: input(1), turned: temporary(0) },
          sizes: { taps: filterHeight * filterWidth, channels, outputChannels },
        },
        {
          kernel: "conv2dBlocked",
          knobs: { QUADS: quadsPerInvocation(channels), SPREAD: stride.some((step) => step > 1) },
          bind: { x: input(0), weights: temporary(0), y: output(0) },
          // The roles of x and y are exchanged; the turned filter starts as far before the first pixel of dy as
          // the last tap reaches.
          sizes: {
            batch,
            height: outputHeight,
            width: outputWidth,
            channels: outputChannels,
            filterHeight,
            filterWidth,
            outputHeight: height,
            outputWidth: width,
            outputChannels: channels,
            strideHeight: 1,
            strideWidth: 1,
            paddingHeight: (filterHeight - 1) * dilation[0] - padding[0],
            paddingWidth: (filterWidth - 1) * dilation[1] - padding[1],
            dilationHeight: dilation[0],
            dilationWidth: dilation[1],
            spreadHeight: stride[0],
            spreadWidth: stride[1],
          },
        },
      ],
    };
    return [direct, blocked];
  },
};
