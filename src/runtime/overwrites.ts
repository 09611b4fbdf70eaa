// How often data was overwritten in place, and by what. A tape's handles are of the data as a call saw it; a gradient rule that
// would read other values through one is stopped.

import { UsageError } from "../errors/errors.ts";
import { showShape } from "../tensor/shape.ts";
import type { Storage, Tensor } from "../tensor/tensor.ts";

interface Overwritten {
  readonly times: number;
  readonly by: string;
}

export class Overwrites {
  readonly #of = new WeakMap<Storage, Overwritten>();
  /** The gathered piece that holds the data of a tensor: whoever overwrites the piece overwrites that, too. */
  readonly #pieces = new WeakMap<Storage, Storage>();
  /** How often the data of a handle had been overwritten when it was made. */
  readonly #seen = new WeakMap<Tensor, number>();

  note(storage: Storage, by: string): void {
    this.#of.set(storage, { times: this.#times(storage) + 1, by });
  }

  gathered(parts: readonly Storage[], piece: Storage): void {
    for (const part of parts) this.#pieces.set(part, piece);
  }

  /** From now on `expectUnchanged` refuses the handle once its data is overwritten. */
  watch(handle: Tensor): void {
    this.#seen.set(handle, this.#total(handle.storage));
  }

  /** @throws UsageError naming the reader, the tensor and what overwrote it; for handles that are watched */
  expectUnchanged(reader: string, handle: Tensor): void {
    const seen = this.#seen.get(handle);
    if (seen === undefined || seen === this.#total(handle.storage)) return;
    const { storage, id, shape } = handle;
    const by = this.#of.get(storage)?.by ?? this.#of.get(this.#pieces.get(storage) ?? storage)?.by ?? "";
    throw new UsageError(
      `${reader}: a gradient rule reads tensor ${id} ${showShape(shape)}, which ${by} overwrote in place after the forward ` +
        "pass; find the gradients before, or compute on a copy",
    );
  }

  #times(storage: Storage | undefined): number {
    return storage === undefined ? 0 : (this.#of.get(storage)?.times ?? 0);
  }

  #total(storage: Storage): number {
    return this.#times(storage) + this.#times(this.#pieces.get(storage));
  }
}
