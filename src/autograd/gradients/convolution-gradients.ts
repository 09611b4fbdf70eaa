// The gradients of convolutions.

import { runOne } from "../../functions/run.ts";
import type { convolutionOperators } from "../../operators/convolution/index.ts";
import type { GradientsOf } from "./gradient-parts.ts";

export const convolutionGradients: GradientsOf<typeof convolutionOperators> = {
  conv2d: ({ inputs: [x, filter], attributes, gradient: g }) => [
    () => runOne("conv2dInputGradient", [g, filter], { ...attributes, inputShape: x.shape }),
    () => runOne("conv2dWeightGradient", [x, g], { ...attributes, filterShape: filter.shape }),
  ],
  // Both gradients of a convolution are linear in each input, so their gradients are convolutions again.
  conv2dInputGradient: ({ inputs: [dy, filter], attributes, gradient: g }) => [
    () => runOne("conv2d", [g, filter], attributes),
    () => runOne("conv2dWeightGradient", [g, dy], { ...attributes, filterShape: filter.shape }),
  ],
  conv2dWeightGradient: ({ inputs: [x, dy], attributes, gradient: g }) => [
    () => runOne("conv2dInputGradient", [dy, g], { ...attributes, inputShape: x.shape }),
    () => runOne("conv2d", [x, g], attributes),
  ],
  groupedConv2d: ({ inputs: [x, filter], attributes, gradient: g }) => [
    () => runOne("groupedConv2dInputGradient", [g, filter], { ...attributes, inputShape: x.shape }),
    () => runOne("groupedConv2dWeightGradient", [x, g], { ...attributes, filterShape: filter.shape }),
  ],
  groupedConv2dInputGradient: ({ inputs: [dy, filter], attributes, gradient: g }) => [
    () => runOne("groupedConv2d", [g, filter], attributes),
    () => runOne("groupedConv2dWeightGradient", [g, dy], { ...attributes, filterShape: filter.shape }),
  ],
  groupedConv2dWeightGradient: ({ inputs: [x, dy], attributes, gradient: g }) => [
    () => runOne("groupedConv2dInputGradient", [dy, g], { ...attributes, inputShape: x.shape }),
    () => runOne("groupedConv2d", [x, g], attributes),
  ],
};
