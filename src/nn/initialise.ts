// Initial values of parameters: drawn on the host, so that they are the same on every backend. Every tensor has a
// stream of its own, numbered in the order in which modules are built.

import { aNumber, expectArgument, wholeFrom, type Requirement } from "../errors/arguments.ts";
import { randomNumbers } from "../operators/random/philox.ts";
import type { Engine } from "../runtime/engine.ts";
import { expectEngine } from "../runtime/engine-of.ts";
import { checkShape, sizeOf, type Shape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

const above0: Requirement = {
  words: "a number above 0",
  fits: (value) => typeof value === "number" && value > 0,
};

export class Initialiser {
  readonly #engine: Engine;
  readonly #seed: number;
  #stream = 0;

  constructor(engine: Engine, seed: number) {
    expectEngine("Initialiser", engine);
    expectArgument("Initialiser", "the seed", seed, wholeFrom(0));
    this.#engine = engine;
    this.#seed = seed;
  }

  /** Normal with variance 2 / fan (He et al. 2015), for weights followed by a ReLU. */
  heNormal(shape: Shape, fan: number): Tensor {
    expectArgument("heNormal", "fan", fan, above0);
    checkShape("heNormal", shape);
    const deviation = Math.sqrt(2 / fan);
    return this.#draw(shape, "normal", (z) => deviation * z);
  }

  /**
   * Normal with mean 0 and that deviation.
   *
   * @param zeroRow a row, along the first axis, of zeros; default: none
   */
  normal(shape: Shape, deviation: number, zeroRow?: number): Tensor {
    expectArgument("normal", "the deviation", deviation, aNumber);
    checkShape("normal", shape);
    if (zeroRow !== undefined) expectArgument("normal", "the row of zeros", zeroRow, wholeFrom(0));
    const width = sizeOf(shape.slice(1));
    return this.#draw(shape, "normal", (z, i) => (Math.floor(i / width) === zeroRow ? 0 : deviation * z));
  }

  /** Uniform in [-bound, bound). */
  uniform(shape: Shape, bound: number): Tensor {
    expectArgument("uniform", "the bound", bound, aNumber);
    checkShape("uniform", shape);
    return this.#draw(shape, "uniform", (u) => bound * (2 * u - 1));
  }

  /** A seed u32 [4], and a stream that no weight and no other layer draws from; the last two words are free to count. */
  ownStream(): { readonly seed: readonly [number, number, number, number]; readonly stream: number } {
    return { seed: this.#seedWords(), stream: this.#stream++ };
  }

  #seedWords(): readonly [number, number, number, number] {
    return [this.#seed >>> 0, 0x7e55e7a, 0, 0];
  }

  #draw(
    shape: Shape,
    distribution: "normal" | "uniform",
    value: (draw: number, i: number) => number,
  ): Tensor {
    this.#engine.backend.expectRoom({ shape, dtype: "f32" }, "an initial weight");
    const drawn = randomNumbers(distribution, sizeOf(shape), this.#seedWords(), this.#stream++);
    return this.#engine.tensor(Float32Array.from(drawn, value), shape);
  }
}
