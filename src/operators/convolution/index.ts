// The convolution and its two gradients as rows of the registry.

import { conv2d } from "./conv2d.ts";
import { conv2dInputGradient } from "./conv2dInputGradient.ts";
import { conv2dWeightGradient } from "./conv2dWeightGradient.ts";

export type { Conv2dAttributes } from "./conv2d.ts";
export type { Conv2dInputGradientAttributes } from "./conv2dInputGradient.ts";
export type { Conv2dWeightGradientAttributes } from "./conv2dWeightGradient.ts";
export type { Pair } from "./geometry.ts";

export const convolutionOperators = { conv2d, conv2dInputGradient, conv2dWeightGradient } as const;
