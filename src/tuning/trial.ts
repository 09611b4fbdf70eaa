// One candidate on trial: recorded programs of a work, its results, and times of it.

import "../tensor/disposal.ts";
import { CandidateChoice } from "../runtime/webgpu/choice.ts";
import { updatesOf } from "../operators/operator.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Program } from "../runtime/program.ts";
import type { HostArray } from "../tensor/host.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { TensorSpec } from "../tensor/shape.ts";
import type { Work } from "./works.ts";

/** Numbers for every input, made once: 2^20 different ones, over and over. */
const pattern = 2 ** 20;
const numbers = ((): Float32Array => {
  let state = 12345;
  return Float32Array.from({ length: pattern }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // Numerical Recipes' generator
    // Valid for every input there is: variances, second moments and probabilities are not negative.
    return 0.1 + (0.8 * (state >>> 8)) / 2 ** 24;
  });
})();

/** Values for an input; label states and pixels where they are bytes, small whole numbers where they are words. */
function valuesFor({ shape, dtype }: TensorSpec, turn: number): HostArray {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const at = (i: number): number => numbers[(i + 7919 * turn) % pattern];
  if (dtype === "u8") return Uint8Array.from({ length: size }, (_, i) => [0, 1, 255][Math.floor(3 * at(i))]);
  if (dtype === "u32") return Uint32Array.from({ length: size }, (_, i) => Math.floor(4 * at(i)));
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = at(i);
  return values;
}

/** The inputs of a work on the device. */
export class WorkInputs implements Disposable {
  readonly tensors: readonly Tensor[];
  readonly #engine: Engine;
  /** Those that the operator overwrites. */
  readonly #updated: readonly number[];
  readonly #specs: readonly TensorSpec[];

  constructor(engine: Engine, { operator, inputs }: Work) {
    this.#engine = engine;
    this.#specs = inputs;
    this.#updated = updatesOf(operator, inputs.length);
    this.tensors = inputs.map((spec, i) => engine.tensor(valuesFor(spec, i), spec.shape, spec.dtype));
  }

  /** What the operator overwrote, as it is now. */
  get updated(): readonly Tensor[] {
    return this.#updated.map((index) => this.tensors[index]);
  }

  /** Undoes what the operator overwrote. */
  restore(): void {
    for (const index of this.#updated) {
      this.#engine.write(this.tensors[index], valuesFor(this.#specs[index], index));
    }
  }

  [Symbol.dispose](): void {
    for (const tensor of this.tensors) tensor.dispose();
  }
}

/**
 * Records a work `calls` times over, with one candidate whatever the engine would choose.
 * @returns a program whose result are the outputs of the last call
 */
export async function recordWith(
  engine: Engine,
  choice: CandidateChoice,
  { operator, attributes }: Work,
  candidate: string,
  { tensors }: WorkInputs,
  calls: number,
): Promise<Program<Tensor[]>> {
  const before = choice.forced.get(operator.name);
  choice.forced.set(operator.name, candidate);
  try {
    return await engine.record(() => {
      for (let call = 1; call < calls; call++) engine.run(operator, tensors, attributes as never);
      return engine.run(operator, tensors, attributes as never);
    });
  } finally {
    if (before === undefined) choice.forced.delete(operator.name);
    else choice.forced.set(operator.name, before);
  }
}

/** Seconds of one replay, from outside. */
export async function timeOf(engine: Engine, program: Program<unknown>): Promise<number> {
  const started = performance.now();
  program.run();
  await engine.synchronise();
  return (performance.now() - started) / 1000;
}

/** What a replay made: its outputs and what it overwrote. */
export function resultsOf(program: Program<Tensor[]>, inputs: WorkInputs): Promise<HostArray[]> {
  return Promise.all([...program.result, ...inputs.updated].map((tensor) => tensor.read()));
}

/**
 * Error of the candidates against each other that rounding may explain, as a share of the largest value: sums of 10^6
 * numbers of one sign, added one by one, are off by some 10^-4.
 */
const tolerance = 1e-3;

/** Whether two candidates' results are the same but for rounding. */
export function agree(found: readonly HostArray[], expected: readonly HostArray[]): boolean {
  return found.every((values, i) => {
    const wanted = expected[i];
    let [largest, error] = [0, 0];
    for (let j = 0; j < wanted.length; j++) {
      largest = Math.max(largest, Math.abs(wanted[j]));
      const difference = Math.abs(values[j] - wanted[j]);
      if (Number.isNaN(difference)) return false;
      error = Math.max(error, difference);
    }
    return error <= tolerance * largest;
  });
}
