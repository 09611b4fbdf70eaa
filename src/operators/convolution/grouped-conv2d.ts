// The convolution of images with a filter, group by group.

import { input, output, type Candidate, type Operator } from "../operator.ts";
import { expectFloats } from "../operands.ts";
import { groupedForwardCandidates } from "./grouped-launches.ts";
import { eachRunOfMembers, groupedExtentsOf, groupedSizes, type Grouped } from "./groups.ts";

export type GroupedConv2dAttributes = Grouped;

/**
 * Inputs x [N, H, W, C], filter [R, S, C / groups, K]; output [N, P, Q, K],
 * y[n, p, q, k] = sum over r, s and c < C / groups of
 *   x[n, p * stride - padding + r * dilation, .., g * C / groups + c] * filter[r, s, c, k],
 * where g = floor(k / (K / groups)) is the group of k: torch's grouping. With C groups it is depthwise, and filter
 * [R, S, 1, C * multiplier] has the numbers of tfjs's [R, S, C, multiplier] in their order.
 */
export const groupedConv2d: Operator<GroupedConv2dAttributes> = {
  name: "groupedConv2d",
  infer(inputs, attributes) {
    expectFloats("conv2d", inputs, ["x", "filter"]);
    const [x, filter] = inputs;
    const { batch, outputHeight, outputWidth, outputChannels } = groupedExtentsOf(
      "groupedConv2d",
      x.shape,
      filter.shape,
      attributes,
    );
    return [{ shape: [batch, outputHeight, outputWidth, outputChannels], dtype: "f32" }];
  },
  reference([x, filter], [y], attributes) {
    const extents = groupedExtentsOf("conv2d", x.shape, filter.shape, attributes);
    const [values, weights, sums] = [x.data, filter.data, y.data];
    eachRunOfMembers(extents, attributes, (xAt, weightAt, yAt) => {
      for (let k = 0; k < extents.outputMembers; k++) sums[yAt + k] += values[xAt] * weights[weightAt + k];
    });
  },
  candidates([x, filter], attributes, adapter) {
    const extents = groupedExtentsOf("conv2d", x.shape, filter.shape, attributes);
    const bind = { x: input(0), weights: input(1), y: output(0) };
    const direct: Candidate = {
      name: "direct",
      launches: [{ kernel: "groupedConv2dDirect", bind, sizes: groupedSizes(extents, attributes) }],
    };
    return [direct, ...groupedForwardCandidates(extents, attributes, adapter)];
  },
};
