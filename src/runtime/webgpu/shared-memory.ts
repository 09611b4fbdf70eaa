// Memory that programs share which run one after the other: what is in it counts from the beginning of a run to its end.

import type { OutOfMemoryError } from "../../errors/errors.ts";
import type { BufferPool } from "./buffers.ts";

/** Makes the error where the device has not enough, of the bytes that it would have given in all. */
export type Refusal = (available: number, cause: unknown) => OutOfMemoryError;

export class SharedMemory {
  readonly #pool: BufferPool;
  /** The largest first. */
  #pieces: GPUBuffer[] = [];
  /** Too small for a program that came later; another one is bound to them still. */
  #outgrown: GPUBuffer[] = [];
  #users = 0;
  /** One after the other: what one is given, the next must see. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /**
   * A buffer of at least each size; larger ones take the place of those that are too small. They stay until everybody who took some
   * has called `release`.
   * @param sizes the largest first
   * @param names of what lies in them
   */
  take(sizes: readonly number[], names: readonly string[], refused: Refusal): Promise<readonly GPUBuffer[]> {
    this.#users++;
    const taken = this.#turn.then(() => this.#take(sizes, names, refused));
    this.#turn = taken.catch(() => undefined);
    return taken;
  }

  async #take(
    sizes: readonly number[],
    names: readonly string[],
    refused: Refusal,
  ): Promise<readonly GPUBuffer[]> {
    try {
      const missing = sizes.flatMap((bytes, i) =>
        bytes > (this.#pieces.at(i)?.size ?? 0) ? [{ at: i, bytes, label: names[i] }] : [],
      );
      const made = missing.length === 0 ? [] : await this.#pool.takeAll(missing, refused);
      missing.forEach(({ at }, i) => {
        if (at < this.#pieces.length) this.#outgrown.push(this.#pieces[at]);
        this.#pieces[at] = made[i];
      });
      return this.#pieces.slice(0, sizes.length);
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Writes bytes into the largest buffer, of which nothing counts between runs. */
  fill(device: GPUDevice, bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#pieces.length > 0) device.queue.writeBuffer(this.#pieces[0], 0, bytes);
  }

  /** To be called once for each `take`, when everything that uses its buffers was submitted. */
  release(): void {
    if (--this.#users > 0) return;
    for (const buffer of [...this.#pieces, ...this.#outgrown]) this.#pool.drop(buffer);
    this.#pieces = [];
    this.#outgrown = [];
  }
}
