// A recording: the operator calls of one step, run symbolically. Nothing is computed and nothing is allocated; a
// backend turns the finished recording into a program.

import { LifetimeError, UsageError } from "../errors/errors.ts";
import type { HostTensor, TensorData } from "../tensor/host.ts";
import type { Storage } from "../tensor/tensor.ts";
import type { TensorSpec } from "../tensor/shape.ts";
import { CountedStorage } from "./counted-storage.ts";
import type { Operand } from "./operand.ts";
import { updatesOf, type Operator } from "../operators/operator.ts";

/** Where a recorded tensor's values come from. */
export type Origin =
  | { readonly kind: "computed" }
  /** The same values in every replay. */
  | { readonly kind: "constant"; readonly host: HostTensor }
  /** Values made anew before every replay. */
  | { readonly kind: "feed"; readonly values: () => TensorData };

/** Data of a recorded step: it has no place until the program is compiled, and none at all if the program needs none. */
export class PlannedStorage implements Storage {
  readonly spec: TensorSpec;
  readonly origin: Origin;
  /** Where the data is once a program was compiled; only what the step returned has a lasting place. */
  place: Storage | undefined;
  /** Whether the program has run, so that the place holds values of the step. */
  computed = false;

  constructor(spec: TensorSpec, origin: Origin) {
    this.spec = spec;
    this.origin = origin;
  }

  // Lifetimes follow from the recorded calls, not from who holds a handle.
  retain(): void {
    return;
  }

  release(): void {
    return;
  }
}

/** The storage with data in it. */
export function placeOf(storage: Storage): Storage {
  if (!(storage instanceof PlannedStorage)) return storage;
  if (storage.place !== undefined) return storage.place;
  throw new LifetimeError(
    "a tensor made inside engine.record has no values outside; return it from the step to read it",
  );
}

/** @throws LifetimeError for a program's result before its first run */
export function expectComputed(storage: Storage): void {
  if (!(storage instanceof PlannedStorage) || storage.place === undefined || storage.computed) return;
  throw new LifetimeError("a program's result has no values before its first run; call program.run() first");
}

/** One operator call of a recorded step. */
export interface RecordedCall {
  readonly operator: Operator<never>;
  readonly inputs: readonly Operand[];
  readonly outputs: readonly PlannedStorage[];
  readonly attributes: unknown;
  /** The part of the step it belongs to: "forward", "backward", "optimiser" or a name of the caller's. */
  readonly phase: string;
}

export class Recording {
  readonly calls: RecordedCall[] = [];
  readonly feeds: PlannedStorage[] = [];
  /** Storages from outside that the calls read or update; kept alive until `release`. */
  readonly held = new Set<Storage>();
  readonly #own = new Set<Storage>();

  call<A>(
    operator: Operator<A>,
    inputs: readonly Operand[],
    specs: readonly TensorSpec[],
    attributes: A,
    phase: string,
  ): PlannedStorage[] {
    for (const index of updatesOf(operator, inputs.length)) {
      const { storage } = inputs[index];
      if (storage instanceof PlannedStorage && storage.origin.kind !== "computed") {
        throw new UsageError(
          `${operator.name}: input ${index} is a constant or a feed of a recorded step and cannot be updated in ` +
            "place; make the tensor outside engine.record",
        );
      }
    }
    const operands = inputs.map((operand) => ({ ...operand, storage: this.#hold(operand.storage) }));
    const outputs = specs.map((spec) => this.#make(spec, { kind: "computed" }));
    this.calls.push({ operator, inputs: operands, outputs, attributes, phase });
    return outputs;
  }

  constant(host: HostTensor): PlannedStorage {
    return this.#make(host, { kind: "constant", host });
  }

  /** Whether the data is made by this step. */
  owns(storage: Storage): boolean {
    return this.#own.has(storage);
  }

  /** Lets go of what was held from outside. */
  release(): void {
    for (const storage of this.held) {
      if (storage instanceof CountedStorage) storage.pins--;
      storage.release();
    }
    this.held.clear();
  }

  feed(spec: TensorSpec, values: () => TensorData): PlannedStorage {
    const storage = this.#make(spec, { kind: "feed", values });
    this.feeds.push(storage);
    return storage;
  }

  #make(spec: TensorSpec, origin: Origin): PlannedStorage {
    const storage = new PlannedStorage(spec, origin);
    this.#own.add(storage);
    return storage;
  }

  /** Data from outside (another program's result, too) is held: whoever made it may let go of it, even in the step. */
  #hold(storage: Storage): Storage {
    if (this.#own.has(storage)) return storage;
    const place = placeOf(storage);
    if (!this.held.has(place)) {
      this.held.add(place);
      place.retain();
      if (place instanceof CountedStorage) place.pins++;
    }
    return place;
  }
}
