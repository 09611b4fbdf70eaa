// Batch normalisation: with the batch's statistics, its gradient, with given statistics, and the running ones.

import { batchNormGradient } from "./batch-norm-gradient.ts";
import { batchNormInference } from "./batch-norm-inference.ts";
import { batchNorm } from "./batch-norm.ts";
import { movingAverage } from "./moving-average.ts";

export type { BatchNormAttributes } from "./batch-norm.ts";
export type { MovingAverageAttributes } from "./moving-average.ts";

export const normalisationOperators = {
  batchNorm,
  batchNormGradient,
  batchNormInference,
  movingAverage,
} as const;
