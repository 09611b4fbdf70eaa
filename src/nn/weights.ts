// The tensors of a module by name: to keep the best of a run, to write them into files, and to load them from anywhere.

import { aFlag, aRecord, described, expectOptions, type OptionChecks } from "../errors/arguments.ts";
import { ShapeError, UsageError } from "../errors/errors.ts";
import { expectTensor } from "../runtime/expect-tensor.ts";
import { Module, type State } from "./module.ts";
import type { HeldTensor, Weights } from "../tensor/held.ts";
import { hostTensor } from "../tensor/host.ts";
import { showShape, type Shape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/** A copy of a module's parameters, running statistics and counters, after all work asked for so far. */
export async function readWeights(module: Module): Promise<Weights> {
  expectModule("readWeights", module);
  const states = [...module.state()];
  const values = await module.engine.readAll(states.map(([, { tensor }]) => tensor));
  return new Map(
    states.map(
      (
        [
          name,
          {
            tensor: { shape },
          },
        ],
        i,
      ) => [name, { shape, data: values[i] }],
    ),
  );
}

const held = async (tensor: Tensor): Promise<HeldTensor> => ({
  shape: tensor.shape,
  data: await tensor.read(),
});

export function expectModule(call: string, module: unknown): void {
  if (!(module instanceof Module)) {
    throw new UsageError(`${call}: takes a module, got ${described(module)}`);
  }
}

/** Tensors by name: of a device or of the host, as readWeights and readers of files give them. */
export type NamedTensors =
  ReadonlyMap<string, Tensor | HeldTensor> | Readonly<Record<string, Tensor | HeldTensor>>;

export interface LoadWeightsOptions {
  /**
   * Whether the names must be those of the module and the shapes equal. Otherwise what fits is loaded, and the rest is told.
   * Default true.
   */
  readonly strict?: boolean;
}

const loadWeightsOptions: OptionChecks<LoadWeightsOptions> = { strict: aFlag };

/** What came of loading, in names. */
export interface LoadedWeights {
  readonly loaded: readonly string[];
  /** Of the module, but not given: they are what they were. */
  readonly missing: readonly string[];
  /** Given, but not of the module. */
  readonly unexpected: readonly string[];
  /** Given in another shape than the module's: they are what they were. */
  readonly misshapen: readonly string[];
}

/**
 * Overwrites a module's tensors with those given, by name. A counter (of `Dropout`) may be left out: it is no weight. With
 * `strict: false` a pretrained network goes into one with another head: what has another shape is told in `misshapen` and
 * left alone, where PyTorch's load_state_dict would refuse it all the same.
 *
 *     const { missing, misshapen } = await loadWeights(net, tensors, { strict: false });
 *
 * @param namedTensors a map or an object: tensors of any engine, or what has a shape and data
 * @throws ShapeError that lists missing, unexpected and misshapen names when it is strict and there are any; UsageError for
 *   what is no tensor. Nothing has changed then.
 */
export async function loadWeights(
  module: Module,
  namedTensors: NamedTensors,
  options: LoadWeightsOptions = {},
): Promise<LoadedWeights> {
  expectModule("loadWeights", module);
  const given = entriesOf("loadWeights", namedTensors);
  expectOptions("loadWeights", options, loadWeightsOptions);
  const { strict = true } = options;
  const states = module.state();
  const found = compare(states, given);
  if (strict) expectNothingLeft("loadWeights", states, given, found);
  const values = await Promise.all(
    found.loaded.map(async (name) => {
      const tensor = given.get(name);
      return [name, tensor instanceof Tensor ? await held(tensor) : tensor] as const;
    }),
  );
  overwrite("loadWeights", module, new Map(values));
  return found;
}

/**
 * Overwrites a module's parameters, running statistics and counters at once: loadWeights, strictly, of what is on the host.
 * @throws ShapeError when a tensor is missing, of another shape, or too many; nothing has changed then
 */
export function writeWeights(module: Module, weights: Weights): void {
  expectModule("writeWeights", module);
  if (!((weights as unknown) instanceof Map)) {
    throw new UsageError(
      `writeWeights: takes weights by name, as readWeights gives them once it is awaited, got ${described(weights)}`,
    );
  }
  const given = entriesOf("writeWeights", weights);
  const states = module.state();
  expectNothingLeft("writeWeights", states, given, compare(states, given));
  overwrite("writeWeights", module, weights);
}

/** The first thing about weights that does not fit a module, in words; undefined when all fits. */
export function difference(module: Module, weights: Weights): string | undefined {
  const states = module.state();
  const { missing, unexpected, misshapen } = compare(states, weights);
  if (missing.length > 0) return `it has no tensor "${missing[0]}"`;
  if (misshapen.length > 0) {
    const [there, here] = [weights, states].map((all) => shapeOf(all.get(misshapen[0])));
    return `"${misshapen[0]}" is ${there} in it and ${here} here`;
  }
  return unexpected.length === 0 ? undefined : `it has a tensor "${unexpected[0]}" that there is not here`;
}

type Given = ReadonlyMap<string, Tensor | HeldTensor>;

/** Looks at what was given as tensors by name. */
function entriesOf(call: string, tensors: NamedTensors): Given {
  const isMap = (tensors as unknown) instanceof Map;
  if (!isMap && !aRecord.fits(tensors)) {
    throw new UsageError(`${call}: takes tensors by name, in a map or an object, got ${described(tensors)}`);
  }
  const entries = new Map<string, Tensor | HeldTensor>(isMap ? (tensors as Given) : Object.entries(tensors));
  for (const [name, tensor] of entries) {
    const isTensor = Array.isArray((tensor as Partial<HeldTensor> | undefined | null)?.shape);
    if (!isTensor) {
      throw new UsageError(
        `${call}: ${JSON.stringify(name)} must be a tensor, or have a shape and data, got ${described(tensor)}`,
      );
    }
    if (tensor instanceof Tensor) expectTensor(call, 0, 1, tensor);
  }
  return entries;
}

/** By name and shape, in the order of the module. */
function compare(states: ReadonlyMap<string, State>, given: Given): LoadedWeights {
  const loaded: string[] = [];
  const missing: string[] = [];
  const misshapen: string[] = [];
  for (const [name, { kind, tensor }] of states) {
    const other = given.get(name);
    if (other !== undefined) {
      (other.shape.join() === tensor.shape.join() ? loaded : misshapen).push(name);
    } else if (kind !== "counter") missing.push(name);
  }
  return { loaded, missing, misshapen, unexpected: [...given.keys()].filter((name) => !states.has(name)) };
}

const shapeOf = (tensor: State | { readonly shape: Shape } | undefined): string =>
  tensor === undefined ? "nothing" : showShape("tensor" in tensor ? tensor.tensor.shape : tensor.shape);

/** More names than these make no message clearer. */
const mostNames = 6;

function listed(what: string, names: readonly string[], show = (name: string): string => name): string[] {
  if (names.length === 0) return [];
  const others = names.length > mostNames ? `, and ${names.length - mostNames} more` : "";
  return [`${what} ${names.slice(0, mostNames).map(show).join(", ")}${others}`];
}

function expectNothingLeft(
  call: string,
  states: ReadonlyMap<string, State>,
  given: Given,
  { missing, unexpected, misshapen }: LoadedWeights,
): void {
  const wrong = [
    ...listed("missing", missing),
    ...listed("unexpected", unexpected),
    ...listed("of another shape", misshapen, (name) => {
      return `${name} (${shapeOf(given.get(name))}, and here ${shapeOf(states.get(name))})`;
    }),
  ];
  if (wrong.length > 0)
    throw new ShapeError(`${call}: the weights are of another module: ${wrong.join("; ")}`);
}

/** Looks at all values before the first is written. */
function overwrite(call: string, module: Module, weights: ReadonlyMap<string, HeldTensor | undefined>): void {
  const written: [Tensor, HeldTensor][] = [];
  for (const [name, { tensor }] of module.state()) {
    const value = weights.get(name);
    if (value === undefined) continue;
    hostTensor(value.data, tensor.shape, tensor.dtype, `${call}: ${name}`);
    written.push([tensor, value]);
  }
  for (const [tensor, { data }] of written) module.engine.write(tensor, data);
}
