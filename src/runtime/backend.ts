// What a backend does for the engine: hold data, compute operators, give data back.

import type { AdapterTraits } from "../device/index.ts";
import type { HostArray, HostTensor, Storage, TensorSpec } from "../tensor/index.ts";
import type { Operator } from "./operator.ts";

export type BackendKind = "webgpu" | "reference";

/** Bytes as the backend counts them. */
export interface BackendMemory {
  /** Bytes of buffers in use, padding included. */
  readonly bytes: number;
  /** Bytes of released buffers kept for reuse. */
  readonly pooledBytes: number;
}

export interface Backend {
  readonly kind: BackendKind;
  readonly traits: AdapterTraits;
  /** Takes data in; the caller's array is copied. */
  upload(host: HostTensor): Storage;
  /** Computes the outputs, in the order of the calls; may return before the work is done. */
  execute<A>(
    operator: Operator<A>,
    inputs: readonly Operand[],
    outputs: readonly TensorSpec[],
    attributes: A,
  ): Storage[];
  /** Gives data back once everything before it is computed. */
  read(operand: Operand): Promise<HostArray>;
  /** Resolves when everything asked for so far is computed; throws the first error on the way. */
  synchronise(): Promise<void>;
  memory(): BackendMemory;
  /** Releases everything. Safe to call twice. */
  destroy(): void;
}

/** An input of an operator: where its data is, and what it looks like. */
export interface Operand extends TensorSpec {
  readonly storage: Storage;
}

/** Storage that counts its holders and calls `free` when the last one lets go. */
export class CountedStorage implements Storage {
  #holders = 1;
  readonly #free: () => void;

  constructor(free: () => void) {
    this.#free = free;
  }

  retain(): void {
    this.#holders++;
  }

  release(): void {
    if (--this.#holders === 0) this.#free();
  }
}
