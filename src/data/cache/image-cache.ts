// The cache of decoded images on disk. It is keyed by content as git is: an image is known by the SHA-256 of its file's
// bytes, or, where these do not decide its pixels alone, of that and how they are read (`imageKey`), wherever the file is;
// and a file that looks as it did (path, size, time, inode) is not read at all.
//
//     <folder>/<settings>/shards/<SHA-256 of the shard>.u8     images one after the other
//     <folder>/<settings>/index/<SHA-256 of the segment>.json  what a shard holds; see segment.ts
//
// Nothing is written twice or changed. A shard without its segment is never used, a segment is written after its shard,
// and both are checked against their names before they are: whatever was interrupted or damaged is decoded again.
import { createHash } from "node:crypto";
import { readFile, readdir, rm, stat, utimes } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { DataError } from "../../errors/data-errors.ts";
import { codeOf, messageOf } from "../../files/causes.ts";
import { makeFolders } from "../../files/folders.ts";
import { sweep, writeWhole, type WriteBytes } from "../../files/whole-files.ts";
import { readingKey, type FittedSize, type ImageReading } from "../images/index.ts";
import { makeRoom, usualCacheLimit } from "./cache-room.ts";
import { noteUse } from "./leases.ts";
import { readSegment, sha256, writeSegment, type Segment } from "./segment.ts";
import type { PixelRow } from "./pixel-rows.ts";

/** Everything that decides the pixels of an image in the cache; each combination has a folder of its own. */
export interface CacheSettings extends FittedSize {
  /** Versions of fitting and of the decoders: another version may give other pixels. */
  readonly decoder: string;
}

export interface CacheOptions {
  /** About how many bytes a shard holds; 32 MiB without. */
  readonly shardBytes?: number;
  /** The most bytes that the folder holds, beside what is in use; 20 GiB without. */
  readonly limit?: number | undefined;
  /** Replaces writing, in tests. */
  readonly write?: WriteBytes;
}

/** A file as the system describes it. */
export interface FileIdentity {
  readonly path: string;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ino: bigint;
  readonly reading?: ImageReading | undefined;
}

/**
 * The key of an image.
 * @param content SHA-256 of the bytes that it is decoded from
 * @param rules OpenedImage.rules
 */
export function imageKey(content: string, reading: ImageReading, rules = ""): string {
  const how = readingKey(reading);
  return how === "" && rules === "" ? content : sha256(Buffer.from(JSON.stringify([content, how, rules])));
}

export interface CachedImage extends PixelRow {
  readonly home: string;
  readonly pixelHash: string;
}

const usualShardBytes = 2 ** 25;
/** A shard is closed after this many milliseconds even when it is not full: the most work that an interruption costs. */
const longestOpen = 30_000;
/** The largest segment that is read; one of a million images is smaller. */
const largestSegment = 2 ** 28;
/** Tick of the system's clock: two changes of a file within it look like one. */
const tick = 50;

/** Bytes that are written at most before the size of the folder is looked at again. */
const mostUnwatched = 2 ** 28;

/** The time of a shard is that of its last use, by which the oldest go first. */
async function showUse(file: string): Promise<void> {
  const now = new Date();
  await utimes(file, now, now).catch(() => undefined); // a cache that cannot be written is read all the same
}

interface Shard {
  readonly file: string;
  readonly segment: string;
  readonly name: string;
  readonly count: number;
}

interface Place {
  readonly shard: Shard;
  readonly slot: number;
  readonly pixelHash: string;
}

interface OpenShard {
  readonly bytes: Uint8Array;
  readonly images: [key: string, pixelHash: string][];
  readonly since: number;
}

type NotedFile = Segment["read"][number];

const noteOf = ({ path, size, mtimeNs, ino, reading = {} }: FileIdentity, key: string): NotedFile => [
  path,
  `${size}`,
  `${mtimeNs}`,
  `${ino}`,
  readingKey(reading),
  key,
];

/** A file as it was noted, without the key of its image. */
const identityOf = (noted: NotedFile): string => JSON.stringify(noted.slice(0, -1));

export class ImageCache {
  readonly folder: string;
  readonly #bytesEach: number;
  readonly #perShard: number;
  readonly #write: WriteBytes | undefined;
  /** The folder of all settings together, and the name of this one's in it. */
  readonly #all: string;
  readonly #name: string;
  readonly #limit: number;
  /** Bytes that may be written before the size of the folder is looked at again. */
  #unwatched = 0;
  readonly #places = new Map<string, Place>();
  readonly #files = new Map<string, string>();
  /** Whether each shard matches its name; checked once. */
  readonly #sound = new Map<Shard, Promise<boolean>>();
  #open: OpenShard | undefined;
  #newFiles: NotedFile[] = [];
  #flushing: Promise<void> = Promise.resolve();

  private constructor(all: string, name: string, settings: CacheSettings, options: CacheOptions) {
    this.folder = join(all, name);
    this.#all = all;
    this.#name = name;
    this.#limit = options.limit ?? usualCacheLimit;
    this.#bytesEach = settings.height * settings.width * settings.channels;
    this.#perShard = Math.max(1, Math.floor((options.shardBytes ?? usualShardBytes) / this.#bytesEach));
    this.#write = options.write;
  }

  /**
   * Opens the cache of these settings, which may be new.
   * @param folder of all settings together
   * @throws DataError when the folder cannot be made or read
   */
  static async open(
    folder: string,
    settings: CacheSettings,
    options: CacheOptions = {},
  ): Promise<ImageCache> {
    const { height, width, channels, decoder, fit = "stretch" } = settings;
    const digest = sha256(Buffer.from(decoder)).slice(0, 12);
    const name = `${height}x${width}x${channels}-${digest}${fit === "stretch" ? "" : `-${fit}`}`;
    const cache = new ImageCache(folder, name, settings, options);
    const own = cache.folder;
    try {
      makeFolders(join(own, "shards"));
      makeFolders(join(own, "index"));
      await cache.#readIndex();
    } catch (cause) {
      throw new DataError(
        own,
        `cannot be used as a cache (${messageOf(cause)}); name another folder with --cache`,
        {
          cause,
        },
      );
    }
    return cache;
  }

  /** The key of the image of a file that was read before and has not changed since; undefined for any other. */
  keyOf(file: FileIdentity): string | undefined {
    return this.#files.get(identityOf(noteOf(file, "")));
  }

  /** Notes the key of a file's image, until `flush`. `file` describes it both before and after it was read. */
  noteFile(file: FileIdentity, key: string): void {
    const noted = noteOf(file, key);
    const identity = identityOf(noted);
    if (this.#files.has(identity) || Date.now() - Number(file.mtimeNs / 1_000_000n) < tick) return;
    this.#files.set(identity, key);
    this.#newFiles.push(noted);
  }

  /** Where the image of a key is, if its shard is sound. Images added since the last `flush` are not found. */
  async find(key: string): Promise<CachedImage | undefined> {
    const place = this.#places.get(key);
    if (place === undefined) return undefined;
    const { shard, slot, pixelHash } = place;
    this.#noteUse(shard.name); // before it is looked at: leases.ts
    const sound = this.#sound.get(shard) ?? this.#check(shard);
    this.#sound.set(shard, sound);
    return (await sound) ? { home: shard.file, slot, pixelHash } : undefined;
  }

  /**
   * Adds an image; it can be found after the next `flush`.
   * @param pixels [height, width, channels]
   * @throws DataError when a full shard cannot be written
   */
  async add(key: string, pixelHash: string, pixels: Uint8Array): Promise<void> {
    if (pixels.length !== this.#bytesEach) {
      throw new DataError(
        this.folder,
        `holds images of ${this.#bytesEach} bytes, and one of ${pixels.length} was added`,
      );
    }
    this.#open ??= { bytes: new Uint8Array(this.#perShard * this.#bytesEach), images: [], since: Date.now() };
    const { bytes, images, since } = this.#open;
    bytes.set(pixels, images.length * this.#bytesEach);
    images.push([key, pixelHash]);
    if (images.length === this.#perShard || Date.now() - since > longestOpen) await this.flush();
    else await this.#flushing; // no more than one shard waits to be written
  }

  /** Writes what was added: the shard first, then its segment. */
  flush(): Promise<void> {
    const [shard, files] = [this.#open, this.#newFiles];
    this.#open = undefined;
    this.#newFiles = [];
    const flushed = this.#flushing.then(() => this.#writeOut(shard, files));
    this.#flushing = flushed.catch(() => undefined);
    return flushed;
  }

  async #writeOut(open: OpenShard | undefined, read: NotedFile[]): Promise<void> {
    if (open === undefined && read.length === 0) return;
    let name: string | null = null;
    if (open !== undefined) {
      const bytes = open.bytes.subarray(0, open.images.length * this.#bytesEach);
      name = sha256(bytes);
      this.#noteUse(name);
      this.#makeRoom(bytes.length);
      await writeWhole(this.#shardFile(name), bytes, this.#write);
    }
    const written = { shard: name, images: open?.images ?? [], read };
    const segment = writeSegment(written);
    await writeWhole(join(this.folder, "index", segment.name), segment.bytes, this.#write);
    const shard = this.#adopt(segment.name, written);
    if (shard !== undefined) this.#sound.set(shard, Promise.resolve(true));
  }

  #noteUse(shard: string): void {
    noteUse(this.#all, `${this.#name}/${shard}`);
  }

  /** Keeps the folder within its limit, about: its size is looked at once for many shards, since others write there, too. */
  #makeRoom(bytes: number): void {
    this.#unwatched -= bytes;
    if (this.#unwatched >= 0 || this.#limit === Infinity) return;
    this.#unwatched = Math.min(this.#limit / 20, mostUnwatched);
    try {
      makeRoom(this.#all, this.#limit, bytes + this.#unwatched);
    } catch {
      // What cannot be removed stays; writing says whether there is room on the disk.
    }
  }

  async #readIndex(): Promise<void> {
    const folder = join(this.folder, "index");
    const named = new Set<string>();
    for (const name of (await readdir(folder)).filter((each) => each.endsWith(".json"))) {
      const path = join(folder, name);
      const found = await stat(path).catch(() => undefined);
      if (found?.isDirectory() === true) continue; // another program's file
      const bytes =
        found === undefined || found.size > largestSegment
          ? undefined
          : await readFile(path).catch(() => undefined);
      const segment = bytes === undefined ? undefined : readSegment(name, bytes);
      // A damaged segment is removed, and its images are decoded again.
      if (segment === undefined) await rm(path, { force: true });
      else named.add(`${this.#adopt(name, segment)?.name ?? ""}.u8`);
    }
    await sweep(folder, () => false);
    await sweep(join(this.folder, "shards"), (name) => !named.has(name));
  }

  /** Adds the entries of a segment to the index in memory. */
  #adopt(segment: string, { shard: name, images, read }: Segment): Shard | undefined {
    for (const noted of read) this.#files.set(identityOf(noted), noted[5]);
    if (name === null) return undefined;
    const shard = { file: this.#shardFile(name), segment, name, count: images.length };
    for (const [slot, [key, pixelHash]] of images.entries())
      this.#places.set(key, { shard, slot, pixelHash });
    return shard;
  }

  #shardFile(name: string): string {
    return join(this.folder, "shards", `${name}.u8`);
  }

  /** Whether a shard is as it was written. A damaged one is removed with its segment, and its images are decoded again. */
  async #check(shard: Shard): Promise<boolean> {
    const hash = createHash("sha256");
    try {
      const { size } = await stat(shard.file);
      if (size === shard.count * this.#bytesEach) {
        for await (const piece of createReadStream(shard.file, { highWaterMark: 2 ** 20 }))
          hash.update(piece as Buffer);
        if (hash.digest("hex") === shard.name) {
          await showUse(shard.file);
          return true;
        }
      }
    } catch (cause) {
      if (codeOf(cause) === "ENOENT") {
        // Removed by another process, which may have made it anew since: only what named it is left.
        await rm(join(this.folder, "index", shard.segment), { force: true });
        return false;
      }
      throw new DataError(
        shard.file,
        `cannot be read (${messageOf(cause)}); name another folder with --cache`,
        { cause },
      );
    }
    try {
      await rm(join(this.folder, "index", shard.segment), { force: true });
      await rm(shard.file, { force: true });
    } catch (cause) {
      throw new DataError(
        shard.file,
        `is damaged and cannot be removed (${messageOf(cause)}); remove it, or name another folder with --cache`,
        { cause },
      );
    }
    return false;
  }
}
