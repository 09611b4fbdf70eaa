// Convolution as a layer, initialised as torchvision does.

import {
  aFlag,
  expectOptions,
  oneOf,
  required,
  wholeFrom,
  type OptionChecks,
} from "../../errors/arguments.ts";
import { UsageError } from "../../errors/errors.ts";
import { conv2d, perAxis, type ConvolutionOptions, type PerAxis } from "../../functions/convolution.ts";
import { aPadding, type Padding } from "../../functions/padding.ts";
import { add } from "../../functions/elementwise.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Initialiser } from "../initialise.ts";
import { expectLayer, wholePerAxis } from "../layer-arguments.ts";
import { Module } from "../module.ts";

export interface Conv2dLayerOptions {
  /** Extent of the filter, or its [height, width]. */
  readonly kernel: PerAxis;
  /** Default 1. */
  readonly stride?: PerAxis;
  /** Zeros around the image, as `conv2d` takes them; default keeps the size at stride 1 where the kernel is odd. */
  readonly padding?: Padding;
  /** Default 1. */
  readonly dilation?: PerAxis;
  /** Divides inputs and outputs, as in `conv2d`; with as many as inputs the layer is depthwise. Default 1. */
  readonly groups?: number;
  /** Whether a bias, at first zero, is added to each output channel. Default false, unlike PyTorch's. */
  readonly bias?: boolean;
  /**
   * What the initial variance 2 / fan keeps as it is from layer to layer: activations with the number of weights behind an
   * output ("in"), as torchvision's DenseNet; or gradients with that behind an input ("out"), as its ResNet. With groups both
   * count the channels of one group. Default "in".
   */
  readonly fan?: "in" | "out";
}

const conv2dLayerOptions: OptionChecks<Conv2dLayerOptions> = {
  kernel: required(wholePerAxis(1)),
  stride: wholePerAxis(1),
  padding: {
    words: aPadding.words,
    fits: (value) =>
      aPadding.fits(value) &&
      [value].flat(2).every((each) => Number.isSafeInteger(each) && (each as number) >= 0),
  },
  dilation: wholePerAxis(1),
  groups: wholeFrom(1),
  bias: aFlag,
  fan: oneOf(["in", "out"]),
};

/** A convolution: [N, H, W, C] to [N, P, Q, K], filter [R, S, C / groups, K]; and a bias [K] if it is asked for. */
export class Conv2d extends Module {
  static override readonly name: string = "Conv2d";
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;
  readonly #options: ConvolutionOptions;

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
    const { stride = 1, groups = 1, fan = "in" } = options;
    if (inputs % groups !== 0 || outputs % groups !== 0) {
      throw new UsageError(
        `Conv2d: ${groups} groups divide ${inputs} inputs and ${outputs} outputs unevenly`,
      );
    }
    const [kernel, dilation] = [perAxis(options.kernel), perAxis(options.dilation ?? 1)];
    const [height, width] = kernel;
    const around = (axis: 0 | 1): number => Math.floor((dilation[axis] * (kernel[axis] - 1)) / 2);
    const padding = options.padding ?? [around(0), around(1)];
    this.#options = { stride, padding, dilation, groups };
    const members = (fan === "in" ? inputs : outputs) / groups;
    this.weight = this.parameter(
      "weight",
      init.heNormal([height, width, inputs / groups, outputs], height * width * members),
    );
    if (options.bias === true) this.bias = this.parameter("bias", engine.zeros([outputs]));
  }

  forward(x: Tensor): Tensor {
    const y = conv2d(x, this.weight, this.#options);
    return this.bias === undefined ? y : add(y, this.bias);
  }
}
