// From samples to pixels: image files are decoded by threads into the cache on disk, each content once; images of array
// files are in memory already. What fits is then held in memory, and what does not is read from the cache as it is needed.
import sharp from "sharp";
import { UsageError } from "../device/errors.ts";
import type { ImageSet, Pixels } from "./assembly.ts";
import { decodeFiles, type DecodedFiles } from "./cache/decode-files.ts";
import {
  fitArrays,
  hasSize,
  imageAt,
  type ArraySample,
  type FittedImages,
  type Found,
} from "./cache/fit-arrays.ts";
import { ImageCache, type CachedImage } from "./cache/image-cache.ts";
import { StoredPixels } from "./cache/stored-pixels.ts";
import type { Catalogue, Sample, SampleList } from "./catalogue.ts";
import { DataError } from "./failures.ts";
import { hashPixels } from "./images/index.ts";
import type { PixelArray } from "./listing.ts";

export interface DecodeProgress {
  /** Samples that are settled: decoded, found in the cache, or skipped. */
  readonly done: number;
  readonly total: number;
}

export interface DecodeOptions {
  /**
   * Folder of the cache; made when it is needed. "" where there is none: then images of arrays are resized in memory, and
   * image files cannot be decoded.
   */
  readonly cache: string;
  /**
   * The most bytes of pixels to hold. Where all images together need more, those that are in the cache stay on disk:
   * image files, and images of arrays in another size. Array files (IDX, CIFAR, MedMNIST) are read whole by their formats
   * and stay in memory whatever this says.
   */
  readonly memory: number;
  /** Decoding threads; without, one a core, 16 at most. What they make does not depend on their number. */
  readonly workers?: number;
  /** Whether images that cannot be decoded are left out; else the first of them is an error. */
  readonly skipBad: boolean;
  readonly onProgress?: (progress: DecodeProgress) => void;
  /** Ends the work; what was decoded stays in the cache. */
  readonly signal?: AbortSignal;
}

export interface DecodedAssembly {
  /** In the order of the catalogue's lists, without the images that were skipped. */
  readonly sets: readonly ImageSet[];
  /** One for each sample left out. */
  readonly skipped: readonly DataError[];
  /** By set, by kept sample: a hash of the pixels as the source has them, before they are resized. */
  readonly hashes: readonly (readonly string[])[];
  readonly decoded: {
    /** Image files decoded now. */
    readonly images: number;
    readonly seconds: number;
    /** Image files that were known already, or hold what another one holds. */
    readonly fromCache: number;
  };
}

const noFiles: DecodedFiles = { images: new Map(), decoded: 0, bad: 0 };

/** Counts up when decoding or fitting gives other pixels than before, so that old caches are not used. */
const decoderVersion = 1;

/**
 * Brings every sample of a catalogue to the catalogue's image size.
 *
 * @throws DataError for the first image that cannot be decoded (unless `skipBad`), for a source without any that can, and
 *   for a cache that cannot be written; the signal's reason when it was aborted
 */
export async function decodeAssembly(catalogue: Catalogue, options: DecodeOptions): Promise<DecodedAssembly> {
  const { lists, image } = catalogue;
  const bytesEach = image.height * image.width * image.channels;
  const total = lists.reduce((sum, { samples }) => sum + samples.length, 0);
  const samplesOf = new Map<string, number>();
  for (const { samples } of lists) {
    for (const { image: place } of samples) {
      if (place.kind === "file") samplesOf.set(place.file, (samplesOf.get(place.file) ?? 0) + 1);
    }
  }
  const misfits = arraySamples(lists).filter(({ array }) => !hasSize(array, image));
  const inFiles = [...samplesOf.values()].reduce((sum, samples) => sum + samples, 0);
  let done = total - inFiles - misfits.length; // those that are as they should be already
  const settled = (samples: number): void => options.onProgress?.({ done: (done += samples), total });

  if (samplesOf.size > 0 && options.cache === "") {
    throw new UsageError("images of files are decoded into a cache on disk: name its folder under cache");
  }
  const started = performance.now();
  const cached = samplesOf.size > 0 || (misfits.length > 0 && options.cache !== "");
  const cache = cached ? await openCache(image, options) : undefined;
  const files =
    cache === undefined
      ? noFiles
      : await decodeFiles([...samplesOf.keys()], cache, image, options, (file) =>
          settled(samplesOf.get(file) ?? 0),
        );
  const seconds = (performance.now() - started) / 1000;

  const fitted = await fitArrays(misfits, cache, image, options.signal, () => settled(1));

  const skipped: DataError[] = [];
  const kept: { readonly list: SampleList; readonly samples: KeptSample[] }[] = [];
  for (const list of lists) {
    const samples: KeptSample[] = [];
    const before = skipped.length;
    options.signal?.throwIfAborted();
    for (const [at, sample] of list.samples.entries()) {
      const found = placeOf(sample, files.images, fitted);
      if (found instanceof DataError) skipped.push(found);
      else samples.push({ at, ...found });
    }
    if (samples.length === 0 && list.samples.length > 0) {
      throw new DataError(
        list.source,
        `none of its ${list.samples.length} images can be decoded; the first: ${skipped[before].message}`,
      );
    }
    kept.push({ list, samples });
  }
  const fits = kept.reduce((sum, { samples }) => sum + samples.length, 0) * bytesEach <= options.memory;
  const sets: ImageSet[] = [];
  for (const { list, samples } of kept) {
    options.signal?.throwIfAborted();
    sets.push(await setOf(list, samples, image, fits));
  }
  return {
    sets,
    skipped,
    hashes: kept.map(({ samples }) => samples.map(({ pixelHash }) => pixelHash)),
    decoded: { images: files.decoded, seconds, fromCache: files.images.size - files.decoded - files.bad },
  };
}

interface KeptSample extends Found {
  /** Which sample of its list it is. */
  readonly at: number;
}

type Size = Catalogue["image"];

/** @throws DataError when it cannot be made */
async function openCache(size: Size, { cache, memory }: DecodeOptions): Promise<ImageCache> {
  const decoder = JSON.stringify([decoderVersion, sharp.versions.vips]);
  // A quarter, since a shard that is being filled and one that is being written are there together with what is decoded.
  const shardBytes = Math.min(2 ** 25, Math.max(2 ** 20, memory / 4));
  return await ImageCache.open(cache, { ...size, decoder }, { shardBytes });
}

/** The samples of arrays, each once. */
function arraySamples(lists: readonly SampleList[]): ArraySample[] {
  const seen = new Map<PixelArray, Set<number>>();
  const found: ArraySample[] = [];
  for (const { samples } of lists) {
    for (const { image: place } of samples) {
      if (place.kind !== "array") continue;
      const places = seen.get(place.array) ?? new Set();
      seen.set(place.array, places);
      if (!places.has(place.at)) found.push(place);
      places.add(place.at);
    }
  }
  return found;
}

function placeOf(
  { image: place }: Sample,
  files: ReadonlyMap<string, CachedImage | DataError>,
  fitted: FittedImages,
): Found | DataError {
  if (place.kind === "file") {
    const found = files.get(place.file);
    if (found === undefined) throw new Error(`${place.file} was not looked at`);
    return found instanceof DataError ? found : { row: found, pixelHash: found.pixelHash };
  }
  const { array, at } = place;
  const found = fitted.get(array)?.get(at);
  if (found !== undefined) return found;
  const pixelHash = hashPixels({ ...array, pixels: imageAt(array, at) });
  return { row: { home: array.pixels, slot: at }, pixelHash };
}

async function setOf(
  list: SampleList,
  samples: readonly KeptSample[],
  image: Size,
  fits: boolean,
): Promise<ImageSet> {
  const classes = list.states.length / list.samples.length;
  const states = new Uint8Array(samples.length * classes);
  for (const [i, { at }] of samples.entries()) {
    states.set(list.states.subarray(at * classes, (at + 1) * classes), i * classes);
  }
  const rows = samples.map(({ row }) => row);
  const stored = new StoredPixels(image.height * image.width * image.channels, rows);
  const onDisk = rows.some(({ home }) => typeof home === "string");
  let pixels: Pixels = stored;
  if (fits || !onDisk) {
    pixels = await stored.read(Uint32Array.from(rows, (_, i) => i));
    await stored.close();
  }
  const { height, width, channels } = image;
  const { source } = list;
  // Sources know nothing of each other's patients, whose names are often numbers.
  const patients = samples.map(({ at }) => {
    const { patient } = list.samples[at];
    return patient === undefined ? undefined : `${source}/${patient}`;
  });
  return {
    ...{ source, count: samples.length, height, width, channels, pixels, states },
    // Metrics ask for them, and nothing is measured on what is trained on.
    ...(list.part === "train" || patients.every((each) => each === undefined) ? {} : { patients }),
  };
}
