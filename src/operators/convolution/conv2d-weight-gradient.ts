// The gradient of a convolution with respect to its filter: few values, each a sum over all pixels.

import { input, output, type Candidate, type Operator } from "../operator.ts";
import type { Shape } from "../../tensor/shape.ts";
import { addOuterProduct } from "../matmul/row-products.ts";
import { expectFloats } from "../operands.ts";
import { directSizes, eachRunOfTaps, expectOutputGradient, extentsOf, type Sliding } from "./extents.ts";
import { weightGradientCandidates } from "./launches.ts";
import { linePieces, withWeightGradientLinePieces } from "./line-pieces.ts";
import { patchedWeightGradient } from "./patches.ts";
import { anyChannels } from "./vec4-channels.ts";

export interface Conv2dWeightGradientAttributes extends Sliding {
  /** [R, S, C, K] of the convolution's filter; with a stride above 1 the other shapes do not tell. */
  readonly filterShape: Shape;
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
    const extents = extentsOf("conv2dWeightGradient", x.shape, filterShape, attributes);
    expectOutputGradient("conv2dWeightGradient", dy.shape, x.shape, filterShape, extents);
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
    const others = anyChannels(
      direct,
      (wide) =>
        withWeightGradientLinePieces(
          weightGradientCandidates(wide, attributes, {}, adapter),
          wide,
          attributes,
          adapter,
        ),
      extents,
      [...inputs, ...conv2dWeightGradient.infer(inputs, attributes)],
      { channels: [3, undefined, 2], outputChannels: [undefined, 3, 3] },
      adapter,
      // .35 to .4 of the time of conv2dWeightGradientSubgroups and its copies, and sooner compiled (one channel, lavapipe, 2026).
      {
        names: ["blocked", linePieces],
        worthFrom: (otherwise) => (otherwise === "outerProducts" ? 2 ** 26 : 0),
      },
    );
    return patchedWeightGradient(conv2dWeightGradient, others, extents, attributes, adapter);
  },
};
