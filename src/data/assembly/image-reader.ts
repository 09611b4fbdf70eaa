// Batches from image sets, in memory or on disk: the next ones are read while the last one is used.

import { ArrayPixels, PixelsOnDemand } from "../cache/pixel-rows.ts";
import { concatenate, type ImageSet, type Pixels } from "./assembly.ts";
import { UsageError } from "../../errors/errors.ts";
import { knownBits } from "../../labels/label-map.ts";

/** Images and label states, on the host. */
export interface Batch {
  /** u8 [B, H, W, C] */
  readonly pixels: Uint8Array;
  /** u8 [B, O] */
  readonly states: Uint8Array;
  /** u8 [B, H, W], of sets with label maps. */
  readonly maps?: Uint8Array;
  /** u32 [B, W'], which classes each map knows (`knownBits`). */
  readonly known?: Uint32Array;
  readonly count: number;
}

/** Batches read before they are needed: a step takes longer than a read, so a few even out the slow ones. */
const mostAhead = 4;

/** Bytes of images that are copied at a time on their way to the device. */
const pieceBytes = 2 ** 22;

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

/**
 * Whether images from disk can be read ahead.
 * @throws UsageError when not even two batches fit into the memory
 */
export function checkMemory(batch: number, bytesEach: number, memory: number): void {
  const needed = 2 * batch * bytesEach;
  if (needed <= memory) return;
  throw new UsageError(
    `two batches of ${batch} images are ${mebibytes(needed)} MiB and --memory allows ${mebibytes(memory)}; ` +
      "allow more, or take smaller batches",
  );
}

/** Several image sets as one sequence of images, read by index. */
export class ImageReader {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Number of label states of an image: one for each class, or more where a head needs them. */
  readonly outputs: number;
  /** Whether some of the images are on disk. */
  readonly stored: boolean;
  /** Whether each image has a label map. */
  readonly hasMaps: boolean;
  readonly #sets: readonly ImageSet[];
  /** Index of each set's first image. */
  readonly #firsts: readonly number[];
  readonly #memory: number;

  /**
   * @param sets at least one, of one size
   * @param batch images of a batch
   * @param memory bytes of images from disk that may be held at a time
   * @throws UsageError when images come from disk and not even two batches fit into the memory
   */
  constructor(sets: readonly ImageSet[], batch: number, memory = Infinity) {
    this.stored = sets.some(({ pixels, maps }) =>
      [pixels, maps].some((each) => each instanceof PixelsOnDemand),
    );
    // Sets on disk are joined without a copy; sets in memory stay where they are.
    this.#sets = this.stored && sets.length > 1 ? [concatenate("assembly", sets)] : sets;
    this.#memory = memory;
    this.hasMaps = this.#sets.every(({ maps }) => maps !== undefined);
    let count = 0;
    this.#firsts = this.#sets.map((set) => (count += set.count) - set.count);
    const [{ height, width, channels, states, count: first }] = this.#sets;
    this.count = count;
    this.height = height;
    this.width = width;
    this.channels = channels;
    this.outputs = states.length / first;
    if (this.stored) checkMemory(batch, this.bytesEach + (this.hasMaps ? height * width : 0), memory);
  }

  get bytesEach(): number {
    return this.height * this.width * this.channels;
  }

  /** Label states of all images, u8 [N, O]. */
  get states(): Uint8Array {
    return concatenate("assembly", this.#sets).states;
  }

  /** All images of sets in memory, or their label maps, in chunks; each chunk but the last has a multiple of 4 bytes. */
  *chunks(part: "pixels" | "maps" = "pixels"): Generator<Uint8Array, void, undefined> {
    const each = part === "pixels" ? this.bytesEach : this.height * this.width;
    const some = 4 * Math.max(1, Math.floor(pieceBytes / (4 * each)));
    for (let first = 0; first < this.count; first += some) {
      const images = { length: Math.min(some, this.count - first) };
      yield this.#copy(
        Uint32Array.from(images, (_, i) => first + i),
        part,
        each,
      );
    }
  }

  /**
   * Copies of the images at `indices`.
   * @throws DataError when a file of the cache was changed meanwhile
   */
  async read(indices: Uint32Array): Promise<Batch> {
    const [{ pixels, maps }] = this.#sets;
    const read = async (from: Pixels, part: "pixels" | "maps", each: number): Promise<Uint8Array> =>
      from instanceof PixelsOnDemand ? await from.read(indices) : this.#copy(indices, part, each);
    const states = this.#copy(indices, "states", this.outputs);
    return {
      pixels: await read(pixels, "pixels", this.bytesEach),
      states,
      ...(maps === undefined || !this.hasMaps
        ? {}
        : {
            maps: await read(maps, "maps", this.height * this.width),
            known: knownBits(states, this.outputs),
          }),
      count: indices.length,
    };
  }

  /** The batches at `orders`, in their order. Reading ends when the caller leaves the loop early. */
  async *batches(orders: Iterable<Uint32Array>): AsyncGenerator<Batch, void, undefined> {
    const waiting: Promise<Batch>[] = [];
    const rest = orders[Symbol.iterator]();
    let most = 1;
    const ask = (): void => {
      while (waiting.length < most) {
        const next = rest.next();
        if (next.done === true) return;
        const batch = this.read(next.value);
        batch.catch(() => undefined); // whoever takes it sees it
        waiting.push(batch);
      }
    };
    try {
      ask();
      for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
        const taken = await batch;
        // Batches that wait, and the one in use.
        const bytes = taken.pixels.length + (taken.maps?.length ?? 0);
        if (this.stored) most = Math.min(mostAhead, Math.floor(this.#memory / bytes) - 1);
        ask();
        yield taken;
      }
    } finally {
      await Promise.allSettled(waiting);
    }
  }

  /** Closes the files of images on disk. */
  async close(): Promise<void> {
    for (const { pixels, maps } of this.#sets) {
      for (const each of [pixels, maps]) if (each instanceof PixelsOnDemand) await each.close();
    }
  }

  #copy(indices: Uint32Array, part: "pixels" | "states" | "maps", each: number): Uint8Array {
    const copy = new Uint8Array(indices.length * each);
    for (const [i, index] of indices.entries()) {
      const at = this.#firsts.findLastIndex((first) => first <= index);
      const row = index - this.#firsts[at];
      const values = this.#sets[at][part];
      if (values instanceof Uint8Array) copy.set(values.subarray(row * each, (row + 1) * each), i * each);
      else if (values instanceof ArrayPixels) copy.set(values.at(row), i * each);
    }
    return copy;
  }
}

/** The indices of all images in their order, in batches. */
export function* inOrder(count: number, batch: number): Generator<Uint32Array> {
  for (let first = 0; first < count; first += batch) {
    yield Uint32Array.from({ length: Math.min(batch, count - first) }, (_, i) => first + i);
  }
}
