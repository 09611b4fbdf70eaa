// `tessera cache`: what is kept of decoded images, and `tessera cache clean`, which removes what nobody uses.

import { rmSync, statSync } from "node:fs";
import { counted } from "../../errors/counted.ts";
import { DataError } from "../../errors/data-errors.ts";
import { UsageError } from "../../errors/errors.ts";
import { sizeText } from "../../files/byte-sizes.ts";
import { messageOf } from "../../files/causes.ts";
import {
  cacheContents,
  oldestFirst,
  removeEntries,
  usualCacheLimit,
  type CacheContents,
  type CacheEntry,
} from "../../data/cache/cache-room.ts";
import { imageCacheFolder, imageCacheLimit } from "../../runs/load-images.ts";

export interface CacheCommandOptions {
  /** Folder of decoded images. */
  readonly cache?: string;
  /** Milliseconds since their last use, above which entries go. */
  readonly olderThan?: number;
  /** Bytes that are to be left. */
  readonly to?: number;
  readonly json: boolean;
}

/**
 * Prints what the cache holds, or with --json one object:
 *
 *     folder, limit (bytes; null: none), bytes, entries, images
 *     oldest, newest   when entries were last used; null where there are none
 *     inUse            { entries, bytes, processes } by living processes
 *
 * With `clean`: { folder, removed: { entries, bytes }, left: { entries, bytes }, inUse }.
 *
 * @throws UsageError for options that only clean has; DataError for a folder that cannot be read, or files that cannot be removed
 */
export function cacheCommand(action: "clean" | undefined, options: CacheCommandOptions): void {
  const { cache: folder = imageCacheFolder(), olderThan, to, json } = options;
  if (action === undefined && (olderThan ?? to) !== undefined) {
    throw new UsageError("--older-than and --to are for tessera cache clean; write clean behind cache");
  }
  const limit = imageCacheLimit();
  if (folder === "") throw new UsageError("--cache: names no folder");
  try {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false) {
      throw new UsageError(`--cache ${folder}: is a file; name a folder`);
    }
    if (action === "clean") clean(folder, options);
    else show(folder, limit, json);
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new DataError(folder, `cannot be used as a cache (${messageOf(cause)})`, { cause });
  }
}

const sumOf = (entries: readonly { readonly bytes: number }[]): number =>
  entries.reduce((sum, { bytes }) => sum + bytes, 0);

function show(folder: string, limit: number, json: boolean): void {
  const { entries, bytes, processes } = cacheContents(folder);
  const used = entries.filter(({ isInUse }) => isInUse);
  const images = entries.reduce((sum, each) => sum + each.images, 0);
  const times = entries.map(({ lastUsed }) => lastUsed);
  const [oldest, newest] =
    times.length === 0
      ? [null, null]
      : [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))].map((time) =>
          new Date(time).toISOString(),
        );
  if (json) {
    const found = {
      ...{
        folder,
        limit: limit === Infinity ? null : limit,
        bytes,
        entries: entries.length,
        images,
        oldest,
        newest,
      },
      inUse: { entries: used.length, bytes: sumOf(used), processes },
    };
    process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
    return;
  }
  const rows = [
    ["folder", folder],
    [
      "holds",
      `${counted(images, "image")} in ${counted(entries.length, "entry", "entries")}, ${sizeText(bytes)}`,
    ],
    [
      "limit",
      limit === Infinity
        ? "none"
        : `${sizeText(limit)} (TESSERA_CACHE_LIMIT ${limit === usualCacheLimit ? "sets another" : "says so"})`,
    ],
    ["last used", oldest === null ? "never" : `${dayOf(oldest)} to ${dayOf(newest)}`],
    [
      "in use",
      used.length === 0
        ? "nothing"
        : `${counted(used.length, "entry", "entries")}, ${sizeText(sumOf(used))}, by ${counted(processes, "process", "processes")}`,
    ],
  ];
  for (const [name, value] of rows) process.stdout.write(`${name.padEnd(11)}${value}\n`);
}

const dayOf = (time: string | null): string => (time ?? "").slice(0, 16).replace("T", " ");

function clean(folder: string, { olderThan, to, json }: CacheCommandOptions): void {
  const before = cacheContents(folder);
  const chosen = chosenOf(before, olderThan, to);
  const gone = removeEntries(
    folder,
    chosen.map(({ key }) => key),
  );
  // Notes of files alone are small, and go with what they are notes of; so do parts of files.
  const latest = olderThan === undefined ? Infinity : Date.now() - olderThan;
  const loose = to === undefined ? before.loose.filter(({ lastUsed }) => lastUsed < latest) : [];
  for (const { file } of loose) rmSync(file, { force: true });
  const after = cacheContents(folder);
  const removed = chosen.filter(({ key }) => gone.has(key));
  const found = {
    folder,
    removed: { entries: removed.length, bytes: sumOf([...removed, ...loose]) },
    left: { entries: after.entries.length, bytes: after.bytes },
    inUse: after.entries.filter(({ isInUse }) => isInUse).length,
  };
  const use = found.inUse === 0 ? "" : `, ${found.inUse.toLocaleString("en")} of them in use`;
  process.stdout.write(
    json
      ? `${JSON.stringify(found, null, 2)}\n`
      : `removed ${counted(found.removed.entries, "entry", "entries")}, ${sizeText(found.removed.bytes)}; ` +
          `${counted(found.left.entries, "entry", "entries")} left, ${sizeText(found.left.bytes)}${use}\n`,
  );
}

/** Those that go: all, or those that were used longest ago. */
function chosenOf({ entries, bytes }: CacheContents, olderThan?: number, to?: number): readonly CacheEntry[] {
  const latest = olderThan === undefined ? Infinity : Date.now() - olderThan;
  const old = oldestFirst(entries).filter(({ lastUsed }) => lastUsed <= latest);
  if (to === undefined) return old;
  let left = bytes;
  return old.filter((entry) => {
    if (left <= to) return false;
    left -= entry.bytes;
    return true;
  });
}
