// The transposed convolution as a layer: the way up in a U-Net, or in a decoder.

import { aFlag, expectOptions, required, type OptionChecks } from "../../errors/arguments.ts";
import { perAxis, type PerAxis } from "../../functions/convolution.ts";
import { add } from "../../functions/elementwise.ts";
import { convTranspose2d } from "../../functions/transposed-convolution.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Initialiser } from "../initialise.ts";
import { expectLayer, wholePerAxis } from "../layer-arguments.ts";
import { Module } from "../module.ts";

export interface ConvTranspose2dLayerOptions {
  /** Height and width of the filter: one number for both, or [height, width]. */
  readonly kernel: PerAxis;
  /** How many times as large the result is. Default 2. */
  readonly stride?: PerAxis;
  /** Pixels taken off each edge of the result. Default: as many as make it `stride` times as large as x. */
  readonly padding?: PerAxis;
  /**
   * Further pixels below and to the right. Default: 0 where a padding is given; otherwise 1 where no padding alone makes the
   * result `stride` times as large, as with a kernel of 3 and a stride of 2.
   */
  readonly outputPadding?: PerAxis;
  /** Default 1. */
  readonly dilation?: PerAxis;
  /** Whether a number for each channel is added, from 0 on. Default false. */
  readonly bias?: boolean;
}

const convTranspose2dLayerOptions: OptionChecks<ConvTranspose2dLayerOptions> = {
  kernel: required(wholePerAxis(1)),
  stride: wholePerAxis(1),
  padding: wholePerAxis(0),
  outputPadding: wholePerAxis(0),
  dilation: wholePerAxis(1),
  bias: aFlag,
};

/** What makes the result `stride` times as large, along one axis, or as nearly as it can be. */
function enlarging(kernel: number, stride: number, dilation: number, further?: number): [number, number] {
  const reach = (kernel - 1) * dilation + 1;
  const most = Math.max(stride, dilation) - 1;
  const outputPadding =
    further ?? Math.min(most, reach < stride ? stride - reach : Math.abs(reach - stride) % 2);
  return [Math.max(0, Math.floor((reach + outputPadding - stride) / 2)), outputPadding];
}

/**
 * A transposed convolution: [N, P, Q, inputs] to [N, stride P, stride Q, outputs] unless paddings are given. The filter is
 * [R, S, outputs, inputs] (see `convTranspose2d`), drawn as Conv2d's for the weights behind a value of the result.
 */
export class ConvTranspose2d extends Module {
  static override readonly name: string = "ConvTranspose2d";
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;
  readonly #options: Readonly<Record<"stride" | "padding" | "outputPadding" | "dilation", [number, number]>>;

  constructor(
    engine: Engine,
    init: Initialiser,
    inputs: number,
    outputs: number,
    options: ConvTranspose2dLayerOptions,
  ) {
    super(engine);
    expectLayer("ConvTranspose2d", engine, init, { inputs, outputs });
    expectOptions("ConvTranspose2d", options, convTranspose2dLayerOptions);
    const [kernel, stride, dilation] = [options.kernel, options.stride ?? 2, options.dilation ?? 1].map(
      perAxis,
    );
    const given = options.outputPadding ?? (options.padding === undefined ? undefined : 0);
    const further = given === undefined ? [] : perAxis(given);
    const [down, across] = [0, 1].map((axis) =>
      enlarging(kernel[axis], stride[axis], dilation[axis], further[axis]),
    );
    const padding =
      options.padding === undefined ? ([down[0], across[0]] as const) : perAxis(options.padding);
    this.#options = {
      stride: [stride[0], stride[1]],
      padding: [padding[0], padding[1]],
      outputPadding: [down[1], across[1]],
      dilation: [dilation[0], dilation[1]],
    };
    const taps = kernel[0] * kernel[1];
    const met = Math.max(1, taps / (stride[0] * stride[1]));
    this.weight = this.parameter(
      "weight",
      init.heNormal([kernel[0], kernel[1], outputs, inputs], met * inputs),
    );
    this.bias = options.bias === true ? this.parameter("bias", engine.zeros([outputs])) : undefined;
  }

  forward(x: Tensor): Tensor {
    const y = convTranspose2d(x, this.weight, this.#options);
    return this.bias === undefined ? y : add(y, this.bias);
  }
}
