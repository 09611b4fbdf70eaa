// Pooling and its gradients as rows of the registry.

import { averagePool2d, averagePool2dGradient } from "./averagePool2d.ts";
import { maxPool2d, maxPool2dGradient } from "./maxPool2d.ts";

export type { AveragePool2dGradientAttributes } from "./averagePool2d.ts";
export type { PoolingAttributes } from "./windows.ts";

export const poolingOperators = {
  maxPool2d,
  maxPool2dGradient,
  averagePool2d,
  averagePool2dGradient,
} as const;
