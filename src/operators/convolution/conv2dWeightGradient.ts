// The gradient of a convolution with respect to its filter: few values, each a sum over all pixels.

import { ShapeError, type AdapterTraits } from "../../device/index.ts";
import {
  input,
  output,
  temporary,
  type Candidate,
  type Launch,
  type Operator,
} from "../../runtime/operator.ts";
import { equalShapes, showShape, type Shape } from "../../tensor/index.ts";
import { addOuterProduct } from "../matmul/rows.ts";
import { quadsPerInvocation } from "../matmul/product.ts";
import { expectFloats } from "../operands.ts";
import { directSizes, eachRunOfTaps, extentsOf, type Extents, type Sliding } from "./geometry.ts";
import { missing, padded } from "./padded.ts";

export interface Conv2dWeightGradientAttributes extends Sliding {
  /** [R, S, C, K] of the convolution's filter; with a stride above 1 the other shapes do not tell. */
  readonly filterShape: Shape;
}

const rowsPerInvocation = 8;

/**
 * Invocations among which the pixels are divided: 32 workgroups on lavapipe, where more only lengthen the second
 * pass (2 cores, 2026); a few hundred workgroups on a GPU.
 */
function wantedInvocations({ isSoftware }: AdapterTraits): number {
  return isSoftware ? 2048 : 16384;
}

/** Sums chunks of lines of dy into a temporary, then the chunks in order. One chunk needs no second pass. */
function blocked(extents: Extents, attributes: Sliding, adapter: AdapterTraits): Candidate {
  const { batch, channels, filterHeight, filterWidth, outputHeight, outputChannels } = extents;
  const rows = filterHeight * filterWidth * channels;
  const quads = quadsPerInvocation(outputChannels);
  const lines = batch * outputHeight;
  const blocks = Math.ceil(rows / rowsPerInvocation) * Math.ceil(outputChannels / 4 / quads);
  const wanted = Math.min(lines, Math.max(1, Math.floor(wantedInvocations(adapter) / blocks)));
  const chunk = Math.ceil(lines / wanted);
  const chunks = Math.ceil(lines / chunk);
  const first: Launch = {
    kernel: "conv2dWeightGradientChunks",
    knobs: { ROWS: rowsPerInvocation, QUADS: quads },
    bind: { x: input(0), dy: input(1), parts: chunks > 1 ? temporary(0) : output(0) },
    sizes: { ...directSizes(extents, attributes), chunk, chunks },
  };
  if (chunks === 1) return { name: "blocked", launches: [first] };
  const second: Launch = {
    kernel: "sumChunks",
    bind: { parts: temporary(0), y: output(0) },
    sizes: { quads: (rows * outputChannels) / 4, chunks },
  };
  return {
    name: "blocked",
    temporaries: [{ shape: [chunks, rows, outputChannels], dtype: "f32" }],
    launches: [first, second],
  };
}

/**
 * Inputs x [N, H, W, C], dy [N, P, Q, K]; output [R, S, C, K], the gradient of conv2d with respect to the filter:
 * dw[r, s, c, k] = sum over n, p, q of x[n, p * stride - padding + r * dilation, .., c] * dy[n, p, q, k].
 */
export const conv2dWeightGradient: Operator<Conv2dWeightGradientAttributes> = {
  name: "conv2dWeightGradient",
  infer(inputs, attributes) {
    expectFloats("conv2dWeightGradient", inputs, ["x", "dy"]);
    const [x, dy] = inputs;
    const { filterShape } = attributes;
    const { batch, outputHeight, outputWidth, outputChannels } = extentsOf(
      "conv2dWeightGradient",
      x.shape,
      filterShape,
      attributes,
    );
    const shape = [batch, outputHeight, outputWidth, outputChannels];
    if (!equalShapes(dy.shape, shape)) {
      throw new ShapeError(
        `conv2dWeightGradient: x ${showShape(x.shape)} and the filter ${showShape(filterShape)} make y ` +
          `${showShape(shape)}, but dy is ${showShape(dy.shape)}`,
      );
    }
    return [{ shape: filterShape, dtype: "f32" }];
  },
  reference([x, dy], [dw], attributes) {
    const extents = extentsOf("conv2dWeightGradient", x.shape, attributes.filterShape, attributes);
    const { channels: c, outputChannels: k } = extents;
    eachRunOfTaps(extents, attributes, (xPixel, yPixel, tap, taps) => {
      addOuterProduct(x.data, xPixel * c, dy.data, yPixel * k, dw.data, tap * c * k, taps * c, k);
    });
  },
  candidates(inputs, attributes, adapter) {
    const [x] = inputs;
    const extents = extentsOf("conv2dWeightGradient", x.shape, attributes.filterShape, attributes);
    const bind = { x: input(0), dy: input(1), dw: output(0) };
    const sizes = directSizes(extents, attributes);
    const direct: Candidate = {
      name: "direct",
      launches: [{ kernel: "conv2dWeightGradientDirect", bind, sizes }],
    };
    const zeros = missing(extents.outputChannels);
    if (zeros > 0) {
      const { filterShape } = attributes;
      const wide = filterShape.map((extent, axis) => (axis === 3 ? extent + zeros : extent));
      const widened = { index: 1, axis: 3, zeros, attributes: { ...attributes, filterShape: wide } };
      return [direct, padded(conv2dWeightGradient, inputs, widened, filterShape, adapter)];
    }
    return [direct, blocked(extents, attributes, adapter)];
  },
};
