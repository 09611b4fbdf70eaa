// Convolution as a layer, initialised as torchvision does.

import { expectOptions, oneOf, required, wholeFrom, type OptionChecks } from "../../errors/arguments.ts";
import { conv2d } from "../../functions/convolution.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Initialiser } from "../initialise.ts";
import { expectLayer } from "../layer-arguments.ts";
import { Module } from "../module.ts";

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
