// Pooling and its gradients as rows of the registry.

import { averagePool2d, averagePool2dGradient } from "./average-pool2d.ts";
import { maxPool2d, maxPool2dGradient } from "./max-pool2d.ts";

export type { AveragePool2dAttributes, AveragePool2dGradientAttributes } from "./average-pool2d.ts";
export type { PoolingAttributes } from "./windows.ts";

export const poolingOperators = {
  maxPool2d,
  maxPool2dGradient,
  averagePool2d,
  averagePool2dGradient,
} as const;
