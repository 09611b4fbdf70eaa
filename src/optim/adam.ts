// Adam (Kingma and Ba 2015), updating parameters in place: all of them in one launch.

import { ShapeError, UsageError } from "../errors/errors.ts";
import { noGradient } from "../autograd/functions.ts";
import { pack } from "../functions/movement.ts";
import { adam } from "../functions/optimisers.ts";
import { engineOf, type Engine } from "../runtime/engine.ts";
import { equalShapes, showShape } from "../tensor/shape.ts";
import type { HostArray } from "../tensor/host.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface AdamOptions {
  readonly learningRate: number;
  /** Default .9. */
  readonly beta1?: number;
  /** Default .999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
}

/** What Adam remembers between steps. */
export interface AdamState {
  readonly steps: number;
  readonly learningRate: number;
  /** Of all parameters, as `engine.gather` lays them side by side. */
  readonly firstMoment: HostArray;
  readonly secondMoment: HostArray;
}

export class Adam implements Disposable {
  /** May change between steps, also those of a recorded program; a schedule sets it. */
  learningRate: number;
  readonly #engine: Engine;
  readonly #parameters: readonly Tensor[];
  readonly #firstMoment: Tensor;
  readonly #secondMoment: Tensor;
  readonly #beta1: number;
  readonly #beta2: number;
  readonly #epsilon: number;
  #steps = 0;

  /**
   * Gathers the parameters into one piece of memory (see `engine.gather`).
   * @throws UsageError without parameters, with one named twice, or for a rate that is no number from 0 up
   */
  constructor(parameters: Iterable<Tensor>, options: AdamOptions) {
    for (const [name, value] of Object.entries(options) as [string, unknown][]) {
      if (typeof value === "number" && Number.isFinite(value) && value >= 0) continue;
      throw new UsageError(`adam: ${name} must be a number from 0 up, got ${String(value)}`);
    }
    this.#parameters = [...parameters];
    if (this.#parameters.length === 0) throw new UsageError("adam: there are no parameters to train");
    const engine = (this.#engine = engineOf(this.#parameters));
    const shape = engine.scope(() => engine.gather(this.#parameters).flat.shape);
    this.#firstMoment = engine.keep(engine.zeros(shape));
    this.#secondMoment = engine.keep(engine.zeros(shape));
    this.learningRate = options.learningRate;
    this.#beta1 = options.beta1 ?? 0.9;
    this.#beta2 = options.beta2 ?? 0.999;
    this.#epsilon = options.epsilon ?? 1e-8;
  }

  /** Number of steps taken, replays of a recorded one included. */
  get steps(): number {
    return this.#steps;
  }

  /** What it remembers now, after all steps asked for so far. */
  async state(): Promise<AdamState> {
    const { learningRate, steps } = this;
    const [firstMoment, secondMoment] = await Promise.all([
      this.#firstMoment.read(),
      this.#secondMoment.read(),
    ]);
    return { steps, learningRate, firstMoment, secondMoment };
  }

  /**
   * Goes on as another one, of the same parameters and options, that had this state.
   * @throws ShapeError when the moments are of other parameters; nothing has changed then
   */
  restore({ steps, learningRate, firstMoment, secondMoment }: AdamState): void {
    const { size } = this.#firstMoment;
    for (const { length } of [firstMoment, secondMoment]) {
      if (length === size) continue;
      throw new ShapeError(`adam: a state with ${length} moments, its parameters have ${size}`);
    }
    this.#engine.write(this.#firstMoment, firstMoment);
    this.#engine.write(this.#secondMoment, secondMoment);
    this.#steps = steps;
    this.learningRate = learningRate;
  }

  /**
   * One step, from the gradients in the order of the parameters.
   * @throws ShapeError when their number or a shape differs; nothing has changed then
   */
  step(gradients: readonly Tensor[]): void {
    const parameters = this.#parameters;
    if (gradients.length !== parameters.length) {
      throw new ShapeError(
        `adam: ${gradients.length} gradients for ${parameters.length} parameters; pass one for each, in their order`,
      );
    }
    parameters.forEach(({ shape }, i) => {
      if (!equalShapes(shape, gradients[i].shape)) {
        throw new ShapeError(
          `adam: gradient ${i} is ${showShape(gradients[i].shape)}, its parameter ${showShape(shape)}; ` +
            "pass the gradients in the order of the parameters",
        );
      }
    });
    const engine = this.#engine;
    engine.phase("optimiser", () =>
      engine.scope(() =>
        noGradient(engine, () => {
          // Another optimiser may have gathered some of them since; then they move back.
          const { flat, offsets } = engine.gather(parameters);
          const gradient = pack(gradients, { offsets, size: flat.size });
          const hyper = engine.feed(() => this.#nextHyper(), [8]);
          adam(flat, this.#firstMoment, this.#secondMoment, gradient, hyper);
        }),
      ),
    );
  }

  dispose(): void {
    this.#firstMoment.dispose();
    this.#secondMoment.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The values of one more step, as the operator wants them. */
  #nextHyper(): number[] {
    const t = ++this.#steps;
    const betas = [this.#beta1, this.#beta2];
    const corrections = betas.map((beta) => 1 / (1 - beta ** t));
    const rests = betas.map((beta) => 1 - beta);
    return [this.learningRate, ...betas, this.#epsilon, ...corrections, ...rests];
  }
}
