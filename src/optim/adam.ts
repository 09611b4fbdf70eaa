// Adam (Kingma and Ba 2015), updating parameters in place.

import { ShapeError } from "../device/index.ts";
import { noGradient } from "../autograd/index.ts";
import { adam } from "../operators/functions/optimisers.ts";
import { engineOf, type Engine } from "../runtime/index.ts";
import { equalShapes, showShape, type Tensor } from "../tensor/index.ts";

export interface AdamOptions {
  readonly learningRate: number;
  /** Default .9. */
  readonly beta1?: number;
  /** Default .999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
}

interface Slot {
  readonly parameter: Tensor;
  readonly firstMoment: Tensor;
  readonly secondMoment: Tensor;
}

export class Adam implements Disposable {
  /** May change between steps; a schedule sets it. */
  learningRate: number;
  readonly #engine: Engine;
  readonly #slots: readonly Slot[];
  readonly #beta1: number;
  readonly #beta2: number;
  readonly #epsilon: number;
  #steps = 0;

  constructor(parameters: Iterable<Tensor>, options: AdamOptions) {
    const list = [...parameters];
    const engine = (this.#engine = engineOf(list));
    this.#slots = list.map((parameter) => ({
      parameter,
      firstMoment: engine.keep(engine.zeros(parameter.shape)),
      secondMoment: engine.keep(engine.zeros(parameter.shape)),
    }));
    this.learningRate = options.learningRate;
    this.#beta1 = options.beta1 ?? 0.9;
    this.#beta2 = options.beta2 ?? 0.999;
    this.#epsilon = options.epsilon ?? 1e-8;
  }

  /** Number of steps taken. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * One step, from the gradients in the order of the parameters.
   * @throws ShapeError when their number or a shape differs; nothing has changed then
   */
  step(gradients: readonly Tensor[]): void {
    if (gradients.length !== this.#slots.length) {
      throw new ShapeError(
        `adam: ${gradients.length} gradients for ${this.#slots.length} parameters; pass one for each, in their order`,
      );
    }
    this.#slots.forEach(({ parameter }, i) => {
      if (!equalShapes(parameter.shape, gradients[i].shape)) {
        throw new ShapeError(
          `adam: gradient ${i} is ${showShape(gradients[i].shape)}, its parameter ${showShape(parameter.shape)}; ` +
            "pass the gradients in the order of the parameters",
        );
      }
    });
    const t = this.#steps + 1;
    // What changes from step to step travels in a tensor, so that a recorded step cannot freeze it.
    const betas = [this.#beta1, this.#beta2];
    const corrections = betas.map((beta) => 1 / (1 - beta ** t));
    const rests = betas.map((beta) => 1 - beta);
    const values = [this.learningRate, ...betas, this.#epsilon, ...corrections, ...rests];
    this.#engine.scope(() =>
      noGradient(this.#engine, () => {
        const hyper = this.#engine.tensor(values);
        this.#slots.forEach(({ parameter, firstMoment, secondMoment }, i) => {
          adam(parameter, firstMoment, secondMoment, gradients[i], hyper);
        });
      }),
    );
    this.#steps = t;
  }

  dispose(): void {
    for (const { firstMoment, secondMoment } of this.#slots) {
      firstMoment.dispose();
      secondMoment.dispose();
    }
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
