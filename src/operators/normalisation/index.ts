// Normalisations: of channels over the batch, with their gradient, given statistics and running ones; of rows; of groups.

import { batchNormGradient } from "./batch-norm-gradient.ts";
import { batchNormInference } from "./batch-norm-inference.ts";
import { batchNorm } from "./batch-norm.ts";
import { groupNormGradient } from "./group-norm-gradient.ts";
import { groupNorm } from "./group-norm.ts";
import { layerNormGradient, rmsNormGradient } from "./layer-norm-gradient.ts";
import { layerNorm, rmsNorm } from "./layer-norm.ts";
import { movingAverage } from "./moving-average.ts";

export type { BatchNormAttributes, GroupedBatchNormAttributes } from "./batch-norm.ts";
export type { GroupNormAttributes } from "./image-groups.ts";
export type { MovingAverageAttributes } from "./moving-average.ts";
export type { RowNormAttributes } from "./norm-rows.ts";

export const normalisationOperators = {
  batchNorm,
  batchNormGradient,
  batchNormInference,
  movingAverage,
  layerNorm,
  layerNormGradient,
  rmsNorm,
  rmsNormGradient,
  groupNorm,
  groupNormGradient,
} as const;
