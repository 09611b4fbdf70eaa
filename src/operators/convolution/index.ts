// The convolution and its two gradients as rows of the registry, and the same in groups.

import { conv2d } from "./conv2d.ts";
import { conv2dInputGradient } from "./conv2d-input-gradient.ts";
import { conv2dWeightGradient } from "./conv2d-weight-gradient.ts";
import { groupedConv2d } from "./grouped-conv2d.ts";
import { groupedConv2dInputGradient } from "./grouped-conv2d-input-gradient.ts";
import { groupedConv2dWeightGradient } from "./grouped-conv2d-weight-gradient.ts";

export type { Conv2dAttributes } from "./conv2d.ts";
export type { Conv2dInputGradientAttributes } from "./conv2d-input-gradient.ts";
export type { Conv2dWeightGradientAttributes } from "./conv2d-weight-gradient.ts";
export type { GroupedConv2dAttributes } from "./grouped-conv2d.ts";
export type { GroupedConv2dInputGradientAttributes } from "./grouped-conv2d-input-gradient.ts";
export type { GroupedConv2dWeightGradientAttributes } from "./grouped-conv2d-weight-gradient.ts";
export type { Pair } from "./extents.ts";

export const convolutionOperators = {
  conv2d,
  conv2dInputGradient,
  conv2dWeightGradient,
  groupedConv2d,
  groupedConv2dInputGradient,
  groupedConv2dWeightGradient,
} as const;
