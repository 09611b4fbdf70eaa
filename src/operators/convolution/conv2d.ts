// The convolution of images with a filter (no turning of the filter: a cross-correlation, as networks have it).

import { input, output, type Candidate, type Operator } from "../operator.ts";
import { expectFloats } from "../operands.ts";
import { addRowTimesMatrix } from "../matmul/row-products.ts";
import { directSizes, eachRunOfTaps, extentsOf, type Sliding } from "./extents.ts";
import { forwardCandidates } from "./launches.ts";
import { linePieces, withLinePieces } from "./line-pieces.ts";
import { patchedForward } from "./patches.ts";
import { anyChannels } from "./vec4-channels.ts";
import { withWinograd } from "./winograd.ts";

/**
 * For one channel, blocks take .7 to .8 of the time of conv2dSubgroups behind its copies: 2 ms less with 2^22 multiply-adds, for some
 * 0.1 s more to compile. The pipeline of outer products is that of most convolutions in a network, so that another one must save
 * more (lavapipe, 2 cores, 2026).
 */
const worthBlocked = (otherwise: string | undefined): number =>
  otherwise === "outerProducts" ? 2 ** 26 : 2 ** 22;

export type Conv2dAttributes = Sliding;

/**
 * Inputs x [N, H, W, C], filter [R, S, C, K]; output [N, P, Q, K],
 * y[n, p, q, k] = sum over r, s, c of x[n, p * stride - padding + r * dilation, .., c] * filter[r, s, c, k].
 */
export const conv2d: Operator<Conv2dAttributes> = {
  name: "conv2d",
  infer(inputs, attributes) {
    expectFloats("conv2d", inputs, ["x", "filter"]);
    const [x, filter] = inputs;
    const { batch, outputHeight, outputWidth, outputChannels } = extentsOf(
      "conv2d",
      x.shape,
      filter.shape,
      attributes,
    );
    return [{ shape: [batch, outputHeight, outputWidth, outputChannels], dtype: "f32" }];
  },
  reference([x, filter], [y], attributes) {
    const extents = extentsOf("conv2d", x.shape, filter.shape, attributes);
    const { channels: c, outputChannels: k } = extents;
    eachRunOfTaps(extents, attributes, (xPixel, yPixel, tap, taps) => {
      addRowTimesMatrix(x.data, xPixel * c, filter.data, tap * c * k, y.data, yPixel * k, taps * c, k);
    });
  },
  candidates(inputs, attributes, adapter) {
    const [x, filter] = inputs;
    const extents = extentsOf("conv2d", x.shape, filter.shape, attributes);
    const sizes = directSizes(extents, attributes);
    const bind = { x: input(0), weights: input(1), y: output(0) };
    const direct: Candidate = { name: "direct", launches: [{ kernel: "conv2dDirect", bind, sizes }] };
    const others = anyChannels(
      direct,
      (wide) =>
        withLinePieces(
          withWinograd(forwardCandidates(wide, attributes, {}, adapter), wide, attributes, adapter),
          wide,
          attributes,
          adapter,
        ),
      extents,
      [...inputs, ...conv2d.infer(inputs, attributes)],
      { channels: [3, 2], outputChannels: [undefined, 3, 3] },
      adapter,
      { names: ["blocked", linePieces], worthFrom: worthBlocked },
    );
    return patchedForward(conv2d, others, extents, attributes, adapter);
  },
};
