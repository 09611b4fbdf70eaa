// A moving average of a module's weights (Polyak averaging): smoother than the last step's, at the cost of one launch a step
// for all parameters and one for all running statistics.

import type { Engine } from "../runtime/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { movingAverage } from "../functions/normalisation.ts";
import { noGradient } from "../autograd/functions.ts";
import type { Module } from "../nn/module.ts";

/** average = decay average + (1 - decay) weights, after every step; it starts as the weights the run starts with. */
export class WeightAverage<Trained extends Module> {
  /** Has the averaged weights; its owner disposes it. */
  readonly module: Trained;
  readonly #engine: Engine;
  readonly #of: Module;
  readonly #decay: number;

  /**
   * @param of whose weights are averaged
   * @param into a module of the same kind and the same weights
   * @param decay from 0 to below 1: the average reaches back about 1 / (1 - decay) steps
   */
  constructor(engine: Engine, of: Trained, into: Trained, decay: number) {
    this.#engine = engine;
    this.#of = of;
    this.module = into;
    this.#decay = decay;
    // Gathered now: a recorded step cannot move them.
    for (const kind of kindsOf(of)) {
      for (const module of [of, into]) engine.scope(() => void engine.gather(tensorsOf(module, kind)));
    }
  }

  /** Takes the weights after a step in; may be recorded. */
  step(): void {
    const engine = this.#engine;
    engine.phase("optimiser", () =>
      engine.scope(() =>
        noGradient(engine, () => {
          for (const kind of kindsOf(this.#of)) {
            const [average, weights] = [this.module, this.#of].map(
              (module) => engine.gather(tensorsOf(module, kind)).flat,
            );
            movingAverage(average, weights, { momentum: 1 - this.#decay });
          }
        }),
      ),
    );
  }
}

/** A module may have no running statistics. */
function kindsOf(module: Module): ("parameter" | "buffer")[] {
  return (["parameter", "buffer"] as const).filter((kind) => tensorsOf(module, kind).length > 0);
}

function tensorsOf(module: Module, kind: "parameter" | "buffer"): Tensor[] {
  return [...module.state().values()].filter((each) => each.kind === kind).map(({ tensor }) => tensor);
}
