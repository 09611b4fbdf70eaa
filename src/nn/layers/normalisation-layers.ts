// Normalisations as layers.

import {
  expectArgument,
  expectOptions,
  wholeFrom,
  type OptionChecks,
  type Requirement,
} from "../../errors/arguments.ts";
import type { FoldedNormOptions, Norm } from "../../functions/dense.ts";
import { batchNorm, batchNormInference } from "../../functions/normalisation.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { expectMode } from "../layer-arguments.ts";
import { Module, type Mode } from "../module.ts";

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

/** Batch norm over the last axis. The running variance is the unbiased one. */
export class BatchNorm extends Module {
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
    this.#momentum = options.momentum ?? 0.1;
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

  /** The options of such an operator. */
  options(mode: Mode): Required<FoldedNormOptions> {
    expectMode("BatchNorm", mode);
    return { epsilon: this.#epsilon, momentum: mode === "training" ? this.#momentum : 0 };
  }

  forward(x: Tensor, mode: Mode): Tensor {
    expectMode("BatchNorm", mode);
    const epsilon = this.#epsilon;
    if (mode === "inference") {
      return batchNormInference(x, this.weight, this.bias, this.runningMean, this.runningVariance, {
        epsilon,
      });
    }
    if (mode === "untracked") return batchNorm(x, this.weight, this.bias, { epsilon }).y;
    const running = { mean: this.runningMean, variance: this.runningVariance };
    return batchNorm(x, this.weight, this.bias, { epsilon, running, momentum: this.#momentum }).y;
  }
}
