// `tessera cache` as a command: what it shows, what clean removes, and what is bad input.
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ImageCache } from "../../src/data/cache/image-cache.ts";
import { sha256 } from "../../src/data/cache/segment.ts";
import { own, runBuilt, workingFolder, type Ended } from "./built.ts";

const folder = workingFolder();
const images = join(folder, "images");
const tessera = (...parameters: string[]): Promise<Ended> => runBuilt(folder, parameters);
const shown = async (...parameters: string[]): Promise<unknown> => {
  const { code, output, errors } = await tessera("cache", ...parameters, "--json");
  expect([own(errors), code]).toEqual(["", 0]);
  return JSON.parse(output);
};

/** Shards of one image of 1024 bytes, which this process uses no more: its notes are taken away. */
async function fill(count: number): Promise<void> {
  const settings = { height: 32, width: 32, channels: 1, decoder: "test" };
  const cache = await ImageCache.open(images, settings, { shardBytes: 1024 });
  for (let i = 0; i < count; i++) {
    await cache.add(sha256(Buffer.from(`${i}`)), "hash", new Uint8Array(1024).fill(i));
    await cache.flush();
  }
  const leases = join(images, "leases");
  for (const name of readdirSync(leases)) writeFileSync(join(leases, name), "");
  const shards = join(cache.folder, "shards");
  const days = (n: number): Date => new Date(Date.now() - n * 86_400_000);
  for (const [i, name] of readdirSync(shards).entries())
    utimesSync(join(shards, name), days(i * 10), days(i * 10));
}

test("an empty cache is shown, and nothing is cleaned of it", async () => {
  expect(await shown()).toMatchObject({
    folder: images,
    limit: 20 * 2 ** 30,
    bytes: 0,
    entries: 0,
    oldest: null,
  });
  expect(await shown("clean")).toMatchObject({ removed: { entries: 0, bytes: 0 } });
});

test("what is there is shown, and cleaned by age, by size and all", async () => {
  await fill(6);
  expect(await shown()).toMatchObject({
    entries: 6,
    images: 6,
    inUse: { entries: 0, bytes: 0, processes: 0 },
  });
  const { output } = await tessera("cache");
  expect(output).toMatch(
    /folder +.*images\nholds +6 images in 6 entries, \d+ KiB\nlimit +20\.0 GiB .*\nlast used .* to .*\nin use +nothing\n/u,
  );
  expect(await shown("clean", "--older-than", "35d")).toMatchObject({
    removed: { entries: 2 },
    left: { entries: 4 },
  });
  expect(await shown("clean", "--to", "3KB")).toMatchObject({ left: { entries: 2 } });
  expect((await tessera("cache", "clean")).output).toMatch(
    /^removed 2 entries, \d+ KiB; 0 entries left, 0 KiB\n$/u,
  );
  expect(await shown()).toMatchObject({ bytes: 0, entries: 0 });
});

test.each([
  [["cache", "cleam"], /'cleam' is invalid for argument 'action'/u],
  [["cache", "--to", "5GB"], /are for tessera cache clean/u],
  [["cache", "clean", "--to", "5"], /--to takes a size with its unit/u],
  [["cache", "clean", "--older-than", "30"], /--older-than takes hours, days or weeks/u],
  [["cache", "--cache", "file"], /--cache file: is a file/u],
])("%j is bad input, told in one line", async (parameters, message) => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "file"), "");
  const { code, errors } = await tessera(...parameters);
  expect(code).toBe(2);
  expect(own(errors)).toMatch(message);
  expect(own(errors).split("\n")).toHaveLength(1);
});

test("a limit that is no size is bad input", async () => {
  const { code, errors } = await runBuilt(folder, ["cache"], undefined, { TESSERA_CACHE_LIMIT: "much" });
  expect([code, own(errors)]).toEqual([
    2,
    'error: TESSERA_CACHE_LIMIT is "much"; say the most that decoded images may take on disk, such as 50GiB or 5GB, or none',
  ]);
  expect((await runBuilt(folder, ["cache"], undefined, { TESSERA_CACHE_LIMIT: "none" })).output).toMatch(
    /limit +none\n/u,
  );
});
