// Brings image files into the cache: threads read, decode and fit each content once.
import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { DataError } from "../../errors/data-errors.ts";
import { codeOf, messageOf } from "../../files/causes.ts";
import { missingImage } from "../../files/near-files.ts";
import type { FittedSize } from "../images/index.ts";
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

/** The result for each image file. */
export interface DecodedFiles {
  readonly images: ReadonlyMap<string, CachedImage | DataError>;
  readonly decoded: number;
  readonly bad: number;
}

/**
 * Brings every file that holds an image into the cache.
 *
 * @param settled called for each file once it is decoded, found in the cache, or known to be bad
 * @throws DataError for the first bad file unless `skipBad`, and for a cache that cannot be written; the signal's reason
 */
export async function decodeFiles(
  files: readonly string[],
  cache: ImageCache,
  size: FittedSize,
  options: FileOptions,
  settled: (file: string) => void,
): Promise<DecodedFiles> {
  const images = new Map<string, CachedImage | DataError>();
  const { skipBad, signal } = options;
  const threads = Math.max(1, Math.min(options.workers ?? availableParallelism(), mostWorkers, files.length));
  const decoding = new Decoding(cache, threads, size, options.memory);
  const contents = new Map<string, string | DataError>();
  let refused = false;
  const work = async (file: string): Promise<void> => {
    const content = await decoding.content(file);
    contents.set(file, content);
    if (content instanceof DataError && !skipBad) refused = true;
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
    const content = contents.get(file);
    if (content instanceof DataError) {
      if (!skipBad) throw mendOrSkip(content);
      bad++;
      images.set(file, content);
    } else if (content !== undefined) {
      const found = await cache.find(content);
      if (found === undefined) {
        throw changedMeanwhile(cache.folder);
      }
      images.set(file, found);
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

/** The files of one run; each content is decoded once. */
class Decoding {
  decoded = 0;
  readonly #cache: ImageCache;
  readonly #makePool: () => DecodePool;
  #pool: DecodePool | undefined;
  readonly #reading: Budget;
  readonly #decoding: Budget;
  /** Contents that are being decoded or are done; the reason for one that cannot be decoded. */
  readonly #contents = new Map<string, Promise<string | undefined>>();

  constructor(cache: ImageCache, threads: number, size: FittedSize, memory: number) {
    this.#cache = cache;
    this.#reading = new Budget(memory);
    this.#decoding = new Budget(memory);
    this.#makePool = () => new DecodePool(threads, size);
  }

  /** Brings a file into the cache. @returns the SHA-256 of its content, or the reason why it is no image */
  async content(file: string): Promise<string | DataError> {
    const before = await identityOf(file);
    if (before instanceof DataError) return before;
    const known = this.#cache.contentOf(before);
    if (known !== undefined && (await this.#cache.find(known)) !== undefined) return known;

    let claim: { readonly settle: (reason: string | undefined) => void } | undefined;
    this.#pool ??= this.#makePool();
    const held = [await this.#reading.take(Number(before.size))];
    let over = false;
    const giveBack = (): void => held.splice(0).forEach((release) => release());
    try {
      const result = await this.#pool.decode(file, async (content, memory) => {
        if (this.#contents.has(content)) return false;
        this.#contents.set(content, new Promise((settle) => (claim = { settle })));
        if ((await this.#cache.find(content)) !== undefined) return false;
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
      const { content, decoded } = result;
      if (decoded !== undefined) {
        await this.#cache.add(content, decoded.pixelHash, decoded.pixels);
        this.decoded++;
      }
      claim?.settle(undefined);
      const reason = await this.#contents.get(content);
      if (reason !== undefined) return new DataError(file, reason);
      const after = await identityOf(file);
      const same =
        !(after instanceof DataError) && after.mtimeNs === before.mtimeNs && after.size === before.size;
      if (same) this.#cache.noteFile(before, content);
      return content;
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

async function identityOf(path: string): Promise<FileIdentity | DataError> {
  try {
    const { size, mtimeNs, ino } = await stat(path, { bigint: true });
    return { path, size, mtimeNs, ino };
  } catch (cause) {
    const code = codeOf(cause);
    if (code === "ENOENT") return new DataError(path, `does not exist${await missingImage(path)}`, { cause });
    if (code === "ENOTDIR")
      return new DataError(path, `does not exist: ${dirname(path)} is no folder`, { cause });
    return new DataError(path, `cannot be read (${messageOf(cause)})`, { cause });
  }
}
