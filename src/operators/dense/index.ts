// Dense blocks without concatenation, and pools with batch norm and ReLU folded in, as rows of the registry.

import { activatedPoolGradient } from "./activated-pool-gradient.ts";
import { activatedPool } from "./activated-pool.ts";
import { batchMoments } from "./batch-moments.ts";
import { denseBlockGradient } from "./dense-block-gradient.ts";
import { denseBlockInference } from "./dense-block-inference.ts";
import { denseBlock } from "./dense-block.ts";

export type { ActivatedPoolGradientAttributes } from "./activated-pool-gradient.ts";
export type { ActivatedPoolAttributes } from "./activated-pool.ts";
export type { DenseBlockGradientAttributes } from "./dense-block-gradient.ts";
export type { DenseBlockAttributes } from "./dense-block.ts";
export type { DenseLayersAttributes } from "./dense-layers.ts";

export const denseOperators = {
  batchMoments,
  denseBlock,
  denseBlockGradient,
  denseBlockInference,
  activatedPool,
  activatedPoolGradient,
} as const;
