// Brings image files into the cache: threads read, decode and fit each content once for each way that it is read.
import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { DataError } from "../../errors/data-errors.ts";
import { codeOf, messageOf } from "../../files/causes.ts";
import { missingImage } from "../../files/near-files.ts";
import { imageSuffixes } from "../images/image-names.ts";
import { readingKey, type FittedSize, type ImageReading } from "../images/index.ts";
import type { ImageFile } from "../catalogue/listing.ts";
import { Budget } from "./memory-budget.ts";
import { DecodePool } from "./decode-pool.ts";
import type { CachedImage, FileIdentity, ImageCache } from "./image-cache.ts";
import { inLanes } from "./lanes.ts";

const mostWorkers = 16;

export interface FileOptions {
  /** Decoding threads; without, one a core, 16 at most. */
  readonly workers?: number;
  /** The most bytes of file contents to hold, and as many of decoded pixels; one image is always decoded. */
  readonly memory: number;
  readonly skipBad: boolean;
  readonly signal?: AbortSignal;
}

/** A text that two places have in common if they are one file, read in one way. */
export function placeKey({ file, reading = {} }: ImageFile): string {
  const how = readingKey(reading);
  return how === "" ? file : `${file}\0${how}`;
}

/** The result for each image file. */
export interface DecodedFiles {
  /** By placeKey. */
  readonly images: ReadonlyMap<string, CachedImage | DataError>;
  readonly decoded: number;
  readonly bad: number;
}

/**
 * Brings every file that holds an image into the cache.
 *
 * @param files each file once for each way that it is read
 * @param settled called for each file once it is decoded, found in the cache, or known to be bad
 * @throws DataError for the first bad file unless `skipBad`, and for a cache that cannot be written; the signal's reason
 */
export async function decodeFiles(
  files: readonly ImageFile[],
  cache: ImageCache,
  size: FittedSize,
  options: FileOptions,
  settled: (file: ImageFile) => void,
): Promise<DecodedFiles> {
  const images = new Map<string, CachedImage | DataError>();
  const { skipBad, signal } = options;
  const threads = Math.max(1, Math.min(options.workers ?? availableParallelism(), mostWorkers, files.length));
  const decoding = new Decoding(cache, threads, size, options.memory);
  const keys = new Map<ImageFile, string | DataError>();
  let refused = false;
  const work = async (file: ImageFile): Promise<void> => {
    const key = await decoding.key(file);
    keys.set(file, key);
    if (key instanceof DataError && !skipBad) refused = true;
    settled(file);
  };
  try {
    // Two for each thread: one is decoded while the next one is read.
    await inLanes(2 * threads, files, work, () => refused || signal?.aborted === true);
    await cache.flush();
  } finally {
    await decoding.close();
  }
  signal?.throwIfAborted();
  let bad = 0;
  // Files begin in order and those under way are finished, so the first bad file here is the first of all.
  for (const file of files) {
    const key = keys.get(file);
    if (key instanceof DataError) {
      if (!skipBad) throw mendOrSkip(key);
      bad++;
      images.set(placeKey(file), key);
    } else if (key !== undefined) {
      const found = await cache.find(key);
      if (found === undefined) {
        throw changedMeanwhile(cache.folder);
      }
      images.set(placeKey(file), found);
    }
  }
  return { images, decoded: decoding.decoded, bad };
}

function mendOrSkip(bad: DataError): DataError {
  return new DataError(
    bad.file,
    `${bad.reason}; mend or remove it, or add --skip-bad to go on without such images`,
    { cause: bad },
  );
}

export function changedMeanwhile(folder: string): DataError {
  return new DataError(
    folder,
    "was changed by somebody else while it was in use; run again, and it is made anew",
  );
}

/** The files of one run; each image is decoded once. */
class Decoding {
  decoded = 0;
  readonly #cache: ImageCache;
  readonly #makePool: () => DecodePool;
  #pool: DecodePool | undefined;
  readonly #reading: Budget;
  readonly #decoding: Budget;
  /** Images, by key, that are being decoded or are done; the reason for one that cannot be decoded. */
  readonly #begun = new Map<string, Promise<string | undefined>>();

  constructor(cache: ImageCache, threads: number, size: FittedSize, memory: number) {
    this.#cache = cache;
    this.#reading = new Budget(memory);
    this.#decoding = new Budget(memory);
    this.#makePool = () => new DecodePool(threads, size);
  }

  /** Brings a file into the cache. @returns the key of its image, or the reason why it is none */
  async key({ file, reading = {} }: ImageFile): Promise<string | DataError> {
    const before = await identityOf(file, reading);
    if (before instanceof DataError) return before;
    const known = this.#cache.keyOf(before);
    if (known !== undefined && (await this.#cache.find(known)) !== undefined) return known;

    let claim: { readonly settle: (reason: string | undefined) => void } | undefined;
    this.#pool ??= this.#makePool();
    const held = [await this.#reading.take(Number(before.size))];
    let over = false;
    const giveBack = (): void => held.splice(0).forEach((release) => release());
    try {
      const result = await this.#pool.decode(file, reading, async (key, memory) => {
        if (this.#begun.has(key)) return false;
        this.#begun.set(key, new Promise((settle) => (claim = { settle })));
        if ((await this.#cache.find(key)) !== undefined) return false;
        const decoding = await this.#decoding.take(memory);
        giveBack(); // what was read is part of what decoding holds
        held.push(decoding);
        if (over) giveBack(); // its thread was lost meanwhile
        return true;
      });
      giveBack();
      if (result instanceof DataError) {
        claim?.settle(result.reason);
        return result;
      }
      const { key, decoded } = result;
      if (decoded !== undefined) {
        await this.#cache.add(key, decoded.pixelHash, decoded.pixels);
        this.decoded++;
      }
      claim?.settle(undefined);
      const reason = await this.#begun.get(key);
      if (reason !== undefined) return new DataError(file, reason);
      const after = await identityOf(file, reading);
      const same =
        !(after instanceof DataError) && after.mtimeNs === before.mtimeNs && after.size === before.size;
      if (same) this.#cache.noteFile(before, key);
      return key;
    } catch (error) {
      claim?.settle(messageOf(error)); // others wait for it
      throw error;
    } finally {
      over = true;
      giveBack();
    }
  }

  async close(): Promise<void> {
    await this.#pool?.close();
  }
}

async function identityOf(path: string, reading: ImageReading): Promise<FileIdentity | DataError> {
  try {
    const { size, mtimeNs, ino } = await stat(path, { bigint: true });
    return { path, size, mtimeNs, ino, reading };
  } catch (cause) {
    const code = codeOf(cause);
    if (code === "ENOENT")
      return new DataError(path, `does not exist${await missingImage(path, imageSuffixes)}`, { cause });
    if (code === "ENOTDIR")
      return new DataError(path, `does not exist: ${dirname(path)} is no folder`, { cause });
    return new DataError(path, `cannot be read (${messageOf(cause)})`, { cause });
  }
}
