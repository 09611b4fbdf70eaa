// Pools as layers, without parameters: for networks that are lists of layers.

import { expectOptions } from "../../errors/arguments.ts";
import {
  averagePool2d,
  averagePoolingOptions,
  globalAveragePool,
  maxPool2d,
  poolingOptions,
  type AveragePoolingOptions,
  type PoolingOptions,
} from "../../functions/pooling.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Module } from "../module.ts";

/** The largest value of each window, as torch's `MaxPool2d`: [N, H, W, C] to [N, P, Q, C]. */
export class MaxPool2d extends Module {
  static override readonly name: string = "MaxPool2d";
  readonly #options: PoolingOptions;

  constructor(engine: Engine, options: PoolingOptions) {
    super(engine);
    expectOptions("MaxPool2d", options, poolingOptions);
    this.#options = options;
  }

  forward(x: Tensor): Tensor {
    return maxPool2d(x, this.#options);
  }
}

/** The mean of each window, as torch's `AvgPool2d`: [N, H, W, C] to [N, P, Q, C]. */
export class AveragePool2d extends Module {
  static override readonly name: string = "AveragePool2d";
  readonly #options: AveragePoolingOptions;

  constructor(engine: Engine, options: AveragePoolingOptions) {
    super(engine);
    expectOptions("AveragePool2d", options, averagePoolingOptions);
    this.#options = options;
  }

  forward(x: Tensor): Tensor {
    return averagePool2d(x, this.#options);
  }
}

/** The mean of each channel over the whole image, as torch's `AdaptiveAvgPool2d(1)` and `Flatten`: [N, H, W, C] to [N, C]. */
export class GlobalAveragePool extends Module {
  static override readonly name: string = "GlobalAveragePool";
  forward(x: Tensor): Tensor {
    return globalAveragePool(x);
  }
}
