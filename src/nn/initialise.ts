// Initial values of parameters: drawn on the host, so that they are the same on every backend. Every tensor has a
// stream of its own, numbered in the order in which modules are built.

import { randomNumbers } from "../operators/random/philox.ts";
import type { Engine } from "../runtime/engine.ts";
import { sizeOf, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

export class Initialiser {
  readonly #engine: Engine;
  readonly #seed: number;
  #stream = 0;

  constructor(engine: Engine, seed: number) {
    this.#engine = engine;
    this.#seed = seed;
  }

  /** Normal with variance 2 / fan (He et al. 2015), for weights followed by a ReLU. */
  heNormal(shape: Shape, fan: number): Tensor {
    const deviation = Math.sqrt(2 / fan);
    return this.#draw(shape, "normal", (z) => deviation * z);
  }

  /** Uniform in [-bound, bound). */
  uniform(shape: Shape, bound: number): Tensor {
    return this.#draw(shape, "uniform", (u) => bound * (2 * u - 1));
  }

  #draw(shape: Shape, distribution: "normal" | "uniform", value: (draw: number) => number): Tensor {
    this.#engine.backend.expectRoom({ shape, dtype: "f32" }, "an initial weight");
    const drawn = randomNumbers(distribution, sizeOf(shape), [this.#seed, 0x7e55e7a, 0, 0], this.#stream++);
    return this.#engine.tensor(Float32Array.from(drawn, value), shape);
  }
}
