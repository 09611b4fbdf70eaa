// Passes of a network over images, a batch at a time.

import type { ImageSet } from "../data/assembly/assembly.ts";
import { ImageReader, inOrder } from "../data/assembly/image-reader.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";

export interface PassOptions {
  /** Ends the work before the next batch. */
  readonly signal?: AbortSignal | undefined;
  /** Bytes of images that may be held at a time, where they are on disk. */
  readonly memory?: number | undefined;
  /** Told after each batch. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

export interface ImageBatch {
  readonly count: number;
  /** Images that came before. */
  readonly first: number;
  /** u8 [B, H, W, C] */
  readonly pixels: Uint8Array;
  /** u8 [B, H, W], of sets with label maps. */
  readonly maps?: Uint8Array;
  /** The pixels as a tensor, in the scope of the call. */
  readonly images: () => Tensor;
}

/**
 * The images at `orders`, a batch each. The next one is handed out, and progress told, when the caller is done with the last.
 *
 * @param batchSize images of a batch at most
 * @throws the signal's reason when it ended the work; DataError when a file of the cache was changed meanwhile
 */
export async function* imageBatches(
  engine: Engine,
  sets: readonly ImageSet[],
  orders: readonly Uint32Array[],
  batchSize: number,
  { signal, memory, progress }: PassOptions,
): AsyncGenerator<ImageBatch, void, undefined> {
  const total = orders.reduce((sum, { length }) => sum + length, 0);
  const reader = new ImageReader(sets, batchSize, memory);
  const { height, width, channels } = reader;
  try {
    let first = 0;
    for await (const { pixels, maps, count } of reader.batches(orders)) {
      signal?.throwIfAborted();
      const images = (): Tensor => engine.tensor(pixels, [count, height, width, channels], "u8");
      yield { count, first, pixels, images, ...(maps === undefined ? {} : { maps }) };
      first += count;
      progress?.(first, total);
    }
  } finally {
    await reader.close();
  }
}

/**
 * What a network makes of each image of a set, in their order.
 *
 * @param width values of an image
 * @param rowsOf [B, width] of a batch
 * @returns [N, width]
 * @throws the signal's reason when it ended the work; DataError when a file of the cache was changed meanwhile
 */
export async function rowsInBatches(
  engine: Engine,
  set: ImageSet,
  width: number,
  batchSize: number,
  options: PassOptions,
  rowsOf: (batch: ImageBatch) => Promise<ArrayLike<number>>,
): Promise<Float32Array> {
  const rows = new Float32Array(set.count * width);
  const orders = [...inOrder(set.count, batchSize)];
  for await (const batch of imageBatches(engine, [set], orders, batchSize, options)) {
    rows.set(await rowsOf(batch), batch.first * width);
  }
  return rows;
}
