// What all optimisers do alike: parameters, gradients and moments lie side by side in memory, so that one launch updates them
// all. What differs between optimisers is an `UpdateRule`.

import {
  aFunction,
  aList,
  aRecord,
  aString,
  described,
  expectArgument,
  expectOptions,
  required,
  strings,
  type OptionChecks,
  type Requirement,
} from "../errors/arguments.ts";
import { ShapeError, UsageError } from "../errors/errors.ts";
import { noGradient } from "../autograd/functions.ts";
import { pack } from "../functions/movement.ts";
import { clipByNorm } from "../functions/optimisers.ts";
import { decayRun } from "../operators/optimisers/weight-decay.ts";
import type { Engine } from "../runtime/engine.ts";
import { engineOf } from "../runtime/engine-of.ts";
import { equalShapes, showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Optimiser, OptimiserState } from "./optimiser.ts";
import { chosenOptions, type Chosen, type Given, type OptionTable } from "./option-table.ts";

/** Numbers that every optimiser takes. */
export const sharedOptions = {
  learningRate: { from: 0 },
  weightDecay: { optional: true, from: 0 },
  clipNorm: { optional: true, above: 0 },
} as const satisfies OptionTable;

/** What every optimiser takes beside options of its own. */
export interface SharedOptions {
  /** The step size to begin with, from 0 up; it may change between steps. */
  readonly learningRate: number;
  /** How strongly parameters are pulled to 0; default 0, for AdamW 0.01. */
  readonly weightDecay?: number | undefined;
  /**
   * Which parameters decay; default: all, as in torch. Biases and the scales of norms are usually left out:
   * `decays: ({ shape }) => shape.length > 1`.
   */
  readonly decays?: ((parameter: Tensor) => boolean) | undefined;
  /** All gradients together are scaled down to this norm where theirs is larger (see `clipByNorm`); default: never. */
  readonly clipNorm?: number | undefined;
}

/** All parameters of an optimiser in one step, flat and side by side. */
export interface FlatStep {
  /** [size], to be updated in place. */
  readonly parameter: Tensor;
  /** [size] each, in the order of the rule's names, to be updated in place. */
  readonly moments: readonly Tensor[];
  /** [size], clipped. */
  readonly gradient: Tensor;
  /** The numbers of the rule's `hyper` at this step. */
  readonly hyper: Tensor;
  /** [size / 64], the weight decay of each run of 64 parameters; undefined where nothing decays. */
  readonly decay: Tensor | undefined;
}

/** What makes an optimiser differ from others. */
export interface UpdateRule {
  readonly name: string;
  /** Names of what it remembers of each parameter. */
  readonly moments: readonly string[];
  /** Numbers that may differ from step to step, always as many; step 1 is the first. A recorded step asks anew at each replay. */
  hyper(step: number, learningRate: number): readonly number[];
  /**
   * Updates parameters and moments. Where gradients are clipped and their norm is no finite number, all gradients are NaN, and
   * every parameter must become NaN too, so that the run is seen to have failed.
   */
  update(step: FlatStep): void;
}

/**
 * The options of an optimiser, checked, with their defaults filled in: those all have, and its own.
 *
 * @param weightDecay default of the shared option
 * @throws UsageError naming the option that does not fit
 */
export function optimiserOptions<Table extends OptionTable>(
  name: string,
  table: Table,
  options: SharedOptions & Given<Table>,
  weightDecay = 0,
): { readonly shared: SharedOptions; readonly own: Chosen<Table> } {
  expectArgument("optimiserOptions", "the name", name, aString);
  expectArgument(name, "the table of its options", table, aRecord);
  expectArgument(name, "its options", options, aRecord);
  const { decays, ...given } = options;
  if (decays !== undefined && typeof decays !== "function") {
    throw new UsageError(`${name}: decays must be a function that says of a parameter whether it decays`);
  }
  const chosen = chosenOptions(name, { ...sharedOptions, ...table }, given as never);
  const { learningRate, clipNorm, ...rest } = chosen as Chosen<typeof sharedOptions>;
  const shared = { learningRate, weightDecay: rest.weightDecay ?? weightDecay, decays, clipNorm };
  return { shared, own: chosen };
}

const ruleFields: OptionChecks<UpdateRule> = {
  name: required(aString),
  moments: required(strings),
  hyper: required(aFunction),
  update: required(aFunction),
};

/** Its range, and that it is no NaN, is checked with the rest of the state. */
const anyNumber: Requirement = { words: "a number", fits: (value) => typeof value === "number" };
const stateFields: OptionChecks<OptimiserState> = {
  steps: required(anyNumber),
  learningRate: required(anyNumber),
  moments: required(aRecord),
};

/** The parameters in a list. @throws UsageError for what is no list of tensors */
function listOf(name: string, parameters: Iterable<Tensor>): readonly Tensor[] {
  if (parameters instanceof Map) {
    throw new UsageError(`${name}: takes parameters without their names: module.parameters().values()`);
  }
  const iterator: unknown = (parameters as Partial<Iterable<Tensor>> | undefined)?.[Symbol.iterator];
  if (typeof iterator !== "function") {
    throw new UsageError(`${name}: takes a list of parameters, got ${described(parameters)}`);
  }
  return [...parameters];
}

export class FlatOptimiser implements Optimiser {
  learningRate: number;
  readonly gradientNorm: Tensor | undefined;
  readonly #rule: UpdateRule;
  readonly #engine: Engine;
  readonly #parameters: readonly Tensor[];
  readonly #moments: readonly Tensor[];
  readonly #decay: Tensor | undefined;
  readonly #clipNorm: number | undefined;
  #steps = 0;

  /**
   * Gathers the parameters into one piece of memory (see `engine.gather`).
   * @param shared as `optimiserOptions` has checked them
   * @throws UsageError without parameters, or with one named twice
   */
  constructor(rule: UpdateRule, parameters: Iterable<Tensor>, shared: SharedOptions) {
    expectOptions("FlatOptimiser", rule, ruleFields);
    expectArgument(rule.name, "its options", shared, aRecord);
    this.#rule = rule;
    this.#parameters = listOf(rule.name, parameters);
    if (this.#parameters.length === 0) throw new UsageError(`${rule.name}: there are no parameters to train`);
    const engine = (this.#engine = engineOf(this.#parameters, rule.name));
    const { size, offsets } = engine.scope(() => {
      const { flat, offsets } = engine.gather(this.#parameters);
      return { size: flat.size, offsets };
    });
    this.#moments = rule.moments.map(() => engine.keep(engine.zeros([size])));
    this.learningRate = shared.learningRate;
    this.#clipNorm = shared.clipNorm;
    this.gradientNorm = shared.clipNorm === undefined ? undefined : engine.keep(engine.zeros([]));
    const decays = decaysOf(this.#parameters, offsets, size, shared);
    this.#decay = decays === undefined ? undefined : engine.keep(engine.tensor(decays));
  }

  get name(): string {
    return this.#rule.name;
  }

  get momentNames(): readonly string[] {
    return this.#rule.moments;
  }

  get steps(): number {
    return this.#steps;
  }

  async state(): Promise<OptimiserState> {
    const { learningRate, steps } = this;
    const values = await Promise.all(this.#moments.map((moment) => moment.read()));
    const moments = Object.fromEntries(this.#rule.moments.map((name, i) => [name, values[i]]));
    return { steps, learningRate, moments };
  }

  restore(state: OptimiserState): void {
    const { name: owner, moments: names } = this.#rule;
    expectOptions(`${owner}: restore`, state, stateFields);
    const { steps, learningRate, moments } = state;
    const odd = Object.keys(moments).find((name) => !names.includes(name));
    const missing = names.find((name) => moments[name] === undefined);
    if (odd !== undefined || missing !== undefined) {
      const found = Object.keys(moments).join(", ") || "none";
      throw new ShapeError(`${owner}: a state with moments ${found}; it keeps ${names.join(", ")}`);
    }
    names.forEach((name, i) => {
      const [{ length }, { size }] = [moments[name], this.#moments[i]];
      if (length === size) return;
      throw new ShapeError(`${owner}: a state with ${length} values of ${name}, its parameters have ${size}`);
    });
    if (!Number.isInteger(steps) || steps < 0 || !Number.isFinite(learningRate) || learningRate < 0) {
      throw new UsageError(`${owner}: a state after ${steps} steps at the learning rate ${learningRate}`);
    }
    names.forEach((name, i) => this.#engine.write(this.#moments[i], moments[name]));
    this.#steps = steps;
    this.learningRate = learningRate;
  }

  /** @throws UsageError when somebody has set what is no learning rate */
  #hyper(): readonly number[] {
    const { learningRate } = this;
    if (!Number.isFinite(learningRate) || learningRate < 0) {
      throw new UsageError(
        `${this.#rule.name}: the learning rate must be a finite number from 0, got ${described(learningRate)}`,
      );
    }
    return this.#rule.hyper(++this.#steps, learningRate);
  }

  step(gradients: readonly Tensor[]): void {
    const parameters = this.#parameters;
    const { name } = this.#rule;
    expectArgument(name, "the gradients", gradients, aList);
    if (gradients.length !== parameters.length) {
      throw new ShapeError(
        `${name}: ${gradients.length} gradients for ${parameters.length} parameters; pass one for each, in their order`,
      );
    }
    engineOf(gradients, name);
    parameters.forEach(({ shape }, i) => {
      if (!equalShapes(shape, gradients[i].shape)) {
        throw new ShapeError(
          `${name}: gradient ${i} is ${showShape(gradients[i].shape)}, its parameter ${showShape(shape)}; ` +
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
          const gradient = this.#clipped(pack(gradients, { offsets, size: flat.size }));
          const hyper = engine.feed(() => this.#hyper(), [this.#rule.hyper(1, this.learningRate).length]);
          const moments = this.#moments;
          this.#rule.update({ parameter: flat, moments, gradient, hyper, decay: this.#decay });
        }),
      ),
    );
  }

  dispose(): void {
    for (const tensor of [...this.#moments, this.#decay, this.gradientNorm]) tensor?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #clipped(gradient: Tensor): Tensor {
    if (this.#clipNorm === undefined || this.gradientNorm === undefined) return gradient;
    return clipByNorm(gradient, this.gradientNorm, this.#clipNorm);
  }
}

/** [size / 64], the decay of each run of 64 parameters; undefined where nothing decays. */
function decaysOf(
  parameters: readonly Tensor[],
  offsets: readonly number[],
  size: number,
  { weightDecay = 0, decays = () => true }: SharedOptions,
): Float64Array | undefined {
  const runs = new Float64Array(Math.ceil(size / decayRun));
  parameters.forEach((parameter, i) => {
    const first = offsets[i] / decayRun;
    if (!Number.isInteger(first)) throw new Error("gathered parameters share a run of weight decay");
    if (decays(parameter)) runs.fill(weightDecay, first, Math.ceil(first + parameter.size / decayRun));
  });
  return runs.some((decay) => decay > 0) ? runs : undefined;
}
