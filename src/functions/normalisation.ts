// Normalisations for users. The channel is always the last axis; for batch norm every other axis counts as rows.

import {
  aNumber,
  aRecord,
  expectArgument,
  expectOptions,
  required,
  wholeFrom,
  type OptionChecks,
} from "../errors/arguments.ts";
import { ShapeError, UsageError } from "../errors/errors.ts";
import { groupsAttribute } from "../operators/normalisation/batch-groups.ts";
import { expectGroups, type GroupNormAttributes } from "../operators/normalisation/image-groups.ts";
import { engineOf } from "../runtime/engine-of.ts";
import { expectTensor } from "../runtime/expect-tensor.ts";
import { showShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import { run, runOne } from "./run.ts";

export interface BatchNormOptions {
  /** Added to the variance before its square root; default 1e-5, as torchvision. */
  readonly epsilon?: number;
}

const batchNormOptions: OptionChecks<BatchNormOptions> = { epsilon: aNumber };

export interface GroupedBatchNormOptions extends BatchNormOptions {
  /**
   * Groups of neighbouring images, all of the same size: each is normalised by itself, and running statistics follow the first.
   * Default 1.
   */
  readonly groups?: number;
}

const groupedBatchNormOptions: OptionChecks<GroupedBatchNormOptions> = {
  ...batchNormOptions,
  groups: wholeFrom(1),
};

/** Statistics that follow those of the batches, for `batchNormInference`; overwritten in place. */
export interface RunningStatistics {
  /** f32 [C] */
  readonly mean: Tensor;
  /** f32 [C], unbiased */
  readonly variance: Tensor;
}

export interface TrackedBatchNormOptions extends GroupedBatchNormOptions {
  /** Moved towards the mean and the unbiased variance of this batch. Default: nothing is. */
  readonly running?: RunningStatistics;
  /** Weight of this batch in the running statistics, from 0 to 1; default .1, as torchvision. */
  readonly momentum?: number;
}

const trackedBatchNormOptions: OptionChecks<TrackedBatchNormOptions> = {
  ...groupedBatchNormOptions,
  running: aRecord,
  momentum: aNumber,
};
const aTensor = required({ words: "a tensor", fits: (value) => value instanceof Tensor });
const runningStatistics: OptionChecks<RunningStatistics> = { mean: aTensor, variance: aTensor };

/** What batch normalisation leaves behind: the result and the batch's own statistics. */
export interface BatchNormResult {
  /** [..., C] */
  readonly y: Tensor;
  /** [C]; with groups the mean of each, [groups, C] */
  readonly mean: Tensor;
  /** Like the mean; biased: divided by the number of rows */
  readonly variance: Tensor;
}

/**
 * Normalises each channel with its own mean and variance over the batch (Ioffe and Szegedy, 2015):
 * y = (x - mean) / sqrt(variance + epsilon) * gamma + beta. The gradient passes through mean and variance into x;
 * their own outputs carry none.
 *
 * With `running` it also moves running statistics, as a layer in training does:
 * running = (1 - momentum) running + momentum batch, the variance of the batch times n / (n - 1) for n rows.
 *
 * @param x f32 [..., C], at least two axes
 * @param gamma f32 [C]
 * @param beta f32 [C]
 * @throws ShapeError when the shapes do not fit, the first axis of x makes no such groups, epsilon is not positive or the
 *   momentum outside [0, 1]; UsageError for a momentum without running statistics
 */
export function batchNorm(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  options: TrackedBatchNormOptions = {},
): BatchNormResult {
  expectOptions("batchNorm", options, trackedBatchNormOptions);
  const { epsilon = 1e-5, running, momentum = 0.1, groups = 1 } = options;
  if (running !== undefined) expectRunning(x, gamma, beta, running, momentum);
  else if (options.momentum !== undefined) {
    throw new UsageError(
      "batchNorm: a momentum is of running statistics; give them as running: { mean, variance }",
    );
  }
  const [y, mean, variance] = run("batchNorm", [x, gamma, beta], { epsilon, ...groupsAttribute(groups) });
  if (running !== undefined) follow(running, { y, mean, variance }, momentum);
  return { y, mean, variance };
}

function expectRunning(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  running: RunningStatistics,
  momentum: number,
): void {
  expectOptions("batchNorm: running", running, runningStatistics);
  engineOf([x, gamma, beta, running.mean, running.variance], "batchNorm");
  for (const [name, { shape, dtype }] of Object.entries({ mean: running.mean, variance: running.variance })) {
    if (dtype === "f32" && shape.length === 1 && shape[0] === x.shape.at(-1)) continue;
    throw new ShapeError(
      `batchNorm: the running ${name} must be f32 [${x.shape.at(-1) ?? 1}], one for each channel of x ` +
        `${showShape(x.shape)}, got ${dtype} ${showShape(shape)}`,
    );
  }
  if (running.mean.storage === running.variance.storage)
    throw new UsageError("batchNorm: the running mean and variance are the same tensor");
  if (!(momentum >= 0 && momentum <= 1))
    throw new ShapeError(`batchNorm: momentum must be in [0, 1], got ${momentum}`);
}

/** Moves running statistics, unseen by a tape: they are no part of what is differentiated. */
function follow(running: RunningStatistics, { y, mean, variance }: BatchNormResult, momentum: number): void {
  const rows = y.size / mean.size;
  const engine = engineOf([y], "batchNorm");
  const { observer } = engine;
  engine.observer = undefined;
  try {
    movingAverage(running.mean, mean, { momentum, scale: 1 });
    movingAverage(running.variance, variance, { momentum, scale: rows > 1 ? rows / (rows - 1) : 1 });
  } finally {
    engine.observer = observer;
  }
}

/**
 * The gradients of `batchNorm`, from what it was given and what it gave.
 *
 * @param x f32 [..., C]
 * @param gamma f32 [C]
 * @param mean f32 [C], the batch's; with groups [groups, C]
 * @param variance f32 like the mean, the batch's, biased
 * @param dy f32 [..., C], the gradient of y
 * @throws ShapeError when the shapes do not fit or epsilon is not positive
 */
export function batchNormGradient(
  x: Tensor,
  gamma: Tensor,
  mean: Tensor,
  variance: Tensor,
  dy: Tensor,
  options: GroupedBatchNormOptions = {},
): { readonly dx: Tensor; readonly dgamma: Tensor; readonly dbeta: Tensor } {
  expectOptions("batchNormGradient", options, groupedBatchNormOptions);
  const { epsilon = 1e-5, groups = 1 } = options;
  const [dx, dgamma, dbeta] = run("batchNormGradient", [x, gamma, mean, variance, dy], {
    epsilon,
    ...groupsAttribute(groups),
  });
  return { dx, dgamma, dbeta };
}

/**
 * Normalises with given statistics, as at inference: (x - mean) / sqrt(variance + epsilon) * gamma + beta.
 *
 * @param x f32 [..., C], at least two axes
 * @param gamma f32 [C]
 * @param beta f32 [C]
 * @param runningMean f32 [C]
 * @param runningVariance f32 [C]
 * @throws ShapeError when the shapes do not fit or epsilon is not positive
 */
export function batchNormInference(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  runningMean: Tensor,
  runningVariance: Tensor,
  options: BatchNormOptions = {},
): Tensor {
  expectOptions("batchNormInference", options, batchNormOptions);
  const { epsilon = 1e-5 } = options;
  return runOne("batchNormInference", [x, gamma, beta, runningMean, runningVariance], { epsilon });
}

export interface MovingAverageOptions {
  /** Weight of the new value; default .1, as torchvision. */
  readonly momentum?: number;
  /** Multiplies the new value; n / (n - 1) turns a biased variance over n rows into the unbiased one. Default 1. */
  readonly scale?: number;
}

const movingAverageOptions: OptionChecks<MovingAverageOptions> = { momentum: aNumber, scale: aNumber };

/**
 * Overwrites `running` with (1 - momentum) running + momentum scale batch.
 *
 * @param running f32, any shape, updated in place
 * @param batch f32 of the same shape, or [groups, ...] of it, of which the first counts
 * @throws ShapeError when the shapes differ or the momentum is outside [0, 1]
 */
export function movingAverage(running: Tensor, batch: Tensor, options: MovingAverageOptions = {}): void {
  expectOptions("movingAverage", options, movingAverageOptions);
  const { momentum = 0.1, scale = 1 } = options;
  run("movingAverage", [running, batch], { momentum, scale });
}

export interface LayerNormOptions {
  /** Added to the variance before its square root; default 1e-5, as torch. */
  readonly epsilon?: number;
}

const layerNormOptions: OptionChecks<LayerNormOptions> = { epsilon: aNumber };

/**
 * Normalises each row with its own mean and deviation (Ba, Kiros and Hinton, 2016):
 * y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, the variance biased.
 *
 * @param x f32 [..., C]
 * @param gamma f32 [C], or of the shape of several last axes of x, which are then normalised together
 * @param beta f32, of the shape of gamma
 * @throws ShapeError when the shapes do not fit or epsilon is not positive
 */
export function layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, options: LayerNormOptions = {}): Tensor {
  expectOptions("layerNorm", options, layerNormOptions);
  const { epsilon = 1e-5 } = options;
  return runOne("layerNorm", [x, gamma, beta], { epsilon });
}

export interface RmsNormOptions {
  /** Added to the mean square before its root; default 1e-6, as LLaMA. (torch's default is f32's own, 1.2e-7.) */
  readonly epsilon?: number;
}

const rmsNormOptions: OptionChecks<RmsNormOptions> = { epsilon: aNumber };

/**
 * Divides each row by its root mean square (Zhang and Sennrich, 2019): y = x / sqrt(mean of x^2 + epsilon) * gamma.
 *
 * @param x f32 [..., C]
 * @param gamma f32 [C], or of the shape of several last axes of x, which are then normalised together
 * @throws ShapeError when the shapes do not fit or epsilon is not positive
 */
export function rmsNorm(x: Tensor, gamma: Tensor, options: RmsNormOptions = {}): Tensor {
  expectOptions("rmsNorm", options, rmsNormOptions);
  const { epsilon = 1e-6 } = options;
  return runOne("rmsNorm", [x, gamma], { epsilon });
}

export interface GroupNormOptions {
  /** Added to the variance before its square root; default 1e-5, as torch. */
  readonly epsilon?: number;
}

const groupNormOptions: OptionChecks<GroupNormOptions> = { epsilon: aNumber };

/**
 * Normalises each group of neighbouring channels of each image with its own mean and variance, over all pixels (Wu and He,
 * 2018): y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, the variance biased.
 *
 * @param x f32 [N, ..., C], at least two axes
 * @param groups how many groups the channels make: a divisor of C
 * @param gamma f32 [C]
 * @param beta f32 [C]
 * @throws ShapeError when the shapes do not fit, groups does not divide C, or epsilon is not positive
 */
export function groupNorm(
  x: Tensor,
  groups: number,
  gamma: Tensor,
  beta: Tensor,
  options: GroupNormOptions = {},
): Tensor {
  expectArgument("groupNorm", "groups", groups, wholeFrom(1));
  expectOptions("groupNorm", options, groupNormOptions);
  const { epsilon = 1e-5 } = options;
  return inGroups(x, gamma, beta, { groups, epsilon });
}

function inGroups(x: Tensor, gamma: Tensor, beta: Tensor, attributes: GroupNormAttributes): Tensor {
  const [y, mean, variance] = run("groupNorm", [x, gamma, beta], attributes);
  for (const each of [mean, variance]) each.dispose(); // the tape keeps them where there is one
  return y;
}

/**
 * Normalises each channel of each image with its own mean and variance, over all pixels (Ulyanov, Vedaldi and Lempitsky,
 * 2016): `groupNorm` with as many groups as channels.
 *
 * @param x f32 [N, ..., C], at least two axes
 * @param gamma f32 [C]
 * @param beta f32 [C]
 * @throws ShapeError when the shapes do not fit or epsilon is not positive
 */
export function instanceNorm(x: Tensor, gamma: Tensor, beta: Tensor, options: GroupNormOptions = {}): Tensor {
  expectOptions("instanceNorm", options, groupNormOptions);
  [x, gamma, beta].forEach((each, i) => {
    expectTensor("instanceNorm", i, 3, each);
  });
  engineOf([x, gamma, beta], "instanceNorm");
  const attributes = { groups: x.shape.at(-1) ?? 1, epsilon: options.epsilon ?? 1e-5 };
  expectGroups("instanceNorm", [x, gamma, beta], attributes, { gamma: "channels", beta: "channels" });
  return inGroups(x, gamma, beta, attributes);
}
