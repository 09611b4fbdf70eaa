// Data that several hold: it is freed when the last one lets go, and does not move while a program uses it.

import { UsageError } from "../errors/errors.ts";
import type { Storage } from "../tensor/tensor.ts";

/** Storage that counts its holders and calls `free` when the last one lets go. */
export class CountedStorage implements Storage {
  /** Recordings and programs that use the data where it is. */
  pins = 0;
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

/** @throws UsageError when one of the storages, or the piece it is part of, may not move */
export function expectMovable(storages: readonly (CountedStorage | undefined)[]): void {
  if (storages.every((storage) => (storage?.pins ?? 0) === 0)) return;
  throw new UsageError(
    "gather: a recorded step or program uses the tensors where they are; gather them before recording, and give each " +
      "parameter to one optimiser",
  );
}
