// Normalisations as layers.

import {
  aNumber,
  expectArgument,
  expectOptions,
  wholeFrom,
  type OptionChecks,
  type Requirement,
} from "../../errors/arguments.ts";
import { ShapeError } from "../../errors/errors.ts";
import type { FoldedNormOptions, GroupOptions, Norm } from "../../functions/dense.ts";
import {
  batchNorm,
  batchNormInference,
  groupNorm,
  instanceNorm,
  layerNorm,
  rmsNorm,
} from "../../functions/normalisation.ts";
import type { Engine } from "../../runtime/engine.ts";
import { expectEngine } from "../../runtime/engine-of.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { expectMode } from "../layer-arguments.ts";
import { Module, partsOfMode, type Mode } from "../module.ts";

export interface BatchNormLayerOptions {
  /** Added to the variance before its square root. Default 1e-5, as PyTorch. */
  readonly epsilon?: number;
  /** Weight of a batch in the running statistics, from 0 to 1. Default .1, as PyTorch. */
  readonly momentum?: number;
}

const between = (words: string, fits: (value: number) => boolean): Requirement => ({
  words,
  fits: (value) => typeof value === "number" && fits(value),
});

const batchNormLayerOptions: OptionChecks<BatchNormLayerOptions> = {
  epsilon: between("a number above 0", (value) => value > 0 && value < Infinity),
  momentum: between("a number from 0 to 1", (value) => value >= 0 && value <= 1),
};

/** How far a step moves the running statistics towards the batch's, where nobody says otherwise: as in PyTorch. */
export const defaultMomentum = 0.1;

/** Batch norm over the last axis. The running variance is the unbiased one. */
export class BatchNorm extends Module {
  static override readonly name: string = "BatchNorm";
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly runningMean: Tensor;
  readonly runningVariance: Tensor;
  readonly #epsilon: number;
  readonly #momentum: number;

  constructor(engine: Engine, channels: number, options: BatchNormLayerOptions = {}) {
    super(engine);
    expectArgument("BatchNorm", "channels", channels, wholeFrom(1));
    expectOptions("BatchNorm", options, batchNormLayerOptions);
    this.#epsilon = options.epsilon ?? 1e-5;
    this.#momentum = options.momentum ?? defaultMomentum;
    this.weight = this.parameter("weight", engine.full([channels], 1));
    this.bias = this.parameter("bias", engine.zeros([channels]));
    this.runningMean = this.buffer("running_mean", engine.zeros([channels]));
    this.runningVariance = this.buffer("running_var", engine.full([channels], 1));
  }

  /** What operators with a batch norm folded into them take of this one. */
  get tensors(): Norm {
    const { weight: gamma, bias: beta, runningMean, runningVariance } = this;
    return { gamma, beta, runningMean, runningVariance };
  }

  /** The mode that it computes in when it is asked for one: `inference` while it is frozen. */
  modeFor(mode: Mode): Mode {
    expectMode("BatchNorm", mode);
    return this.ownMode(mode);
  }

  /** The options of such an operator. */
  options(asked: Mode): Required<FoldedNormOptions & GroupOptions> {
    const { mode, groups } = partsOfMode(this.modeFor(asked));
    return { epsilon: this.#epsilon, momentum: mode === "training" ? this.#momentum : 0, groups };
  }

  forward(x: Tensor, asked: Mode): Tensor {
    const { mode, groups } = partsOfMode(this.modeFor(asked));
    const epsilon = this.#epsilon;
    if (mode === "inference") {
      return batchNormInference(x, this.weight, this.bias, this.runningMean, this.runningVariance, {
        epsilon,
      });
    }
    if (mode === "untracked") return batchNorm(x, this.weight, this.bias, { epsilon, groups }).y;
    const running = { mean: this.runningMean, variance: this.runningVariance };
    return batchNorm(x, this.weight, this.bias, {
      ...{ epsilon, groups, running },
      momentum: this.#momentum,
    }).y;
  }
}

export interface NormLayerOptions {
  /** Added to the variance (in `RMSNorm` to the mean square) before its root; default 1e-5, of `RMSNorm` 1e-6. */
  readonly epsilon?: number;
}

const normLayerOptions: OptionChecks<NormLayerOptions> = { epsilon: aNumber };

/** @throws UsageError for what is no engine, no number of channels, or no options */
function expectNorm(layer: string, engine: Engine, channels: number, options: NormLayerOptions): void {
  expectEngine(layer, engine);
  expectArgument(layer, "channels", channels, wholeFrom(1));
  expectOptions(layer, options, normLayerOptions);
}

/** Layer norm over the last axis, the same in training and inference: [..., C] to [..., C]. It starts with weight 1, bias 0. */
export class LayerNorm extends Module {
  static override readonly name: string = "LayerNorm";
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly #epsilon: number;

  constructor(engine: Engine, channels: number, options: NormLayerOptions = {}) {
    super(engine);
    expectNorm("LayerNorm", engine, channels, options);
    this.#epsilon = options.epsilon ?? 1e-5;
    this.weight = this.parameter("weight", engine.full([channels], 1));
    this.bias = this.parameter("bias", engine.zeros([channels]));
  }

  forward(x: Tensor): Tensor {
    return layerNorm(x, this.weight, this.bias, { epsilon: this.#epsilon });
  }
}

/** RMS norm over the last axis, the same in training and inference: [..., C] to [..., C]. It starts with weight 1. */
export class RMSNorm extends Module {
  static override readonly name: string = "RMSNorm";
  readonly weight: Tensor;
  readonly #epsilon: number;

  constructor(engine: Engine, channels: number, options: NormLayerOptions = {}) {
    super(engine);
    expectNorm("RMSNorm", engine, channels, options);
    this.#epsilon = options.epsilon ?? 1e-6;
    this.weight = this.parameter("weight", engine.full([channels], 1));
  }

  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.weight, { epsilon: this.#epsilon });
  }
}

/**
 * Group norm of images, the same in training and inference: [N, ..., C] to [N, ..., C], the channels in `groups` groups of
 * neighbours. It starts with weight 1, bias 0.
 */
export class GroupNorm extends Module {
  static override readonly name: string = "GroupNorm";
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly #groups: number;
  readonly #epsilon: number;

  constructor(engine: Engine, groups: number, channels: number, options: NormLayerOptions = {}) {
    super(engine);
    expectArgument("GroupNorm", "groups", groups, wholeFrom(1));
    expectNorm("GroupNorm", engine, channels, options);
    if (channels % groups !== 0) {
      throw new ShapeError(`GroupNorm: ${channels} channels do not make ${groups} groups of the same size`);
    }
    this.#groups = groups;
    this.#epsilon = options.epsilon ?? 1e-5;
    this.weight = this.parameter("weight", engine.full([channels], 1));
    this.bias = this.parameter("bias", engine.zeros([channels]));
  }

  forward(x: Tensor): Tensor {
    return groupNorm(x, this.#groups, this.weight, this.bias, { epsilon: this.#epsilon });
  }
}

/**
 * Instance norm: each channel of each image by itself, with weight and bias (torch's has them where `affine` is set), and
 * without running statistics. [N, ..., C] to [N, ..., C].
 */
export class InstanceNorm extends Module {
  static override readonly name: string = "InstanceNorm";
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly #epsilon: number;

  constructor(engine: Engine, channels: number, options: NormLayerOptions = {}) {
    super(engine);
    expectNorm("InstanceNorm", engine, channels, options);
    this.#epsilon = options.epsilon ?? 1e-5;
    this.weight = this.parameter("weight", engine.full([channels], 1));
    this.bias = this.parameter("bias", engine.zeros([channels]));
  }

  forward(x: Tensor): Tensor {
    return instanceNorm(x, this.weight, this.bias, { epsilon: this.#epsilon });
  }
}
