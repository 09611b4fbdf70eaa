// The gradient of a convolution with respect to its images: itself a convolution, of the output's gradient with the
// filter turned by half a turn and its channels swapped.

import { input, output, type Candidate, type Operator } from "../operator.ts";
import type { AdapterTraits } from "../../device/traits.ts";
import type { Shape, TensorSpec } from "../../tensor/shape.ts";
import { addMatrixTimesColumn } from "../matmul/row-products.ts";
import { expectFloats } from "../operands.ts";
import {
  directSizes,
  eachRunOfTaps,
  expectOutputGradient,
  extentsOf,
  type Extents,
  type Sliding,
} from "./extents.ts";
import { inputGradientCandidates } from "./launches.ts";
import { isWorthCopies, patchedInputGradient, placed } from "./patches.ts";
import { phasedInputGradient } from "./phases.ts";
import { anyChannels } from "./vec4-channels.ts";
import { withWinograd } from "./winograd.ts";

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
    const extents = extentsOf("conv2dInputGradient", inputShape, filter.shape, attributes);
    expectOutputGradient("conv2dInputGradient", dy.shape, inputShape, filter.shape, extents);
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
    const tensors = [...inputs, ...conv2dInputGradient.infer(inputs, attributes)];
    const windows = candidatesOf(extents, attributes, tensors, adapter);
    const phased = phasedInputGradient(extents, attributes, (each, sliding, parts) =>
      candidatesOf(each, sliding, parts, adapter),
    );
    const others = phased === undefined ? windows : placed(windows, phased, isWorthCopies(extents));
    return patchedInputGradient(conv2dInputGradient, others, extents, attributes, adapter);
  },
};

/** Of windows anywhere: of dy, the filter and dx. */
function candidatesOf(
  extents: Extents,
  sliding: Sliding,
  tensors: readonly TensorSpec[],
  adapter: AdapterTraits,
): readonly Candidate[] {
  const direct: Candidate = {
    name: "direct",
    launches: [
      {
        kernel: "conv2dInputGradientDirect",
        bind: { dy: input(0), weights: input(1), dx: output(0) },
        sizes: directSizes(extents, sliding),
      },
    ],
  };
  return anyChannels(
    direct,
    (wide) => withWinograd(inputGradientCandidates(wide, sliding, adapter), wide, sliding, adapter, true),
    extents,
    tensors,
    { channels: [undefined, 2, 3], outputChannels: [3, 3] },
    adapter,
  );
}
