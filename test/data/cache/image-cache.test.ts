// The cache on disk: what was interrupted, damaged, or written by two at once is made anew or refused, never used.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { ImageCache, type CacheOptions } from "../../../src/data/cache/image-cache.ts";
import { hashPixels } from "../../../src/data/images/index.ts";
import { DataError } from "../../../src/errors/data-errors.ts";
import { StoredPixels } from "../../../src/data/cache/stored-pixels.ts";
import { pixelsOf, png, range, size, temporaryFolder } from "./pictures.ts";

const settings = { ...size, decoder: "test" };
const each = size.height * size.width;
/** Four pictures a shard. */
const small = { shardBytes: 4 * each };
const contentOf = (seed: number): string =>
  createHash("sha256")
    .update(png(pixelsOf(seed)))
    .digest("hex");
const hashOf = (seed: number): string => hashPixels({ ...size, channels: 1, pixels: pixelsOf(seed) });

async function fill(
  folder: string,
  seeds: readonly number[],
  options: CacheOptions = small,
): Promise<ImageCache> {
  const cache = await ImageCache.open(folder, settings, options);
  for (const seed of seeds) await cache.add(contentOf(seed), hashOf(seed), pixelsOf(seed));
  await cache.flush();
  return cache;
}

/** Which of the pictures the cache has; fails where it has one that is not the picture. */
async function found(folder: string, seeds: readonly number[]): Promise<number[]> {
  const cache = await ImageCache.open(folder, settings, small);
  const have: number[] = [];
  for (const seed of seeds) {
    const image = await cache.find(contentOf(seed));
    if (image === undefined) continue;
    const stored = new StoredPixels(each, [image]);
    expect(await stored.read(Uint32Array.of(0))).toEqual(pixelsOf(seed));
    expect(image.pixelHash).toBe(hashOf(seed));
    await stored.close();
    have.push(seed);
  }
  return have;
}

function filesOf(cache: ImageCache, part: "shards" | "index"): string[] {
  return readdirSync(join(cache.folder, part)).map((name) => join(cache.folder, part, name));
}

test("what was added is found by everybody who opens the folder with the same settings, and by nobody else", async () => {
  const folder = temporaryFolder();
  const cache = await fill(folder, range(10));
  expect(await found(folder, range(12))).toEqual(range(10));
  expect(filesOf(cache, "shards")).toHaveLength(3);
  for (const other of [
    { ...settings, decoder: "newer" },
    { ...settings, width: 4, height: 16 },
  ]) {
    const elsewhere = await ImageCache.open(folder, other);
    expect(await elsewhere.find(contentOf(0))).toBeUndefined();
  }
});

test("a file is known by path, size, time and inode together", async () => {
  const folder = temporaryFolder();
  const cache = await fill(folder, [1]);
  const file = { path: "/a", size: 3n, mtimeNs: 5_000_000n, ino: 7n };
  cache.noteFile(file, contentOf(1));
  const young = { ...file, path: "/young", mtimeNs: BigInt(Date.now()) * 1_000_000n };
  cache.noteFile(young, contentOf(1));
  await cache.flush();
  const again = await ImageCache.open(folder, settings);
  expect(again.keyOf(file)).toBe(contentOf(1));
  for (const other of [{ path: "/b" }, { size: 4n }, { mtimeNs: 6_000_000n }, { ino: 8n }]) {
    expect(again.keyOf({ ...file, ...other })).toBeUndefined();
  }
  // It might change again within a tick of the clock, and look the same.
  expect(again.keyOf(young)).toBeUndefined();
});

describe.each(["shards", "index"] as const)("damage in %s", (part) => {
  const damages: Readonly<Record<string, (file: string) => void>> = {
    "a flipped bit": (file) => {
      const bytes = readFileSync(file);
      bytes[Math.floor(bytes.length / 2)] ^= 4;
      writeFileSync(file, bytes);
    },
    "a cut end": (file) => truncateSync(file, readFileSync(file).length - 1),
    "nothing left": (file) => truncateSync(file, 0),
    "something at the end": (file) =>
      writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from("x")])),
    "a lost file": (file) => rmSync(file),
  };
  test.each(Object.keys(damages))(
    "%s is never used: only what the file held is gone, and is made anew",
    async (name) => {
      const folder = temporaryFolder();
      const cache = await fill(folder, range(12));
      damages[name](filesOf(cache, part)[1]);
      const left = await found(folder, range(12));
      expect(left).toHaveLength(8);
      await fill(
        folder,
        range(12).filter((seed) => !left.includes(seed)),
      );
      expect(await found(folder, range(12))).toEqual(range(12));
    },
  );
});

test("a file that is cut while it is read from is an error that names it", async () => {
  const folder = temporaryFolder();
  const cache = await fill(folder, range(4));
  const images = await Promise.all(range(4).map((seed) => cache.find(contentOf(seed))));
  const stored = new StoredPixels(
    each,
    images.filter((image) => image !== undefined),
  );
  const [shard] = filesOf(cache, "shards");
  truncateSync(shard, 3 * each);
  const error: unknown = await stored.read(Uint32Array.of(0, 3)).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DataError);
  expect((error as DataError).file).toBe(shard);
  await stored.close();
  rmSync(shard);
  await expect(stored.read(Uint32Array.of(1))).rejects.toBeInstanceOf(DataError);
});

test("a full disk is an error that says how much was needed and where, and leaves nothing half-written", async () => {
  const folder = temporaryFolder();
  // Half of the bytes, then what the system says.
  let room = 2;
  const write: CacheOptions["write"] = async (handle, bytes) => {
    const fits = room-- > 0;
    await handle.writeFile(fits ? bytes : bytes.subarray(0, bytes.length / 2));
    if (fits) return;
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  };
  const error: unknown = await fill(folder, range(12), { shardBytes: 2 ** 20, write })
    .then(async (cache) => {
      await cache.add(contentOf(20), hashOf(20), pixelsOf(20));
      await cache.flush();
    })
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DataError);
  expect((error as DataError).message).toMatch(
    /the disk is full: \d+ KiB are needed here; make room there, or .*--cache/,
  );
  expect((error as DataError).file.startsWith(folder)).toBe(true);
  const cache = await ImageCache.open(folder, settings, small);
  expect(
    [...filesOf(cache, "shards"), ...filesOf(cache, "index")].filter((name) => name.endsWith(".part")),
  ).toEqual([]);
  expect(await found(folder, [...range(12), 20])).toEqual(range(12));
});

test("a shard whose segment could not be written is not used, and swept when it is old", async () => {
  const folder = temporaryFolder();
  let writes = 0;
  const write: CacheOptions["write"] = async (handle, bytes) => {
    if (++writes === 2) throw Object.assign(new Error("no room"), { code: "EDQUOT" });
    await handle.writeFile(bytes);
  };
  await expect(fill(folder, range(3), { write })).rejects.toThrow(/the disk is full/);
  expect(await found(folder, range(3))).toEqual([]);
  const cache = await ImageCache.open(folder, settings);
  const [orphan] = filesOf(cache, "shards");
  const part = join(cache.folder, "shards", "x.u8.1-2.part");
  writeFileSync(part, "half");
  const young = filesOf(cache, "shards");
  expect(young).toHaveLength(2);
  await ImageCache.open(folder, settings);
  expect(filesOf(cache, "shards")).toEqual(young); // somebody may be writing them
  for (const file of [orphan, part]) utimesSync(file, 0, 0);
  await ImageCache.open(folder, settings);
  expect(filesOf(cache, "shards")).toEqual([]);
});

test("a folder that cannot be made is an error that names it and --cache", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "file"), "");
  const error: unknown = await ImageCache.open(join(folder, "file"), settings).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DataError);
  expect((error as Error).message).toMatch(/--cache/);
});

test("strange files in its folder are left alone, and damaged ones that cannot be removed are an error in one line", async () => {
  const folder = temporaryFolder();
  const cache = await fill(folder, range(4));
  for (const part of ["shards", "index"]) {
    mkdirSync(join(cache.folder, part, "folder.json"));
    utimesSync(join(cache.folder, part, "folder.json"), 0, 0);
    writeFileSync(join(cache.folder, part, "notes.txt"), "mine");
  }
  expect(await found(folder, range(4))).toEqual(range(4));
  const [shard] = filesOf(cache, "shards").filter((name) => name.endsWith(".u8"));
  rmSync(shard);
  mkdirSync(shard);
  const error: unknown = await found(folder, range(4)).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DataError);
  expect((error as DataError).message).toMatch(/^[^\n]*cannot be removed[^\n]*--cache$/);
});

describe("other processes", () => {
  const program = fileURLToPath(new URL("./programs/build-cache.mjs", import.meta.url));
  const seeds = range(100);

  function pictures(): { cache: string; folder: string } {
    const root = temporaryFolder();
    const [cache, folder] = [join(root, "cache"), join(root, "pictures")];
    mkdirSync(folder);
    for (const seed of seeds) writeFileSync(join(folder, `${1000 + seed}.png`), png(pixelsOf(seed)));
    return { cache, folder };
  }

  /** Runs the builder; `told` may kill it. */
  function build(
    cache: string,
    folder: string,
    told?: (lines: number, kill: () => void) => void,
  ): Promise<number | null> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [program, cache, folder], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let output = "";
      child.stdout.on("data", (data) => {
        output += String(data);
        told?.(output.split("\n").length - 1, () => child.kill("SIGKILL"));
      });
      child.on("close", (code) => resolve(code));
    });
  }

  test("a build that is killed leaves whole shards, and the next one goes on from there", async () => {
    const { cache, folder } = pictures();
    let before = 0;
    for (const lines of [2, 7, 20, 33]) {
      const code = await build(cache, folder, (seen, kill) => {
        if (seen >= lines) kill();
      });
      expect(code).toBeNull();
      const have = await found(cache, seeds);
      expect(have).toEqual(range(have.length));
      expect(have.length % 4).toBe(0);
      expect(have.length).toBeGreaterThanOrEqual(before + 4 * Math.floor((lines - 2) / 4));
      before = have.length;
    }
    expect(await build(cache, folder)).toBe(0);
    expect(await found(cache, seeds)).toEqual(seeds);
  });

  test("two that build at once lose nothing of each other", async () => {
    const { cache, folder } = pictures();
    expect(await Promise.all([build(cache, folder), build(cache, folder)])).toEqual([0, 0]);
    expect(await found(cache, seeds)).toEqual(seeds);
  });
});
