// What all optimisers do alike: the parameters, gradients and moments of a group lie side by side in memory, so that one launch
// updates them all. What differs between optimisers is an `UpdateRule`.

import "../errors/disposal.ts";
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
import { affine } from "../functions/elementwise.ts";
import { concat, pack, split } from "../functions/movement.ts";
import { clipByNorm } from "../functions/optimisers.ts";
import { decayRun } from "../operators/optimisers/weight-decay.ts";
import type { Engine } from "../runtime/engine.ts";
import { engineOf } from "../runtime/engine-of.ts";
import type { HostArray } from "../tensor/host.ts";
import { equalShapes, showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Optimiser, OptimiserState, StepOptions, Trainable } from "./optimiser.ts";
import { groupsOf } from "./parameter-groups.ts";
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

/** All parameters of a group in one step, flat and side by side. */
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
  /**
   * Numbers that may differ from step to step, always as many; step 1 is the first that the group took part in. A recorded step
   * asks anew at each replay.
   */
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

const stepOptions: OptionChecks<StepOptions> = {
  lossScale: {
    words: "a finite number above 0",
    fits: (value) => typeof value === "number" && value > 0 && value < Infinity,
  },
};

/** Its range, and that it is no NaN, is checked with the rest of the state. */
const anyNumber: Requirement = { words: "a number", fits: (value) => typeof value === "number" };
const stateFields: OptionChecks<OptimiserState> = {
  steps: required(anyNumber),
  learningRate: required(anyNumber),
  moments: required(aRecord),
  groupSteps: aList,
};

/** Parameters that are updated by one launch, and what is remembered of them. */
interface Group {
  readonly parameters: readonly Tensor[];
  readonly rate: number;
  readonly moments: readonly Tensor[];
  readonly decay: Tensor | undefined;
  /** In which it took part. */
  steps: number;
}

export class FlatOptimiser implements Optimiser {
  learningRate: number;
  readonly gradientNorm: Tensor | undefined;
  readonly #rule: UpdateRule;
  readonly #engine: Engine;
  /** Of all groups. */
  readonly #parameters: readonly Tensor[];
  readonly #groups: readonly Group[];
  readonly #clipNorm: number | undefined;
  #steps = 0;

  /**
   * Gathers the parameters of each group into one piece of memory (see `engine.gather`).
   * @param shared as `optimiserOptions` has checked them
   * @throws UsageError without parameters, with one named twice, or for groups that are none
   */
  constructor(rule: UpdateRule, trained: Trainable, shared: SharedOptions) {
    expectOptions("FlatOptimiser", rule, ruleFields);
    expectArgument(rule.name, "its options", shared, aRecord);
    this.#rule = rule;
    const groups = groupsOf(rule.name, trained);
    this.#parameters = groups.flatMap(({ parameters }) => parameters);
    if (this.#parameters.length === 0) throw new UsageError(`${rule.name}: there are no parameters to train`);
    const engine = (this.#engine = engineOf(this.#parameters, rule.name));
    const named = new Set(this.#parameters.map(({ storage }) => storage));
    if (named.size < this.#parameters.length) {
      throw new UsageError(`${rule.name}: two of the parameters share their data; name each only once`);
    }
    this.#groups = groups.map(({ parameters, rate }) => {
      const { size, offsets } = engine.scope(() => {
        const { flat, offsets } = engine.gather(parameters);
        return { size: flat.size, offsets };
      });
      const moments = rule.moments.map(() => engine.keep(engine.zeros([size])));
      const decays = decaysOf(parameters, offsets, size, shared);
      const decay = decays === undefined ? undefined : engine.keep(engine.tensor(decays));
      return { parameters, rate, moments, decay, steps: 0 };
    });
    this.learningRate = shared.learningRate;
    this.#clipNorm = shared.clipNorm;
    this.gradientNorm = shared.clipNorm === undefined ? undefined : engine.keep(engine.zeros([]));
  }

  get name(): string {
    return this.#rule.name;
  }

  get momentNames(): readonly string[] {
    return this.#rule.moments;
  }

  get momentBytes(): number {
    const moments = this.#groups.flatMap((group) => group.moments);
    return moments.reduce((sum, { size }) => sum + 4 * size, 0);
  }

  get steps(): number {
    return this.#steps;
  }

  async state(): Promise<OptimiserState> {
    const { learningRate, steps } = this;
    const groups = this.#groups;
    const groupSteps = groups.length > 1 ? groups.map((group) => group.steps) : undefined;
    const read = await this.#engine.readAll(groups.flatMap((group) => group.moments));
    const names = this.#rule.moments;
    const moments = Object.fromEntries(
      names.map((name, i) => [name, joined(groups.map((_, g) => read[g * names.length + i]))]),
    );
    return { steps, learningRate, moments, ...(groupSteps === undefined ? {} : { groupSteps }) };
  }

  restore(state: OptimiserState): void {
    const { name: owner, moments: names } = this.#rule;
    expectOptions(`${owner}: restore`, state, stateFields);
    const { steps, learningRate, moments, groupSteps = this.#groups.length > 1 ? [] : [steps] } = state;
    const odd = Object.keys(moments).find((name) => !names.includes(name));
    const missing = names.find((name) => moments[name] === undefined);
    if (odd !== undefined || missing !== undefined) {
      const found = Object.keys(moments).join(", ") || "none";
      throw new ShapeError(`${owner}: a state with moments ${found}; it keeps ${names.join(", ")}`);
    }
    const sizes = this.#groups.map((group) => group.moments.at(0)?.size ?? 0);
    const size = sizes.reduce((sum, each) => sum + each, 0);
    for (const name of names) {
      const { length } = moments[name];
      if (length === size) continue;
      throw new ShapeError(`${owner}: a state with ${length} values of ${name}, its parameters have ${size}`);
    }
    if (groupSteps.length !== this.#groups.length) {
      throw new ShapeError(
        `${owner}: a state with the steps of ${groupSteps.length} groups of parameters, and it has ${this.#groups.length}`,
      );
    }
    const counts = [steps, ...groupSteps];
    if (!counts.every((count) => Number.isInteger(count) && count >= 0) || !isRate(learningRate)) {
      throw new UsageError(`${owner}: a state after ${steps} steps at the learning rate ${learningRate}`);
    }
    let first = 0;
    this.#groups.forEach((group, g) => {
      const end = first + sizes[g];
      names.forEach((name, i) => {
        this.#engine.write(group.moments[i], moments[name].subarray(first, end));
      });
      group.steps = groupSteps[g];
      first = end;
    });
    this.#steps = steps;
    this.learningRate = learningRate;
  }

  /**
   * @param isFirst of the groups of its step, which counts for the optimiser
   * @throws UsageError when somebody has set what is no learning rate
   */
  #hyper(group: Group, isFirst: boolean): readonly number[] {
    const { learningRate } = this;
    if (!isRate(learningRate)) {
      throw new UsageError(
        `${this.#rule.name}: the learning rate must be a finite number from 0, got ${described(learningRate)}`,
      );
    }
    if (isFirst) this.#steps++;
    return this.#rule.hyper(++group.steps, learningRate * group.rate);
  }

  step(gradients: readonly (Tensor | undefined)[], options: StepOptions = {}): void {
    expectOptions(`${this.#rule.name}: step`, options, stepOptions);
    const { lossScale = 1 } = options;
    const stepped = this.#stepped(gradients);
    const engine = this.#engine;
    engine.phase("optimiser", () =>
      engine.scope(() =>
        noGradient(engine, () => {
          // Another optimiser may have gathered some of them since; then they move back.
          const flats = stepped.map(({ group }) => engine.gather(group.parameters));
          const packed = this.#clipped(
            stepped.map(({ gradients: own }, i) => {
              const { flat, offsets } = flats[i];
              const packed = pack(own, { offsets, size: flat.size });
              return lossScale === 1 ? packed : affine(packed, 1 / lossScale, 0);
            }),
          );
          stepped.forEach(({ group }, i) => {
            const { length } = this.#rule.hyper(1, this.learningRate);
            const hyper = engine.feed(() => this.#hyper(group, i === 0), [length]);
            const { moments, decay } = group;
            this.#rule.update({ parameter: flats[i].flat, moments, gradient: packed[i], hyper, decay });
          });
        }),
      ),
    );
  }

  /** The groups that take part in a step, with their gradients. */
  #stepped(
    gradients: readonly (Tensor | undefined)[],
  ): readonly { readonly group: Group; readonly gradients: readonly Tensor[] }[] {
    const parameters = this.#parameters;
    const { name } = this.#rule;
    expectArgument(name, "the gradients", gradients, aList);
    if (gradients.length !== parameters.length) {
      throw new ShapeError(
        `${name}: ${gradients.length} gradients for ${parameters.length} parameters; pass one for each, in their order`,
      );
    }
    const found = gradients.filter((gradient) => gradient !== undefined);
    if (found.length === 0) throw new UsageError(`${name}: a step without any gradient`);
    engineOf(found, name);
    parameters.forEach(({ shape }, i) => {
      const gradient = gradients[i];
      if (gradient !== undefined && !equalShapes(shape, gradient.shape)) {
        throw new ShapeError(
          `${name}: gradient ${i} is ${showShape(gradient.shape)}, its parameter ${showShape(shape)}; ` +
            "pass the gradients in the order of the parameters",
        );
      }
    });
    let first = 0;
    return this.#groups.flatMap((group, g) => {
      const end = first + group.parameters.length;
      const own = gradients.slice(first, end).filter((gradient) => gradient !== undefined);
      first = end;
      if (own.length === 0) return [];
      if (own.length === group.parameters.length) return [{ group, gradients: own }];
      throw new ShapeError(
        `${name}: ${own.length} gradients for the ${group.parameters.length} parameters of group ${g}; pass all of a group, ` +
          "or none where it takes no part",
      );
    });
  }

  dispose(): void {
    const held = this.#groups.flatMap(({ moments, decay }) => [...moments, decay]);
    for (const tensor of [...held, this.gradientNorm]) tensor?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The gradients of all groups have one norm. */
  #clipped(gradients: readonly Tensor[]): readonly Tensor[] {
    const [norm, most] = [this.gradientNorm, this.#clipNorm];
    if (most === undefined || norm === undefined) return gradients;
    if (gradients.length === 1) return [clipByNorm(gradients[0], norm, most)];
    const whole = clipByNorm(concat(gradients, 0), norm, most);
    return split(
      whole,
      gradients.map(({ size }) => size),
      0,
    );
  }
}

const isRate = (rate: number): boolean => Number.isFinite(rate) && rate >= 0;

/** One after the other; those of one group as they are. */
function joined(parts: readonly HostArray[]): HostArray {
  if (parts.length === 1) return parts[0];
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const whole = parts[0] instanceof Float64Array ? new Float64Array(length) : new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
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
