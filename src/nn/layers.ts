// The layers a convolutional classifier is made of, initialised as torchvision does.

import {
  expectArgument,
  expectOptions,
  oneOf,
  required,
  wholeFrom,
  type OptionChecks,
} from "../errors/arguments.ts";
import { conv2d } from "../functions/convolution.ts";
import type { FoldedNormOptions, Norm } from "../functions/dense.ts";
import { linear } from "../functions/products.ts";
import { batchNorm, batchNormInference, movingAverage } from "../functions/normalisation.ts";
import { noGradient } from "../autograd/functions.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Initialiser } from "./initialise.ts";
import { expectLayer, expectMode } from "./layer-arguments.ts";
import { Module, type Mode } from "./module.ts";

export interface Conv2dLayerOptions {
  /** Height and width of the filter. */
  readonly kernel: number;
  /** Default 1. */
  readonly stride?: number;
  /** Zeros around the image; default keeps the size at stride 1 where the kernel is odd. */
  readonly padding?: number;
  /** Default 1. */
  readonly dilation?: number;
  /**
   * What the initial variance 2 / fan keeps as it is from layer to layer: activations with the number of weights behind an
   * output ("in"), as torchvision's DenseNet; or gradients with that behind an input ("out"), as its ResNet. Default "in".
   */
  readonly fan?: "in" | "out";
}

const conv2dLayerOptions: OptionChecks<Conv2dLayerOptions> = {
  kernel: required(wholeFrom(1)),
  stride: wholeFrom(1),
  padding: wholeFrom(0),
  dilation: wholeFrom(1),
  fan: oneOf(["in", "out"]),
};

/** A convolution without bias: [N, H, W, C] to [N, P, Q, K], filter [R, S, C, K]. */
export class Conv2d extends Module {
  readonly weight: Tensor;
  readonly #options: { stride: number; padding: number; dilation: number };

  constructor(
    engine: Engine,
    init: Initialiser,
    inputs: number,
    outputs: number,
    options: Conv2dLayerOptions,
  ) {
    super(engine);
    expectLayer("Conv2d", engine, init, { inputs, outputs });
    expectOptions("Conv2d", options, conv2dLayerOptions);
    const { kernel, stride = 1, dilation = 1, padding = (dilation * (kernel - 1)) / 2, fan = "in" } = options;
    this.#options = { stride, padding: Math.floor(padding), dilation };
    this.weight = this.parameter(
      "weight",
      init.heNormal([kernel, kernel, inputs, outputs], kernel * kernel * (fan === "in" ? inputs : outputs)),
    );
  }

  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.#options);
  }
}

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

/** x W + b: [B, I] to [B, O], weight [I, O]. */
export class Linear extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;

  constructor(engine: Engine, init: Initialiser, inputs: number, outputs: number) {
    super(engine);
    expectLayer("Linear", engine, init, { inputs, outputs });
    const bound = 1 / Math.sqrt(inputs);
    this.weight = this.parameter("weight", init.uniform([inputs, outputs], bound));
    this.bias = this.parameter("bias", engine.zeros([outputs]));
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}
