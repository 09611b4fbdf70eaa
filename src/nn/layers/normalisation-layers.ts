// Normalisations as layers.

import { expectArgument, wholeFrom } from "../../errors/arguments.ts";
import { noGradient } from "../../autograd/functions.ts";
import type { FoldedNormOptions, Norm } from "../../functions/dense.ts";
import { batchNorm, batchNormInference, movingAverage } from "../../functions/normalisation.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { expectMode } from "../layer-arguments.ts";
import { Module, type Mode } from "../module.ts";

/** Batch norm over the last axis; epsilon 1e-5 and momentum .1 as torchvision. */
export class BatchNorm extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly runningMean: Tensor;
  readonly runningVariance: Tensor;
  readonly #epsilon = 1e-5;
  readonly #momentum = 0.1;

  constructor(engine: Engine, channels: number) {
    super(engine);
    expectArgument("BatchNorm", "channels", channels, wholeFrom(1));
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
    const { y, mean, variance } = batchNorm(x, this.weight, this.bias, { epsilon });
    if (mode === "untracked") return y;
    // The running variance is the unbiased one: n / (n - 1) times what normalises the batch.
    const rows = x.size / (x.shape.at(-1) ?? 1);
    noGradient(this.engine, () => {
      const momentum = this.#momentum;
      movingAverage(this.runningMean, mean, { momentum, scale: 1 });
      movingAverage(this.runningVariance, variance, { momentum, scale: rows > 1 ? rows / (rows - 1) : 1 });
    });
    return y;
  }
}
