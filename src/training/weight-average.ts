// A moving average of a module's weights (Polyak averaging): smoother than the last step's, at the cost of a launch a step for the
// parameters of each group, and one for all running statistics.

import type { Engine } from "../runtime/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { movingAverage } from "../functions/normalisation.ts";
import { noGradient } from "../autograd/functions.ts";
import type { Module } from "../nn/module.ts";
import type { Part, TrainedParts } from "./trained-parts.ts";

/**
 * average = decay average + (1 - decay) weights, after every step; it starts as the weights the run starts with. What is frozen is
 * its own average.
 */
export class WeightAverage<Trained extends Module> {
  /** Has the averaged weights; its owner disposes it. */
  readonly module: Trained;
  readonly #engine: Engine;
  readonly #of: Pick<TrainedParts, "all" | "isTrained">;
  readonly #twins: ReadonlyMap<Part, readonly Tensor[]>;
  readonly #decay: number;

  /**
   * @param of whose weights are averaged, by parts
   * @param into a module of the same kind and the same weights
   * @param decay from 0 to below 1: the average reaches back about 1 / (1 - decay) steps
   */
  constructor(engine: Engine, of: Pick<TrainedParts, "all" | "isTrained">, into: Trained, decay: number) {
    this.#engine = engine;
    this.#of = of;
    this.module = into;
    this.#decay = decay;
    const state = into.state();
    const twinOf = (name: string): Tensor => {
      const twin = state.get(name);
      if (twin === undefined) throw new Error(`the average has no tensor "${name}"`);
      return twin.tensor;
    };
    this.#twins = new Map(of.all.map((part) => [part, part.names.map(twinOf)]));
    // Gathered now: a recorded step cannot move them.
    for (const [part, twins] of this.#twins) {
      for (const tensors of [part.tensors, twins]) engine.scope(() => void engine.gather(tensors));
    }
  }

  /** Takes the weights after a step of a phase in; may be recorded. */
  step(phase: number): void {
    const engine = this.#engine;
    engine.phase("optimiser", () =>
      engine.scope(() =>
        noGradient(engine, () => {
          for (const [part, twins] of this.#twins) {
            if (!this.#of.isTrained(part, phase)) continue;
            const [average, weights] = [twins, part.tensors].map((tensors) => engine.gather(tensors).flat);
            movingAverage(average, weights, { momentum: 1 - this.#decay });
          }
        }),
      ),
    );
  }
}
