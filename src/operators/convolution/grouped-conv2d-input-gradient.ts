// The gradient of a grouped convolution with respect to its images.

import { input, output, type Candidate, type Operator } from "../operator.ts";
import type { Shape } from "../../tensor/shape.ts";
import { expectFloats } from "../operands.ts";
import { expectOutputGradient } from "./extents.ts";
import { groupedInputGradientCandidates } from "./grouped-launches.ts";
import { eachRunOfMembers, groupedExtentsOf, groupedSizes, type Grouped } from "./groups.ts";

export interface GroupedConv2dInputGradientAttributes extends Grouped {
  /** [N, H, W, C] of the convolution's x; with a stride above 1 the other shapes do not tell. */
  readonly inputShape: Shape;
}

/**
 * Inputs dy [N, P, Q, K], filter [R, S, C / groups, K]; output dx [N, H, W, C], the gradient of groupedConv2d with respect
 * to x: dx[n, h, w, c] = sum over p, q and the k of c's group of dy[n, p, q, k] * filter[r, s, c mod (C / groups), k] where
 * p * stride = h + padding - r * dilation.
 */
export const groupedConv2dInputGradient: Operator<GroupedConv2dInputGradientAttributes> = {
  name: "groupedConv2dInputGradient",
  infer(inputs, attributes) {
    expectFloats("groupedConv2dInputGradient", inputs, ["dy", "filter"]);
    const [dy, filter] = inputs;
    const { inputShape } = attributes;
    const extents = groupedExtentsOf("groupedConv2dInputGradient", inputShape, filter.shape, attributes);
    expectOutputGradient("groupedConv2dInputGradient", dy.shape, inputShape, filter.shape, extents);
    return [{ shape: inputShape, dtype: "f32" }];
  },
  reference([dy, filter], [dx], attributes) {
    const extents = groupedExtentsOf(
      "groupedConv2dInputGradient",
      attributes.inputShape,
      filter.shape,
      attributes,
    );
    const [gradients, weights, sums] = [dy.data, filter.data, dx.data];
    eachRunOfMembers(extents, attributes, (xAt, weightAt, yAt) => {
      let sum = 0;
      for (let k = 0; k < extents.outputMembers; k++) sum += gradients[yAt + k] * weights[weightAt + k];
      sums[xAt] += sum;
    });
  },
  candidates([, filter], attributes, adapter) {
    const extents = groupedExtentsOf(
      "groupedConv2dInputGradient",
      attributes.inputShape,
      filter.shape,
      attributes,
    );
    const bind = { dy: input(0), weights: input(1), dx: output(0) };
    const direct: Candidate = {
      name: "direct",
      launches: [
        { kernel: "groupedConv2dInputGradientDirect", bind, sizes: groupedSizes(extents, attributes) },
      ],
    };
    return [direct, ...groupedInputGradientCandidates(extents, attributes, adapter)];
  },
};
