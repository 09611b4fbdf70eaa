// Layer norm as a layer.

import {
  aNumber,
  expectArgument,
  expectOptions,
  wholeFrom,
  type OptionChecks,
} from "../../errors/arguments.ts";
import { runOne } from "../../functions/run.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Module } from "../module.ts";

export interface LayerNormOptions {
  /** Default 1e-5. */
  readonly epsilon?: number;
}

const layerNormOptions: OptionChecks<LayerNormOptions> = { epsilon: aNumber };

/** Layer norm over the last axis, with weight and bias as torch's LayerNorm has them. */
export class LayerNorm extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly #epsilon: number;

  constructor(engine: Engine, width: number, options: LayerNormOptions = {}) {
    super(engine);
    expectArgument("LayerNorm", "width", width, wholeFrom(1));
    expectOptions("LayerNorm", options, layerNormOptions);
    this.#epsilon = options.epsilon ?? 1e-5;
    this.weight = this.parameter("weight", engine.full([width], 1));
    this.bias = this.parameter("bias", engine.zeros([width]));
  }

  forward(x: Tensor): Tensor {
    return runOne("layerNorm", [x, this.weight, this.bias], { epsilon: this.#epsilon });
  }
}
