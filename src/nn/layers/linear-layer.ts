// The fully connected layer.

import { aFlag, expectOptions, type OptionChecks } from "../../errors/arguments.ts";
import { linear } from "../../functions/products.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Initialiser } from "../initialise.ts";
import { expectLayer } from "../layer-arguments.ts";
import { Module } from "../module.ts";

export interface LinearLayerOptions {
  /** Whether a bias is learned. Default true. */
  readonly bias?: boolean;
}

const linearLayerOptions: OptionChecks<LinearLayerOptions> = { bias: aFlag };

/**
 * x W' + b: [..., I] to [..., O], with weight W [O, I] and bias b [O] as torch's Linear has them, so that its weights fit. W
 * starts as torch's; b starts at 0, where torch's is drawn, too.
 */
export class Linear extends Module {
  static override readonly name: string = "Linear";
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;

  constructor(
    engine: Engine,
    init: Initialiser,
    inputs: number,
    outputs: number,
    options: LinearLayerOptions = {},
  ) {
    super(engine);
    expectLayer("Linear", engine, init, { inputs, outputs });
    expectOptions("Linear", options, linearLayerOptions);
    const bound = 1 / Math.sqrt(inputs);
    this.weight = this.parameter("weight", init.uniform([outputs, inputs], bound));
    if (options.bias !== false) this.bias = this.parameter("bias", engine.zeros([outputs]));
  }

  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias, { transposeWeight: true });
  }
}
