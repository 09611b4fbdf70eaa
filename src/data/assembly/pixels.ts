// From samples to pixels: image files are decoded by threads into the cache on disk, each content once; images of array
// files are in memory already, and stay where they are. What fits is then held in memory, and what does not is read from
// the cache as it is needed.
import {
  aFlag,
  aFunction,
  aNumber,
  aNumberAbove,
  anything,
  aString,
  expectArgument,
  expectOptions,
  required,
  wholeFrom,
  type OptionChecks,
} from "../../errors/arguments.ts";
import { UsageError } from "../../errors/errors.ts";
import type { ImageSet, Pixels } from "./assembly.ts";
import { decodeFiles, placeKey, type DecodedFiles } from "../cache/decode-files.ts";
import {
  bytesOf,
  checkPlace,
  fitArrays,
  hasSize,
  imageIn,
  type ArraySample,
  type FittedImages,
  type Found,
} from "../cache/fit-arrays.ts";
import { ImageCache, type CachedImage } from "../cache/image-cache.ts";
import type { PixelRow } from "../cache/pixel-rows.ts";
import { pixelsAt, StoredPixels } from "../cache/stored-pixels.ts";
import { aCatalogue, type Catalogue } from "../catalogue/catalogue.ts";
import type { ListMaps, Sample, SampleList } from "../catalogue/sample-lists.ts";
import { DataError } from "../../errors/data-errors.ts";
import { hashPixels } from "../images/index.ts";
import { libvipsVersion } from "../images/sharp-package.ts";
import type { ImageFile, PixelArray } from "../catalogue/listing.ts";

export interface DecodeProgress {
  /** Number of samples that are done: decoded, found in the cache, or skipped. */
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
   * The most bytes that the folder of the cache holds; default: 20 GiB. Beyond it the images that were used longest ago go first. Those that a
   * living process uses stay, also where they are more. Infinity: no limit.
   */
  readonly cacheLimit?: number;
  /**
   * The most bytes of pixels to hold, and the most that decoding may take; one image is always decoded. Where all images
   * together need more, those that are in the cache stay on disk: image files, and images of arrays in another size. Array
   * files, such as IDX, are read whole by their formats and stay in memory whatever this says.
   */
  readonly memory: number;
  /** Decoding threads; without, one a core, 16 at most. What they make does not depend on their number. */
  readonly workers?: number;
  /** Whether images that cannot be decoded are left out; else the first of them is an error. */
  readonly skipBad: boolean;
  /** Whether each image is hashed, for which images of arrays are read as well. Default: no. */
  readonly hashes?: boolean;
  /** Whether images to train on keep their names and patients, too, for whoever divides them (`foldsOf`). Default: no. */
  readonly divided?: boolean;
  readonly onProgress?: (progress: DecodeProgress) => void;
  /** Ends the work; what was decoded stays in the cache. */
  readonly signal?: AbortSignal;
}

export const decodeOptions: OptionChecks<DecodeOptions> = {
  cache: required(aString),
  cacheLimit: aNumberAbove(0),
  memory: required(aNumber),
  workers: wholeFrom(1),
  skipBad: required(aFlag),
  hashes: aFlag,
  divided: aFlag,
  onProgress: aFunction,
  signal: anything,
};

export interface DecodedAssembly {
  /** In the order of the catalogue's lists, without the images that were skipped: a set may be empty. */
  readonly sets: readonly ImageSet[];
  /** For each set: the index of each of its images in the list of samples. */
  readonly kept: readonly Uint32Array[];
  /** One for each sample left out. */
  readonly skipped: readonly DataError[];
  /** For each set and kept sample, if asked for: a hash of the source's pixels, before they are resized. */
  readonly hashes: readonly (readonly string[])[];
  readonly decoded: {
    /** Image files decoded now. */
    readonly images: number;
    readonly seconds: number;
    /** Image files that were in the cache already, or have the content of another file. */
    readonly fromCache: number;
    /** Images of array files, each counted once. */
    readonly fromArrays: number;
  };
}

const noFiles: DecodedFiles = { images: new Map(), decoded: 0, bad: 0 };

/** Increased when decoding or fitting changes the pixels, so that old caches are not used. */
const decoderVersion = 1;

/**
 * Brings every sample of a catalogue to the catalogue's image size.
 *
 * @throws DataError for the first image that cannot be decoded (unless `skipBad`), and for a cache that cannot be written;
 *   the signal's reason when it was aborted
 */
export async function decodeAssembly(catalogue: Catalogue, options: DecodeOptions): Promise<DecodedAssembly> {
  expectArgument("decodeAssembly", "the catalogue", catalogue, aCatalogue);
  expectOptions("decodeAssembly", options, decodeOptions);
  const { lists, image } = catalogue;
  const bytesEach = bytesOf(image);
  const total = imageCount(lists);
  const samplesOf = new Map<string, { readonly file: ImageFile; samples: number }>();
  for (const { samples } of lists) {
    for (const { image: place } of samples) {
      if (place.kind !== "file") continue;
      const known = samplesOf.get(placeKey(place));
      if (known === undefined) samplesOf.set(placeKey(place), { file: place, samples: 1 });
      else known.samples++;
    }
  }
  const inArrays = arraySamples(lists);
  const misfits = inArrays.filter(({ array }) => !hasSize(array, image));
  const inFiles = [...samplesOf.values()].reduce((sum, { samples }) => sum + samples, 0);
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
      : await decodeFiles(
          Array.from(samplesOf.values(), ({ file }) => file),
          cache,
          image,
          { ...options, memory: options.memory / 4 },
          (file) => settled(samplesOf.get(placeKey(file))?.samples ?? 0),
        );
  const seconds = (performance.now() - started) / 1000;

  const fitted = await fitArrays(misfits, cache, image, options.memory / 4, options.signal, () => settled(1));

  const skipped: DataError[] = [];
  const kept: { readonly list: SampleList; readonly samples: KeptSample[] }[] = [];
  for (const list of lists) {
    const samples: KeptSample[] = [];
    options.signal?.throwIfAborted();
    for (const [at, sample] of list.samples.entries()) {
      const found = placeOf(sample, files.images, fitted, options.hashes === true);
      if (found instanceof DataError) skipped.push(found);
      else samples.push({ at, ...found });
    }
    kept.push({ list, samples });
  }
  const fits = imageCount(kept) * bytesEach <= options.memory;
  const sparse = sparseHomes(inArrays.filter(({ array }) => hasSize(array, image)));
  const sets: ImageSet[] = [];
  for (const { list, samples } of kept) {
    options.signal?.throwIfAborted();
    const isNamed = list.part !== "train" || options.divided === true;
    sets.push(await setOf(list, samples, image, fits, sparse, isNamed));
  }
  return {
    sets,
    kept: kept.map(({ samples }) => Uint32Array.from(samples, ({ at }) => at)),
    skipped,
    hashes: kept.map(({ samples }) => samples.flatMap(({ pixelHash }) => pixelHash ?? [])),
    decoded: {
      images: files.decoded,
      seconds,
      fromCache: files.images.size - files.decoded - files.bad,
      fromArrays: inArrays.length,
    },
  };
}

interface KeptSample extends Found {
  /** Which sample of its list it is. */
  readonly at: number;
}

type Size = Catalogue["image"];

/** Images of all lists. */
export const imageCount = (lists: readonly { readonly samples: readonly unknown[] }[]): number =>
  lists.reduce((sum, { samples }) => sum + samples.length, 0);

/** Whether images of a catalogue stay on disk, as they are too many for so many bytes. */
export function staysOnDisk({ lists, image }: Catalogue, memory: number): boolean {
  if (imageCount(lists) * bytesOf(image) <= memory) return false;
  return lists.some(({ samples }) =>
    samples.some(({ image: place }) => place.kind === "file" || !hasSize(place.array, image)),
  );
}

/** @throws DataError when it cannot be made */
async function openCache(size: Size, { cache, cacheLimit, memory }: DecodeOptions): Promise<ImageCache> {
  const decoder = JSON.stringify([decoderVersion, await libvipsVersion()]);
  // A quarter, since a shard being filled and a shard being written are held together with what is decoded.
  const shardBytes = Math.min(2 ** 25, Math.max(2 ** 20, memory / 4));
  return await ImageCache.open(cache, { ...size, decoder }, { shardBytes, limit: cacheLimit });
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
  hashed: boolean,
): Found | DataError {
  if (place.kind === "file") {
    const found = files.get(placeKey(place));
    if (found === undefined) throw new Error(`${place.file} was not looked at`);
    return found instanceof DataError ? found : { row: found, pixelHash: found.pixelHash };
  }
  const { array, at } = place;
  const found = fitted.get(array)?.get(at);
  if (found !== undefined) return found;
  checkPlace(array, at);
  const pixelHash = hashed ? hashPixels(imageIn(array, at)) : undefined;
  return { row: { home: array.pixels, slot: at }, pixelHash };
}

/** Copies the used part of arrays of which less than half is used, so that the whole array can be released. */
function sparseHomes(samples: readonly ArraySample[]): ReadonlySet<unknown> {
  const used = new Map<PixelArray, number>();
  for (const { array } of samples) used.set(array, (used.get(array) ?? 0) + 1);
  return new Set([...used].flatMap(([{ count, pixels }, images]) => (2 * images < count ? [pixels] : [])));
}

async function setOf(
  list: SampleList,
  samples: readonly KeptSample[],
  image: Size,
  fits: boolean,
  sparse: ReadonlySet<unknown>,
  isNamed: boolean,
): Promise<ImageSet> {
  const classes = list.states.length / list.samples.length;
  const states = new Uint8Array(samples.length * classes);
  for (const [i, { at }] of samples.entries()) {
    states.set(list.states.subarray(at * classes, (at + 1) * classes), i * classes);
  }
  const { height, width, channels } = image;
  const rows = samples.map(({ row }) => row);
  const pixels = await hold(bytesOf(image), rows, fits, sparse);
  const { source } = list;
  const set = {
    ...{ source, count: samples.length, height, width, channels, pixels, states },
    ...(list.masks === undefined ? {} : mapsAt(list.masks, samples, height * width)),
  };
  // Metrics, reports and folds need patients and names; a run that learns from a set does not, and is the same with other ones.
  if (!isNamed) return set;
  // Names of patients are often numbers, which mean different people in different sources.
  const patients = samples.map(({ at }) => {
    const { patient } = list.samples[at];
    return patient === undefined ? undefined : `${list.patientsOf ?? source}/${patient}`;
  });
  const ids = samples.map(({ at }) => list.samples[at].id);
  return { ...set, ids, ...(patients.every((each) => each === undefined) ? {} : { patients }) };
}

/** The label maps of the samples that are left; they stay where they are. */
function mapsAt(
  { maps, voxelVolumes }: ListMaps,
  samples: readonly KeptSample[],
  bytesEach: number,
): Pick<ImageSet, "maps" | "voxelVolumes"> {
  const isWhole = samples.length * bytesEach === maps.length;
  return {
    maps: isWhole
      ? maps
      : pixelsAt(
          bytesEach,
          samples.map(({ at }) => ({ home: maps, slot: at })),
        ),
    ...(voxelVolumes === undefined
      ? {}
      : { voxelVolumes: Float64Array.from(samples, ({ at }) => voxelVolumes[at]) }),
  };
}

/** Images of arrays stay where they are; those on disk are loaded into memory if all fit. */
async function hold(
  bytesEach: number,
  rows: readonly PixelRow[],
  fits: boolean,
  sparse: ReadonlySet<unknown>,
): Promise<Pixels> {
  const [first] = rows;
  const inOneRow = rows.every(({ home, slot }, i) => home === first.home && slot === first.slot + i);
  if (rows.length > 0 && inOneRow && typeof first.home !== "string" && !sparse.has(first.home)) {
    return first.home.subarray(first.slot * bytesEach, (first.slot + rows.length) * bytesEach);
  }
  const pixels = pixelsAt(bytesEach, rows);
  if (!(pixels instanceof StoredPixels)) {
    return rows.some(({ home }) => sparse.has(home)) ? pixels.copy(rows.keys()) : pixels;
  }
  if (!fits) return pixels;
  const read = await pixels.read(Uint32Array.from(rows.keys()));
  await pixels.close();
  return read;
}
