// Dropout as a layer, which draws anew in each forward pass.

import { expectOptions, type OptionChecks, type Requirement } from "../../errors/arguments.ts";
import { noGradient } from "../../autograd/functions.ts";
import { dropout } from "../../functions/random-tensors.ts";
import { runOne } from "../../functions/run.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Initialiser } from "../initialise.ts";
import { expectLayer, expectMode } from "../layer-arguments.ts";
import { Module, type Mode } from "../module.ts";

export interface DropoutLayerOptions {
  /** The probability of each value to become 0, from 0 to below 1. Default .5. */
  readonly rate?: number;
}

export const aRate: Requirement = {
  words: "a number from 0 to below 1",
  fits: (value) => typeof value === "number" && value >= 0 && value < 1,
};

const dropoutLayerOptions: OptionChecks<DropoutLayerOptions> = { rate: aRate };

/**
 * Sets values to 0 at random in training, and divides the others by 1 - rate; in inference it gives x itself. (`untracked`
 * is training without running statistics, so it drops too.)
 *
 * The initialiser's seed and a stream of the layer's own, taken where it is built, decide what is dropped, together with a
 * counter on the device that goes on by one with each pass: a replay of a recorded step draws anew, too. The counter is saved
 * with the weights, so that a resumed run draws what one that was never stopped would have drawn.
 */
export class Dropout extends Module {
  static override readonly name: string = "Dropout";
  readonly rate: number;
  /** u32 [4]: two words of key, and a counter of two words. */
  readonly #seed: Tensor;
  readonly #stream: number;

  constructor(engine: Engine, init: Initialiser, options: DropoutLayerOptions = {}) {
    super(engine);
    expectLayer("Dropout", engine, init, {});
    expectOptions("Dropout", options, dropoutLayerOptions);
    this.rate = options.rate ?? 0.5;
    const { seed, stream } = init.ownStream();
    this.#stream = stream;
    this.#seed = this.counter("seed", engine.tensor(Uint32Array.from(seed), [4], "u32"));
  }

  forward(x: Tensor, mode: Mode): Tensor {
    expectMode("Dropout", mode);
    if (this.ownMode(mode) === "inference" || this.rate === 0) return x;
    // The backward pass reads the seed again: a copy, for the counter goes on.
    const seed = noGradient(this.engine, () => runOne("nextSeed", [this.#seed], {}));
    return dropout(x, seed, { rate: this.rate, stream: this.#stream });
  }
}
