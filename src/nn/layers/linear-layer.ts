// The fully connected layer.

import { linear } from "../../functions/products.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Initialiser } from "../initialise.ts";
import { expectLayer } from "../layer-arguments.ts";
import { Module } from "../module.ts";

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
