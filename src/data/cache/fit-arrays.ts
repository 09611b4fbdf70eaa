// Images of arrays that have another size than asked for: resized into the cache, each content once.
import { DataError } from "../failures.ts";
import { fitImage, hashPixels } from "../images/index.ts";
import type { PixelArray } from "../listing.ts";
import type { ImageSize } from "./decode-worker.ts";
import { changedMeanwhile } from "./decode-files.ts";
import type { ImageCache } from "./image-cache.ts";
import type { PixelRow } from "./stored-pixels.ts";

/** Images of arrays that are resized at a time: the library does it on threads of its own. */
const fittedTogether = 64;

/** Where a sample's pixels are, in the size asked for. */
export interface Found {
  readonly row: PixelRow;
  readonly pixelHash: string;
}

export interface ArraySample {
  readonly array: PixelArray;
  readonly at: number;
}

export const hasSize = (array: PixelArray, { height, width, channels }: ImageSize): boolean =>
  array.height === height && array.width === width && array.channels === channels;

/** Images of arrays in the size asked for, by array and index. */
export type FittedImages = ReadonlyMap<PixelArray, ReadonlyMap<number, Found>>;

/** Resizes images of arrays into the cache, each content once; without a cache, into memory. */
export async function fitArrays(
  samples: readonly ArraySample[],
  cache: ImageCache | undefined,
  size: ImageSize,
  signal: AbortSignal | undefined,
  settled: () => void,
): Promise<FittedImages> {
  const hashes: string[] = [];
  const inMemory = new Map<string, PixelRow>();
  const begun = new Set<string>();
  const fit = async ({ array, at }: ArraySample, i: number): Promise<void> => {
    const image = { ...array, pixels: imageAt(array, at) };
    const hash = (hashes[i] = hashPixels(image));
    if (begun.has(hash)) return;
    begun.add(hash);
    if (cache === undefined) inMemory.set(hash, { home: await fitImage(image, size), slot: 0 });
    else if ((await cache.find(hash)) === undefined) {
      await cache.add(hash, hash, await fitImage(image, size));
    }
  };
  for (let first = 0; first < samples.length; first += fittedTogether) {
    signal?.throwIfAborted();
    const some = samples.slice(first, first + fittedTogether);
    await Promise.all(some.map((sample, i) => fit(sample, first + i)));
    some.forEach(settled);
  }
  await cache?.flush();
  const fitted = new Map<PixelArray, Map<number, Found>>();
  for (const [i, { array, at }] of samples.entries()) {
    const row = inMemory.get(hashes[i]) ?? (await cache?.find(hashes[i]));
    if (row === undefined) throw changedMeanwhile(cache?.folder ?? array.file);
    const places = fitted.get(array) ?? new Map<number, Found>();
    fitted.set(array, places.set(at, { row, pixelHash: hashes[i] }));
  }
  return fitted;
}

/** @throws DataError when the array ends before it */
export function imageAt(
  { file, count, height, width, channels, pixels }: PixelArray,
  at: number,
): Uint8Array<ArrayBuffer> {
  const bytes = height * width * channels;
  if (at >= count || (at + 1) * bytes > pixels.length)
    throw new DataError(file, `has no image ${at}`, { record: at });
  return pixels.slice(at * bytes, (at + 1) * bytes);
}
