// Images of one size, each in an array or in a file of the cache, found by index and not moved.

/** A place that holds images one after the other: a shard of the cache, by its path, or an array. */
export type PixelHome = string | Uint8Array;

/** The place of one image: its home, and the number of images before it there. */
export interface PixelRow<Home extends PixelHome = PixelHome> {
  readonly home: Home;
  readonly slot: number;
}

/** The places of many images in any order, in a few bytes for each. */
export class PixelRows<Home extends PixelHome = PixelHome> {
  /** Bytes of all images together. */
  readonly length: number;
  readonly count: number;
  readonly bytesEach: number;
  readonly #homes: readonly Home[];
  readonly #homeOf: Uint32Array;
  readonly #slotOf: Uint32Array;

  /** @param bytesEach height x width x channels */
  constructor(bytesEach: number, rows: readonly PixelRow<Home>[]) {
    const homes = new Map<Home, number>();
    this.bytesEach = bytesEach;
    this.count = rows.length;
    this.length = rows.length * bytesEach;
    this.#homeOf = Uint32Array.from(rows, ({ home }) => {
      const known = homes.get(home) ?? homes.size;
      homes.set(home, known);
      return known;
    });
    this.#slotOf = Uint32Array.from(rows, ({ slot }) => slot);
    this.#homes = [...homes.keys()];
  }

  /** The place of an image, for sets that are joined from others. */
  row(index: number): PixelRow<Home> {
    return { home: this.#homes[this.#homeOf[index]], slot: this.#slotOf[index] };
  }

  /** Runs of `indices` whose images lie one after the other in their home, at most `most` images each. */
  protected runs(indices: Uint32Array, most: number): { readonly first: number; readonly count: number }[] {
    const runs: { first: number; count: number }[] = [];
    for (let at = 0; at < indices.length; at++) {
      const run = runs.at(-1);
      const [before, here] = [indices[at - 1], indices[at]];
      const follows =
        run !== undefined &&
        run.count < most &&
        this.#homeOf[before] === this.#homeOf[here] &&
        this.#slotOf[before] + 1 === this.#slotOf[here];
      if (follows) run.count++;
      else runs.push({ first: at, count: 1 });
    }
    return runs;
  }
}

/** Whether all rows lie in arrays. */
export function areInArrays(rows: readonly PixelRow[]): rows is readonly PixelRow<Uint8Array>[] {
  return rows.every(({ home }) => typeof home !== "string");
}

/** Images that are not all in memory, and are read when they are asked for. */
export abstract class PixelsOnDemand extends PixelRows {
  /**
   * Copies of the images at `indices`, [indices, bytesEach].
   * @throws DataError when they cannot be read any more
   */
  abstract read(indices: Uint32Array): Promise<Uint8Array>;

  /** Lets go of what it holds open, which is opened again when needed. No read may be under way. */
  abstract close(): Promise<void>;

  /** Other images, or these with others, read in the same way. */
  abstract ofRows(bytesEach: number, rows: readonly PixelRow[]): PixelsOnDemand;
}

/** Images of arrays, read in place. */
export class ArrayPixels extends PixelRows<Uint8Array> {
  /** The pixels of one image, [bytesEach]: a view. */
  at(index: number): Uint8Array {
    const { home, slot } = this.row(index);
    return home.subarray(slot * this.bytesEach, (slot + 1) * this.bytesEach);
  }

  /** Copies of the images at `indices`, [indices, bytesEach]. */
  copy(indices: Iterable<number>): Uint8Array {
    const all = [...indices];
    const pixels = new Uint8Array(all.length * this.bytesEach);
    for (const [i, index] of all.entries()) pixels.set(this.at(index), i * this.bytesEach);
    return pixels;
  }
}
