// Dense blocks and folded pools, for users. What batch norm, ReLU, convolution, concatenation and pooling compute one
// by one, without the copies in between.

import {
  aList,
  aNumber,
  aRecord,
  expectArgument,
  expectOptions,
  oneOf,
  wholeFrom,
  type OptionChecks,
} from "../errors/arguments.ts";
import type { FloatType } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { storageAttribute } from "../operators/stored.ts";
import { groupsAttribute } from "../operators/normalisation/batch-groups.ts";
import { areVec4Channels } from "../operators/dense/channel-counts.ts";
import { engineOf } from "../runtime/engine-of.ts";
import { perAxis } from "./convolution.ts";
import { windowOptions, type WindowOptions } from "./pooling.ts";
import { run, runOne } from "./run.ts";

/** A batch norm's own tensors, each [C]. The running statistics are overwritten in place. */
export interface Norm {
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly runningMean: Tensor;
  readonly runningVariance: Tensor;
}

/** A batch norm, and the filter [R, S, C, K] that convolves what its ReLU lets through. */
export interface DenseStage extends Norm {
  readonly weight: Tensor;
}

export interface FoldedNormOptions {
  /** Added to the variance before its square root; default 1e-5, as torchvision. */
  readonly epsilon?: number;
  /** Weight of the batch in the running statistics; 0 leaves them alone. Default .1, as torchvision. */
  readonly momentum?: number;
}

/** How many groups of neighbouring images have statistics of their own. */
export interface GroupOptions {
  /**
   * Groups of neighbouring images, all of the same size: each is normalised by itself, and running statistics follow the first.
   * Default 1.
   */
  readonly groups?: number;
}

const groupOptions: OptionChecks<GroupOptions> = { groups: wholeFrom(1) };
const foldedNormOptions: OptionChecks<FoldedNormOptions & GroupOptions> = {
  epsilon: aNumber,
  momentum: aNumber,
  ...groupOptions,
};
const denseBlockOptions: OptionChecks<FoldedNormOptions & GroupOptions & StorageOptions> = {
  ...foldedNormOptions,
  stored: oneOf(["f32", "f16"]),
};
const inferenceOptions: OptionChecks<Pick<FoldedNormOptions, "epsilon">> = { epsilon: aNumber };
const activatedPoolOptions: OptionChecks<WindowOptions & FoldedNormOptions & GroupOptions> = {
  ...windowOptions,
  ...foldedNormOptions,
};

/** How what is large lies in memory. */
export interface StorageOptions {
  /**
   * "f16" keeps the block, the maps between a layer's two convolutions, and the gradients of both in half the memory; sums, statistics
   * and the arithmetic stay f32. For adapters with `shader-f16`. Default "f32".
   */
  readonly stored?: FloatType;
}

export interface DenseBlockResult {
  /** The channels of x, then those of each layer: [N, H, W, C + layers * growth]; f16 where it is stored so. */
  readonly block: Tensor;
  /**
   * The mean and the biased variance of each channel, [2, C + layers * growth], without a gradient of their own; with groups of
   * each, [groups, 2, ..].
   */
  readonly statistics: Tensor;
}

/** The tensors of all stages, in the order of the operators, and the sizes that go with them. */
function operands(
  name: string,
  x: Tensor,
  layers: readonly (readonly DenseStage[])[],
): {
  readonly tensors: Tensor[];
  readonly growth: number;
  readonly bottleneck: number | null;
} {
  expectArgument(name, "the layers", layers, aList);
  layers.forEach((layer, i) => {
    expectArgument(name, `layer ${i}`, layer, aList);
    for (const stage of layer) expectArgument(name, `a stage of layer ${i}`, stage, aRecord);
  });
  const stages = layers.flat();
  const tensors = [
    x,
    ...stages.flatMap(({ gamma, beta, runningMean, runningVariance, weight }) => [
      gamma,
      beta,
      runningMean,
      runningVariance,
      weight,
    ]),
  ];
  engineOf(tensors, name);
  return {
    tensors,
    growth: stages.at(-1)?.weight.shape[3] ?? 0,
    bottleneck: layers[0]?.length === 2 ? (layers[0][0].weight.shape[3] ?? 0) : null,
  };
}

/** Whether `denseBlock` takes this growth and bottleneck, and a pool of maxima these channels. */
export const takesChannels = areVec4Channels;

/**
 * A dense block (Huang et al. 2017): each layer reads all channels before it and adds its own.
 *
 * @param x [N, H, W, C]
 * @param layers for each layer its stages: one with a 3x3 filter, or one with a 1x1 and one with a 3x3 filter
 * @throws ShapeError when the shapes do not fit, the images make no such groups, or the growth or bottleneck is no multiple of
 *   four; UsageError where it is stored as f16 and the adapter has none
 */
export function denseBlock(
  x: Tensor,
  layers: readonly (readonly DenseStage[])[],
  options: FoldedNormOptions & GroupOptions & StorageOptions = {},
): DenseBlockResult {
  expectOptions("denseBlock", options, denseBlockOptions);
  const { epsilon = 1e-5, momentum = 0.1, groups = 1, stored = "f32" } = options;
  const { tensors, ...sizes } = operands("denseBlock", x, layers);
  const [block, statistics] = run("denseBlock", tensors, {
    ...sizes,
    ...{ epsilon, momentum },
    ...groupsAttribute(groups),
    ...storageAttribute(stored),
  });
  return { block, statistics };
}

/**
 * The same block at inference: every batch norm takes its running statistics. It has no gradient.
 *
 * @returns [N, H, W, C + layers * growth]
 * @throws ShapeError as `denseBlock`
 */
export function denseBlockInference(
  x: Tensor,
  layers: readonly (readonly DenseStage[])[],
  options: Pick<FoldedNormOptions, "epsilon"> = {},
): Tensor {
  expectOptions("denseBlockInference", options, inferenceOptions);
  const { epsilon = 1e-5 } = options;
  const { tensors, ...sizes } = operands("denseBlockInference", x, layers);
  return runOne("denseBlockInference", tensors, { ...sizes, epsilon });
}

/**
 * The mean and the biased variance of each channel.
 *
 * @param x [..., C]
 * @returns [2, C]; with groups of each, [groups, 2, C]
 * @throws ShapeError when the first axis of x makes no such groups
 */
export function batchMoments(x: Tensor, options: GroupOptions = {}): Tensor {
  expectOptions("batchMoments", options, groupOptions);
  return runOne("batchMoments", [x], groupsAttribute(options.groups ?? 1));
}

/**
 * Pools max(batchNorm(x), 0) without storing it.
 *
 * @param x [N, H, W, C], f32, or f16 as `denseBlock` may give it; for maxima C is a multiple of four
 * @param statistics [2, C] (with groups [groups, 2, C]), those of x: as `denseBlock` and `batchMoments` give them. The gradient of x takes account
 *   of them.
 * @returns [N, P, Q, C], as `averagePool2d` or `maxPool2d`
 * @throws ShapeError when the shapes do not fit
 */
export function activatedPool(
  kind: "average" | "max",
  x: Tensor,
  statistics: Tensor,
  norm: Norm,
  options: WindowOptions & FoldedNormOptions & GroupOptions,
): Tensor {
  expectArgument("activatedPool", "kind", kind, oneOf(["average", "max"]));
  expectArgument("activatedPool", "the norm", norm, aRecord);
  expectOptions("activatedPool", options, activatedPoolOptions);
  const { gamma, beta, runningMean, runningVariance } = norm;
  const { window, stride = window, padding = 0, epsilon = 1e-5, momentum = 0.1, groups = 1 } = options;
  const sliding = { window: perAxis(window), stride: perAxis(stride), padding: perAxis(padding) };
  const inputs = [x, statistics, gamma, beta, runningMean, runningVariance];
  const [y] = run("activatedPool", inputs, {
    ...{ kind, ...sliding, epsilon, momentum },
    ...groupsAttribute(groups),
  });
  return y;
}
