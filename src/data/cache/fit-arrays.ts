// Resizes images of array files into the cache, each content once.
import { DataError } from "../../errors/data-errors.ts";
import { fitImage, hashPixels, type DecodedImage, type FittedSize } from "../images/index.ts";
import type { PixelArray } from "../catalogue/listing.ts";
import { changedMeanwhile } from "./decode-files.ts";
import type { ImageCache } from "./image-cache.ts";
import type { PixelRow } from "./pixel-rows.ts";

/** Images of arrays that are resized at a time: the library does it on threads of its own. */
const fittedTogether = 64;

/** Where a sample's pixels are, in the size asked for. */
export interface Found {
  readonly row: PixelRow;
  /** Undefined where hashes were not asked for. */
  readonly pixelHash: string | undefined;
}

export interface ArraySample {
  readonly array: PixelArray;
  readonly at: number;
}

/** Whether the images of an array are used as they lie in it. Those that are read on demand go to the cache in any size. */
export const hasSize = (array: PixelArray, { height, width, channels }: FittedSize): boolean =>
  array.onDemand === undefined &&
  array.height === height &&
  array.width === width &&
  array.channels === channels;

/** Bytes of one image. */
export const bytesOf = ({ height, width, channels }: FittedSize): number => height * width * channels;

/** Images of arrays in the size asked for, by array and index. */
export type FittedImages = ReadonlyMap<PixelArray, ReadonlyMap<number, Found>>;

/**
 * Resizes images of arrays into the cache, each content once; without a cache, into memory.
 * @param memory bytes of images that are worked on at a time, about
 */
export async function fitArrays(
  samples: readonly ArraySample[],
  cache: ImageCache | undefined,
  size: FittedSize,
  memory: number,
  signal: AbortSignal | undefined,
  settled: () => void,
): Promise<FittedImages> {
  const hashes: string[] = [];
  const inMemory = new Map<string, PixelRow>();
  const begun = new Set<string>();
  const fit = async ({ array, at }: ArraySample, i: number): Promise<void> => {
    const image = imageIn(array, at);
    const hash = (hashes[i] = hashPixels(image));
    if (begun.has(hash)) return;
    begun.add(hash);
    if (cache === undefined) inMemory.set(hash, { home: await fitImage(image, size), slot: 0 });
    else if ((await cache.find(hash)) === undefined) {
      await cache.add(hash, hash, await fitImage(image, size));
    }
  };
  const largest = samples.reduce((most, { array }) => Math.max(most, bytesOf(array)), bytesOf(size));
  // The image, a copy of it, and what it becomes.
  const together = Math.max(1, Math.min(fittedTogether, Math.floor(memory / (3 * largest))));
  for (let first = 0; first < samples.length; first += together) {
    signal?.throwIfAborted();
    const some = samples.slice(first, first + together);
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

/** A copy of one image of an array. @throws DataError when the array ends before it */
export function imageIn(array: PixelArray, at: number): DecodedImage {
  checkPlace(array, at);
  const { height, width, channels } = array;
  const bytes = bytesOf(array);
  return { height, width, channels, pixels: array.pixels.slice(at * bytes, (at + 1) * bytes) };
}

/** @throws DataError when the array ends before the image */
export function checkPlace(array: PixelArray, at: number): void {
  if (at < array.count && (at + 1) * bytesOf(array) <= array.pixels.length) return;
  throw new DataError(array.file, `has no image ${at}`, { record: at });
}
