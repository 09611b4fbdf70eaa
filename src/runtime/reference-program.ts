// A program on the reference backend: the recorded calls, run again in order.

import { described } from "../errors/arguments.ts";
import { LifetimeError, UsageError } from "../errors/errors.ts";
import { allocate, hostTensor, type HostArray } from "../tensor/host.ts";
import { sizeOf, type TensorSpec } from "../tensor/shape.ts";
import type { Storage } from "../tensor/tensor.ts";
import type { CompiledProgram, Follower } from "./backend.ts";
import type { Operand } from "./operand.ts";
import { updatesOf, type Operator } from "../operators/operator.ts";
import { inField } from "../operators/record-checks.ts";
import { isBuiltIn } from "../operators/registry.ts";
import { PlannedStorage, type RecordedCall, type Recording } from "./recording.ts";

/**
 * Runs an operator's reference on the data of its inputs; gives that of its outputs.
 * @throws UsageError for an operator of the user's that has none, or one that does not fill its outputs
 */
export function computeReference<A>(
  operator: Operator<A>,
  inputs: readonly Operand[],
  specs: readonly TensorSpec[],
  attributes: A,
  dataOf: (storage: Storage) => HostArray,
): HostArray[] {
  const arrays = specs.map((spec) => allocate(spec.dtype, sizeOf(spec.shape), true));
  const made = specs.map((spec, i) => ({ ...spec, data: arrays[i] }));
  const updated = updatesOf(operator, inputs.length);
  const taken = inputs.map(({ shape, dtype, storage }, i) => {
    const data = dataOf(storage);
    // A definition of the user's may write to what it was given; the tensor is to stay.
    return { shape, dtype, data: isBuiltIn(operator) || updated.includes(i) ? data : data.slice() };
  });
  if ((operator as Partial<Operator<A>>).reference === undefined) {
    throw new UsageError(
      `operator ${operator.name} has no reference, which is what this backend computes; write one, or open the engine ` +
        'with device: "webgpu"',
    );
  }
  const reference: (...all: Parameters<Operator<A>["reference"]>) => unknown =
    operator.reference.bind(operator);
  const given = inField(operator, "reference", () => reference(taken, made, attributes));
  if (given !== undefined || made.some(({ data }, i) => data !== arrays[i])) {
    const why =
      given === undefined ? "it put another array in their place" : `it returned ${described(given)}`;
    throw new UsageError(
      `operator ${operator.name}: reference must fill the outputs' data before it returns; ${why}`,
    );
  }
  return arrays;
}

/** How the reference backend holds data. */
export interface HostMemory {
  hold(data: HostArray): Storage;
  dataOf(storage: Storage): HostArray;
}

export class ReferenceProgram implements CompiledProgram {
  readonly plan = undefined;
  readonly #recording: Recording;
  readonly #results: readonly Operand[];
  readonly #memory: HostMemory;
  /** What may be forgotten after each call. */
  readonly #dead: readonly (readonly PlannedStorage[])[];

  constructor(recording: Recording, results: readonly Operand[], memory: HostMemory) {
    this.#recording = recording;
    this.#results = results;
    this.#memory = memory;
    this.#dead = lastUses(recording.calls, new Set(results.map(({ storage }) => storage)));
    for (const { storage } of results) {
      if (storage instanceof PlannedStorage) {
        storage.place = memory.hold(allocate(storage.spec.dtype, sizeOf(storage.spec.shape), true));
      }
    }
  }

  run(afterwards: () => void): void {
    const values = new Map<Storage, HostArray>();
    for (const feed of this.#recording.feeds) values.set(feed, dataOfOrigin(feed));
    const dataOf = (storage: Storage): HostArray => {
      if (!(storage instanceof PlannedStorage)) return this.#memory.dataOf(storage);
      let data = values.get(storage);
      if (data === undefined) values.set(storage, (data = dataOfOrigin(storage)));
      return data;
    };
    this.#recording.calls.forEach(({ operator, inputs, outputs, attributes }, i) => {
      const specs = outputs.map(({ spec }) => spec);
      const made = computeReference(operator, inputs, specs, attributes as never, dataOf);
      outputs.forEach((storage, j) => values.set(storage, made[j]));
      for (const storage of this.#dead[i]) values.delete(storage);
    });
    for (const { storage } of this.#results) {
      this.#memory.dataOf(storage).set(dataOf(storage));
    }
    afterwards();
  }

  follow({ storage }: Operand): Follower {
    const taken: HostArray[] = [];
    return {
      get pending() {
        return taken.length;
      },
      get batches() {
        return taken.length;
      },
      ask: () => undefined,
      record: () => {
        const place = storage instanceof PlannedStorage ? storage.place : storage;
        if (place !== undefined) taken.push(this.#memory.dataOf(place).slice());
      },
      next: () => {
        const values = taken.shift();
        if (values === undefined) {
          return Promise.reject(new LifetimeError("readings: there is no run whose values were not taken"));
        }
        // A turn of the event loop, which nothing else here takes: signals and timers get theirs.
        return new Promise((resolve) => setTimeout(() => resolve(values), 0));
      },
      destroy: () => undefined,
    };
  }

  destroy(): void {
    this.#recording.release();
    for (const { storage } of this.#results) {
      if (!(storage instanceof PlannedStorage)) continue;
      storage.place?.release();
      storage.place = undefined;
    }
  }
}

function dataOfOrigin({ spec, origin }: PlannedStorage): HostArray {
  if (origin.kind === "computed") throw new LifetimeError("a recorded tensor is used before it is computed");
  const given =
    origin.kind === "constant"
      ? origin.host
      : hostTensor(origin.values(), spec.shape, spec.dtype, "engine.feed");
  const data = allocate(spec.dtype, sizeOf(spec.shape), true);
  data.set(given.data);
  return data;
}

/** What each call is the last to use, but for the results. */
function lastUses(calls: readonly RecordedCall[], results: ReadonlySet<Storage>): PlannedStorage[][] {
  const last = new Map<PlannedStorage, number>();
  calls.forEach(({ inputs, outputs }, i) => {
    for (const { storage } of inputs) if (storage instanceof PlannedStorage) last.set(storage, i);
    for (const storage of outputs) last.set(storage, i);
  });
  const dead: PlannedStorage[][] = calls.map(() => []);
  for (const [storage, i] of last) if (!results.has(storage)) dead[i].push(storage);
  return dead;
}
