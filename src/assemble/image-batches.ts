// Passes of a network over a set of images, a batch at a time.

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
  /** Index of its first image in the set. */
  readonly first: number;
  /** u8 [B, H, W, C], in the scope of the call. */
  readonly images: () => Tensor;
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
  const reader = new ImageReader([set], batchSize, options.memory);
  try {
    let first = 0;
    for await (const { pixels, count } of reader.batches(inOrder(set.count, batchSize))) {
      options.signal?.throwIfAborted();
      const shape = [count, set.height, set.width, set.channels];
      const images = (): Tensor => engine.tensor(pixels, shape, "u8");
      rows.set(await rowsOf({ count, first, images }), first * width);
      first += count;
      options.progress?.(first, set.count);
    }
  } finally {
    await reader.close();
  }
  return rows;
}
