// Which parts of a module are trained from which epoch on, and how fast: `freeze`, `unfreeze` and `rates` of the loop's settings.
// A part is named as in the model file, by a prefix of its tensors' names.

import "../tensor/disposal.ts";
import { described } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { suggestion } from "../errors/nearest.ts";
import { plainName } from "../interchange/tensor-names.ts";
import type { Module, State } from "../nn/module.ts";
import type { ParameterGroup } from "../optim/optimiser.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { LoopSettings } from "./loop-settings.ts";

export type PartSettings = Pick<LoopSettings, "freeze" | "unfreeze" | "rates">;

/** Whether settings say anything about parts. */
export const namesParts = ({ freeze, unfreeze, rates }: PartSettings): boolean =>
  [freeze, unfreeze, rates].some((each) => each !== undefined && Object.keys(each).length > 0);

/** Tensors of a module that are trained from the same epoch on, at the same rate. */
export interface Part {
  readonly kind: "parameter" | "buffer";
  readonly names: readonly string[];
  readonly tensors: readonly Tensor[];
  /** Multiple of the learning rate. */
  readonly rate: number;
  /** The first epoch in which it is trained, from 1; Infinity where it never is. */
  readonly from: number;
}

/** What other makers and people call what is called otherwise here. */
const otherNames: Readonly<Record<string, string>> = {
  backbone: "features",
  classifier: "head",
  fc: "head",
};

export class TrainedParts {
  /** Parameters, then what is carried along, each in the order of the module where nothing tells them apart. */
  readonly all: readonly Part[];
  readonly #module: Module;
  readonly #entered = new Set<Module>();
  readonly #isAsked: boolean;
  readonly #epochOf: (name: string) => number;
  /** First epochs of the phases of a run: with each some part joins in. */
  readonly #starts: readonly number[];

  /** @throws UsageError for a part that the module does not have, for what is no epoch or rate, and where nothing is left to train */
  constructor(module: Module, settings: PartSettings) {
    this.#module = module;
    this.#isAsked = namesParts(settings);
    const { freeze = [], unfreeze = {}, rates = {} } = settings;
    const names = [...module.parameters().keys()];
    checkNumbers(settings);
    const epochs = new Map([
      ...freeze.flatMap((name) =>
        partsCalled("freeze", name, names).map((part) => [part, Infinity] as const),
      ),
      ...resolved("unfreeze", unfreeze, names),
    ]);
    const multiples = new Map(resolved("rates", rates, names));
    this.#epochOf = (name) => ofLongest(epochs, name) ?? 1;
    this.all = grouped(module.state(), this.#epochOf, (name) => ofLongest(multiples, name) ?? 1);
    const trained = this.all.filter(({ kind, from }) => kind === "parameter" && from < Infinity);
    this.#starts = [...new Set(trained.map(({ from }) => from))].sort((a, b) => a - b);
    if (this.#starts.at(0) !== 1) {
      const when = this.#starts.length === 0 ? "" : ` before epoch ${this.#starts[0]}`;
      throw new UsageError(
        `train.freeze: all of the model is frozen${when}, so that nothing is trained; leave a part out, such as head`,
      );
    }
    for (const [part] of multiples) {
      if (names.some((name) => isWithin(name, part) && this.#epochOf(name) < Infinity)) continue;
      throw new UsageError(`train.rates: all of "${part}" is frozen, so that it has no rate; leave it out`);
    }
  }

  /** Parameters as an optimiser takes them; those that are never trained are left out. */
  get groups(): readonly ParameterGroup[] {
    return this.#trainable.map(({ tensors, rate }) => ({ parameters: tensors, rate }));
  }

  get #trainable(): readonly Part[] {
    return this.all.filter(({ kind, from }) => kind === "parameter" && from < Infinity);
  }

  /** The phase of an epoch: it changes where a part joins in. */
  phaseAt(epoch: number): number {
    return this.#starts.findLastIndex((start) => start <= epoch);
  }

  /** In which all is trained that ever is. */
  get lastPhase(): number {
    return this.#starts.length - 1;
  }

  /** Whether a part is trained in a phase. */
  isTrained({ from }: Part, phase: number): boolean {
    return from <= this.#starts[phase];
  }

  /** The parameters of the optimiser, in its order; undefined for those that are frozen in this phase. */
  parametersIn(phase: number): readonly (Tensor | undefined)[] {
    return this.#trainable.flatMap((part) =>
      part.tensors.map((tensor) => (this.isTrained(part, phase) ? tensor : undefined)),
    );
  }

  /** Number of values that are trained in a phase. */
  countIn(phase: number): number {
    return this.parametersIn(phase).reduce((sum, tensor) => sum + (tensor?.size ?? 0), 0);
  }

  /** The first epoch of each phase, from 1. */
  get starts(): readonly number[] {
    return this.#starts;
  }

  /**
   * Lets the module compute as it does in a phase: what is frozen as at inference.
   * @param module default: the one that is trained; or its average
   */
  enter(phase: number, module = this.#module): void {
    if (!this.#isAsked) return;
    const epoch = this.#starts[phase];
    this.#entered.add(module);
    module.freeze((name) => this.#epochOf(name) > epoch);
  }

  /** Leaves modules as they were: nothing is frozen any more. */
  [Symbol.dispose](): void {
    for (const module of this.#entered) module.freeze(() => false);
  }
}

/** @throws UsageError for what is no list, no epoch or no rate */
function checkNumbers({ freeze = [], unfreeze = {}, rates = {} }: PartSettings): void {
  if (!Array.isArray(freeze)) {
    throw new UsageError(`train.freeze: must be a list of parts of the model, got ${described(freeze)}`);
  }
  for (const [part, epoch] of Object.entries(unfreeze)) {
    if (Number.isSafeInteger(epoch) && epoch >= 1) continue;
    throw new UsageError(
      `train.unfreeze: "${part}" must say an epoch, a whole number from 1 up, got ${described(epoch)}`,
    );
  }
  for (const [part, rate] of Object.entries(rates)) {
    if (Number.isFinite(rate) && rate > 0) continue;
    throw new UsageError(
      `train.rates: "${part}" must say a multiple of the learning rate, a number above 0, got ${described(rate)}; to keep a ` +
        "part as it is, name it under freeze",
    );
  }
}

const resolved = (
  field: keyof PartSettings,
  values: Readonly<Record<string, number>>,
  names: readonly string[],
): (readonly [string, number])[] =>
  Object.entries(values).flatMap(([name, value]) =>
    partsCalled(field, name, names).map((part) => [part, value] as const),
  );

const isWithin = (name: string, part: string): boolean => name === part || name.startsWith(`${part}.`);

/** The value of the longest name that a tensor, or a module, is within. */
function ofLongest(values: ReadonlyMap<string, number>, name: string): number | undefined {
  const parts = [...values.keys()].filter((part) => isWithin(name, part));
  const longest = parts.reduce((best, part) => (part.length > best.length ? part : best), "");
  return values.get(longest);
}

/**
 * The parts that a name is of: as they are called here, or as torchvision calls them.
 * @param names of all parameters
 * @throws UsageError where there is none, with the nearest that there is
 */
function partsCalled(field: keyof PartSettings, name: string, names: readonly string[]): readonly string[] {
  const parts = [...new Set(names.flatMap(prefixesOf))];
  const wanted = [name, otherNames[name]].find((each) => parts.includes(each));
  if (wanted !== undefined) return [wanted];
  // A point at the end, as it stands before what follows a part in a tensor's name.
  const plainOf = (part: string): string => plainName(`${part}.`);
  const plain = plainOf(name);
  const found = parts.filter((part) => plain !== "" && plainOf(part) === plain);
  if (found.length > 0) return found;
  const short = [...new Set(names.map((each) => each.split(".").slice(0, 2).join(".")))];
  const known = [...parts, ...parts.map((part) => plainOf(part).slice(0, -1)), ...Object.keys(otherNames)];
  throw new UsageError(
    `train.${field}: the model has no part "${name}"${suggestion(name, known) || ";"} there are ${short.join(", ")}`,
  );
}

/** "a", "a.b" and "a.b.c" for "a.b.c". */
const prefixesOf = (name: string): string[] => {
  const words = name.split(".");
  return words.map((_, i) => words.slice(0, i + 1).join("."));
};

function grouped(
  state: ReadonlyMap<string, State>,
  epochOf: (name: string) => number,
  rateOf: (name: string) => number,
): Part[] {
  return (["parameter", "buffer"] as const).flatMap((kind) => {
    const parts = new Map<string, Part & { readonly names: string[]; readonly tensors: Tensor[] }>();
    for (const [name, { kind: own, tensor }] of state) {
      if (own !== kind) continue;
      const [from, rate] = [epochOf(name), kind === "buffer" ? 1 : rateOf(name)];
      const key = `${from} ${rate}`;
      const part = parts.get(key) ?? { kind, names: [], tensors: [], rate, from };
      parts.set(key, part);
      part.names.push(name);
      part.tensors.push(tensor);
    }
    return [...parts.values()];
  });
}
