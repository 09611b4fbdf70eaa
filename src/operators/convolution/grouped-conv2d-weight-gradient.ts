// The gradient of a grouped convolution with respect to its filter: very few values, each a sum over all pixels.

import { input, output, type Candidate, type Operator } from "../operator.ts";
import type { Shape } from "../../tensor/shape.ts";
import { expectFloats } from "../operands.ts";
import { expectOutputGradient } from "./extents.ts";
import { groupedWeightGradientCandidates } from "./grouped-launches.ts";
import { eachRunOfMembers, groupedExtentsOf, groupedSizes, type Grouped } from "./groups.ts";

export interface GroupedConv2dWeightGradientAttributes extends Grouped {
  /** [R, S, C / groups, K] of the convolution's filter; with a stride above 1 the other shapes do not tell. */
  readonly filterShape: Shape;
}

/**
 * Inputs x [N, H, W, C], dy [N, P, Q, K]; output [R, S, C / groups, K], the gradient of groupedConv2d with respect to the
 * filter: dw[r, s, c, k] = sum over n, p, q of
 *   x[n, p * stride - padding + r * dilation, .., g * C / groups + c] * dy[n, p, q, k], g the group of k.
 */
export const groupedConv2dWeightGradient: Operator<GroupedConv2dWeightGradientAttributes> = {
  name: "groupedConv2dWeightGradient",
  infer(inputs, attributes) {
    expectFloats("groupedConv2dWeightGradient", inputs, ["x", "dy"]);
    const [x, dy] = inputs;
    const { filterShape } = attributes;
    const extents = groupedExtentsOf("groupedConv2dWeightGradient", x.shape, filterShape, attributes);
    expectOutputGradient("groupedConv2dWeightGradient", dy.shape, x.shape, filterShape, extents);
    return [{ shape: filterShape, dtype: "f32" }];
  },
  reference([x, dy], [dw], attributes) {
    const extents = groupedExtentsOf(
      "groupedConv2dWeightGradient",
      x.shape,
      attributes.filterShape,
      attributes,
    );
    const [values, gradients, sums] = [x.data, dy.data, dw.data];
    eachRunOfMembers(extents, attributes, (xAt, weightAt, yAt) => {
      for (let k = 0; k < extents.outputMembers; k++) sums[weightAt + k] += values[xAt] * gradients[yAt + k];
    });
  },
  candidates([x], attributes, adapter) {
    const extents = groupedExtentsOf(
      "groupedConv2dWeightGradient",
      x.shape,
      attributes.filterShape,
      attributes,
    );
    const bind = { x: input(0), dy: input(1), dw: output(0) };
    const direct: Candidate = {
      name: "direct",
      launches: [
        { kernel: "groupedConv2dWeightGradientDirect", bind, sizes: groupedSizes(extents, attributes) },
      ],
    };
    return [direct, ...groupedWeightGradientCandidates(extents, attributes, adapter)];
  },
};
