// What the cache of decoded images holds on disk, and how it is kept within a size: what was used longest ago goes first, and what a living
// process uses stays. A shard goes with its segments (image-cache.ts); each is there whole or not at all.
import { randomBytes } from "node:crypto";
import {
  closeSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { codeOf } from "../../files/causes.ts";
import { isLeftPart } from "../../files/whole-files.ts";
import { usesOf } from "./leases.ts";
import { shardInHead, segmentHead } from "./segment.ts";

/** The most that the cache holds where nobody says another size, in bytes. */
export const usualCacheLimit = 20 * 2 ** 30;

/** A shard with its segments. */
export interface CacheEntry {
  /** <settings>/<SHA-256 of the shard> */
  readonly key: string;
  readonly images: number;
  /** Of the shard and its segments. */
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly lastUsed: number;
  readonly isInUse: boolean;
}

/**
 * A segment without a shard, which names files that were read, or whose shard is gone: losing one costs reading these files once more. Or
 * a part that a killed process left.
 */
export interface LooseSegment {
  readonly file: string;
  readonly bytes: number;
  readonly lastUsed: number;
}

export interface CacheContents {
  readonly entries: readonly CacheEntry[];
  readonly loose: readonly LooseSegment[];
  /** Of all together. */
  readonly bytes: number;
  /** Living processes that use entries. */
  readonly processes: number;
}

/** Only what has the cache's own names is ever looked at or removed. */
const settingsName = /^(\d{1,6})x(\d{1,6})x(\d{1,2})-[0-9a-f]{12}(?:-[a-z]+)?$/u;
const shardName = /^([0-9a-f]{64})\.u8$/u;
const segmentName = /^[0-9a-f]{64}\.json$/u;
const partName = /^[0-9a-f]{64}\.(?:u8|json)\..*part$/u;

interface FoundFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly mtime: number;
}

/** What a cache folder holds; nothing where there is no such folder. */
export function cacheContents(folder: string): CacheContents {
  const uses = usesOf(folder);
  const found = settingsIn(folder).map((settings) => contentsOf(folder, settings, uses.shards));
  const entries = found.flatMap((each) => each.entries);
  const loose = found.flatMap((each) => each.loose);
  const bytes = [...entries, ...loose].reduce((sum, each) => sum + each.bytes, 0);
  return { entries, loose, bytes, processes: uses.processes };
}

function settingsIn(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && settingsName.test(entry.name))
      .map(({ name }) => name);
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return [];
    throw cause;
  }
}

function contentsOf(
  folder: string,
  settings: string,
  used: ReadonlySet<string>,
): Pick<CacheContents, "entries" | "loose"> {
  const [, height, width, channels] = (settingsName.exec(settings) ?? []).map(Number);
  const bytesOfShard = new Map<string, number>();
  const shards = filesIn(join(folder, settings, "shards"), shardName);
  for (const { name, bytes } of shards) bytesOfShard.set(name.slice(0, 64), bytes);
  const loose: LooseSegment[] = [];
  for (const { path, bytes, mtime } of segmentsOf(folder, settings)) {
    const shard = shardOf(path) ?? "";
    const before = bytesOfShard.get(shard);
    if (before === undefined) loose.push({ file: path, bytes, lastUsed: mtime });
    else bytesOfShard.set(shard, before + bytes);
  }
  for (const part of ["shards", "index"].flatMap((each) => filesIn(join(folder, settings, each), partName))) {
    const { name, path, bytes, mtime } = part;
    if (isLeftPart(name, mtime)) loose.push({ file: path, bytes, lastUsed: mtime });
  }
  const entries = shards.map(({ name, bytes, mtime }): CacheEntry => {
    const key = `${settings}/${name.slice(0, 64)}`;
    const images = Math.floor(bytes / Math.max(1, height * width * channels));
    const whole = bytesOfShard.get(name.slice(0, 64)) ?? bytes;
    return { key, images, bytes: whole, lastUsed: mtime, isInUse: used.has(key) };
  });
  return { entries, loose };
}

const segmentsOf = (folder: string, settings: string): FoundFile[] =>
  filesIn(join(folder, settings, "index"), segmentName);

function filesIn(folder: string, pattern: RegExp): FoundFile[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return []; // it is gone, or holds nothing of ours
  }
  return names.flatMap((name) => {
    if (!pattern.test(name)) return [];
    const path = join(folder, name);
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.isFile() === true ? { name, path, bytes: found.size, mtime: found.mtimeMs } : [];
  });
}

/** The shard of a segment, from the beginning of its text. */
function shardOf(path: string): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const bytes = Buffer.alloc(segmentHead);
    return shardInHead(bytes.toString("latin1", 0, readSync(file, bytes, 0, bytes.length, 0)));
  } catch {
    return undefined; // it is gone
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * Removes entries; those that a living process uses stay.
 * @param keys of CacheEntry
 * @returns the keys of those that are gone
 * @throws what the file system does
 */
export function removeEntries(folder: string, keys: readonly string[]): ReadonlySet<string> {
  const removed = new Set<string>();
  const segments = new Map<string, Map<string, string[]>>(); // by settings and shard
  for (const key of keys) {
    const [settings, shard] = key.split("/");
    let bySettings = segments.get(settings);
    if (bySettings === undefined) {
      bySettings = new Map();
      segments.set(settings, bySettings);
      for (const { path } of segmentsOf(folder, settings)) {
        const of = shardOf(path);
        if (of !== undefined) bySettings.set(of, [...(bySettings.get(of) ?? []), path]);
      }
    }
    if (removeEntry(folder, key, bySettings.get(shard) ?? [])) removed.add(key);
  }
  return removed;
}

/** Puts a shard aside, looks once more whether somebody uses it, and only then removes it: leases.ts says why. */
function removeEntry(folder: string, key: string, segments: readonly string[]): boolean {
  const [settings, shard] = key.split("/");
  const file = join(folder, settings, "shards", `${shard}.u8`);
  const aside = `${file}.${process.pid}-${randomBytes(4).toString("hex")}.part`;
  if (usesOf(folder).shards.has(key)) return false;
  try {
    const now = new Date();
    utimesSync(file, now, now); // an old part would be swept by others
    renameSync(file, aside);
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return true; // another process has removed it
    if (["EBUSY", "EPERM"].includes(codeOf(cause) ?? "") && process.platform === "win32") return false; // it is open somewhere
    throw cause;
  }
  if (usesOf(folder).shards.has(key)) {
    renameSync(aside, file);
    return false;
  }
  for (const segment of segments) rmSync(segment, { force: true });
  rmSync(aside, { force: true });
  return true;
}

/**
 * Makes room for new bytes: removes entries that nobody uses, those that were used longest ago first, until all is within the limit. Where
 * what is in use exceeds it alone, that stays: a training that needs more is not held back.
 */
export function makeRoom(folder: string, limit: number, bytes: number): void {
  const contents = cacheContents(folder);
  let over = contents.bytes + bytes - limit;
  if (over <= 0) return;
  for (const { file, bytes: own } of contents.loose) {
    if (!file.endsWith(".part")) continue;
    rmSync(file, { force: true });
    over -= own;
  }
  const chosen: string[] = [];
  for (const { key, bytes: own } of oldestFirst(contents.entries)) {
    if (over <= 0) break;
    over -= own;
    chosen.push(key);
  }
  removeEntries(folder, chosen);
}

/** The entries that nobody uses, in the order in which they go. */
export const oldestFirst = (entries: readonly CacheEntry[]): readonly CacheEntry[] =>
  entries.filter(({ isInUse }) => !isInUse).sort((a, b) => a.lastUsed - b.lastUsed);
