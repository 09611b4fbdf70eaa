// From a manifest to the assembly that a run trains on: listed, decoded, checked, with somebody watching.

import "../errors/disposal.ts";
import { join } from "node:path";
import { totalmem } from "node:os";
import type { Manifest } from "../assemble/training-manifest.ts";
import type { Assembly } from "../data/assembly/assembly.ts";
import { checkMemory } from "../data/assembly/image-reader.ts";
import { assembled } from "../data/assembly/load.ts";
import {
  decodeAssembly,
  imageCount,
  staysOnDisk,
  type DecodedAssembly,
  type DecodeOptions,
} from "../data/assembly/pixels.ts";
import { catalogue, type Catalogue, type CatalogueOptions } from "../data/catalogue/catalogue.ts";
import { usualCacheLimit } from "../data/cache/cache-room.ts";
import { UsageError } from "../errors/errors.ts";
import { bytesIn } from "../files/byte-sizes.ts";
import { readingKey, type ImageReading } from "../data/images/image.ts";
import { coverageOf, type LabelCoverage } from "../data/inspection/counts.ts";
import { mirrorWarnings } from "../assemble/mirrored-classes.ts";
import { warningLines, warningsOf } from "../data/inspection/warnings.ts";
import { pixelRemarks } from "../data/inspection/grey-ranges.ts";
import type { DataManifest } from "../data/manifest/manifest.ts";
import { sliceOf, type VolumeReading } from "../data/volumes/volume-slices.ts";
import { pixelDigest } from "./pixel-digest.ts";
import type { CountWork, RunObserver, WorkCounter } from "./run-observer.ts";
import { cacheFolder } from "./tuning-file.ts";

export interface LoadingOptions {
  readonly dataRoot: string;
  /** Images of each source at most. */
  readonly limit?: number | undefined;
  readonly seed: number;
  /** Bytes of images to hold at a time. */
  readonly memory: number;
  /** Folder of decoded images; default: in the user's cache folder. */
  readonly cache?: string | undefined;
  /** Whether records and images that cannot be read are left out. */
  readonly skipBad: boolean;
  /** Whether files are read that symbolic links lead to out of the data root; default: false. */
  readonly followLinks?: boolean | undefined;
  /** Whether images that are set apart to test on are left alone, and need not be there; those to train on stand in their place. */
  readonly untested?: boolean | undefined;
}

export interface Loaded {
  readonly assembly: Assembly;
  /** What was left out, one line for each. */
  readonly skipped: readonly string[];
  /** Number of image files. */
  readonly decoded: { readonly images: number; readonly fromCache: number };
  /** Which labels each source has, by part. */
  readonly coverage: readonly LabelCoverage[];
  /** A digest of what the images show: pixel-digest.ts. */
  readonly pixels: string;
  /** How the image files to train on are read, each way once; none where the manifest says nothing of their numbers. */
  readonly readings: readonly ImageReading[];
  /** How the volumes to train on are cut and shown, each way once. */
  readonly volumes: readonly VolumeReading[];
}

/** Images of a list on disk whose pixels are looked at before a training; `tessera inspect` looks at all. */
const mostLookedAt = 1000;

/** Default of --memory in bytes: a quarter of the machine's memory. */
export const defaultMemory = (): number => Math.floor(totalmem() / 4);

/** Where decoded images are kept unless somebody names another folder. */
export const imageCacheFolder = (): string => join(cacheFolder(), "images");

/**
 * The most bytes of decoded images that are kept, from TESSERA_CACHE_LIMIT; default: 20 GiB.
 * @throws UsageError where it is no size
 */
export function imageCacheLimit(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): number {
  const text = environment["TESSERA_CACHE_LIMIT"];
  if (text === undefined || text === "") return usualCacheLimit;
  if (text === "none") return Infinity;
  const bytes = bytesIn(text);
  if (bytes !== undefined && bytes > 0) return bytes;
  throw new UsageError(
    `TESSERA_CACHE_LIMIT is ${JSON.stringify(text)}; say the most that decoded images may take on disk, such as 50GiB or 5GB, or none`,
  );
}

/** How the image files to train on are read: `Loaded.readings`. */
export const readingsOf = ({ lists }: Pick<Catalogue, "lists">): readonly ImageReading[] =>
  distinctReadings(
    lists
      .filter(({ part }) => part === "train")
      .flatMap(({ samples }) => samples)
      .flatMap(({ image }) => (image.kind === "file" ? [image.reading ?? {}] : [])),
  );

/** Each way of reading once; none where no one says anything. */
export function distinctReadings(readings: readonly ImageReading[]): readonly ImageReading[] {
  const found = new Map(readings.map((reading) => [readingKey(reading), reading]));
  return [...found.keys()].every((key) => key === "") ? [] : [...found.values()];
}

/** How the volumes to train on are cut and shown: `Loaded.volumes`. */
export const volumeReadingsOf = ({ lists }: Pick<Catalogue, "lists">): readonly VolumeReading[] =>
  distinctVolumeReadings(
    lists
      .filter(({ part }) => part === "train")
      .flatMap(({ samples }) => samples.flatMap(({ image }) => sliceOf(image)?.volume.reading ?? [])),
  );

/** Each way of cutting and showing volumes once. */
export const distinctVolumeReadings = (readings: readonly VolumeReading[]): readonly VolumeReading[] => [
  ...new Map(readings.map((reading) => [JSON.stringify([reading.axis, reading.window]), reading])).values(),
];

/** Lists what a manifest selects, with progress where images are drawn or opened for it. */
export async function listImages(
  manifest: DataManifest,
  options: CatalogueOptions,
  count?: CountWork,
): Promise<Catalogue> {
  let counter: { readonly work: string; readonly counter: WorkCounter | undefined } | undefined;
  const update = (work: string, done: number, total: number): void => {
    if (counter?.work !== work) {
      counter?.counter?.[Symbol.dispose]();
      counter = { work, counter: count?.(work, total) };
    }
    counter.counter?.update(done, total);
  };
  try {
    return await catalogue(manifest, {
      ...options,
      onDrawn: (entry, done, total) => update(`drawing ${entry}`, done, total),
      onOpened: (entry, done, total) => update(`patients of ${entry}`, done, total),
      onMask: (entry, done, total) => update(`masks of ${entry}`, done, total),
    });
  } finally {
    counter?.counter?.[Symbol.dispose]();
  }
}

/** Decodes what was listed, with progress. @throws as `decodeAssembly` */
export async function decodeImages(
  selected: Catalogue,
  options: Omit<DecodeOptions, "onProgress">,
  count?: CountWork,
): Promise<DecodedAssembly> {
  const total = imageCount(selected.lists);
  using counter = count?.("reading images", total);
  return await decodeAssembly(selected, {
    cacheLimit: imageCacheLimit(),
    ...options,
    onProgress: ({ done }) => counter?.update(done, total),
  });
}

/**
 * Lists and decodes what a manifest selects. What is odd about its labels is warned of before anything is decoded.
 * @throws DataError, ManifestError as `catalogue` and `decodeAssembly`; UsageError before anything is decoded when images
 *   stay on disk and the memory does not hold two batches; the signal's reason when it was aborted
 */
export async function loadImages(
  manifest: Manifest,
  options: LoadingOptions,
  { count, loaded, warn }: Pick<RunObserver, "count" | "loaded" | "warn">,
  signal: AbortSignal | undefined,
): Promise<Loaded> {
  const { dataRoot, seed, limit, memory, skipBad, followLinks, untested = false } = options;
  const { cache = imageCacheFolder() } = options;
  const listing = { dataRoot, seed, limit, skipBad, followLinks, untested };
  const listed = await listImages(manifest, listing, count);
  const selected = untested
    ? { ...listed, lists: listed.lists.filter(({ part }) => part !== "test") }
    : listed;
  if (warn !== undefined) {
    const mirrored = mirrorWarnings(manifest.classes, manifest.augment.weak.flip);
    for (const line of warningLines([...mirrored, ...warningsOf(manifest, selected)])) warn(line);
  }
  if (staysOnDisk(selected, memory)) {
    const { height, width, channels } = selected.image;
    const training = imageCount(selected.lists.filter(({ part }) => part === "train"));
    const planes = channels + (manifest.task === "segmentation" ? 1 : 0); // a label map beside each image
    checkMemory(Math.min(manifest.train.batch, training), height * width * planes, memory);
  }
  const decoding = {
    cache,
    memory,
    skipBad,
    hashes: true,
    divided: untested,
    ...(signal === undefined ? {} : { signal }),
  };
  const result = await decodeImages(selected, decoding, hasFiles(selected) ? count : undefined);
  loaded?.(selected, result);
  if (warn !== undefined) {
    for (const { sentence } of await pixelRemarks(selected, result, mostLookedAt))
      warn(`warning: ${sentence}`);
  }
  const { images, fromCache } = result.decoded;
  return {
    assembly: assembled(selected, result, manifest.learns),
    skipped: [...selected.skipped, ...result.skipped].map(({ message }) => message),
    decoded: { images, fromCache },
    coverage: selected.lists.map((list, i) =>
      coverageOf(list, result.sets[i].states, selected.classes.length),
    ),
    pixels: pixelDigest(selected.lists, result.hashes),
    readings: readingsOf(selected),
    volumes: volumeReadingsOf(selected),
  };
}

/** Whether some images are files, which are decoded; others lie in arrays, or are drawn. */
export const hasFiles = ({ lists }: Catalogue): boolean =>
  lists.some(({ samples }) => samples.some(({ image }) => image.kind === "file"));
