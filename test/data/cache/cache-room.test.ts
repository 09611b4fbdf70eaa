// The cache within its size: what was used longest ago goes first, what a living process uses stays, and two processes keep out of each
// other's way.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { cacheContents, makeRoom, removeEntries } from "../../../src/data/cache/cache-room.ts";
import { ImageCache } from "../../../src/data/cache/image-cache.ts";
import { usesOf } from "../../../src/data/cache/leases.ts";
import { temporaryFolder } from "./pictures.ts";

const settings = { height: 16, width: 16, channels: 1, decoder: "test" };
const each = 256;
const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Writes and reads shards of one image each, and lives until its input ends; each line is one thing to do. */
const worker = `
  import { createHash } from "node:crypto";
  import { createInterface } from "node:readline";
  const { ImageCache } = await import(process.env.CACHE_MODULE);
  const settings = ${JSON.stringify(settings)};
  const digest = (text) => createHash("sha256").update(text).digest("hex");
  const pixels = (seed) => new Uint8Array(${each}).map((_, i) => (seed * 31 + i) % 251);
  let cache;
  for await (const line of createInterface({ input: process.stdin })) {
    const [what, folder, seed, limit] = line.split(" ");
    if (what === "open") cache = await ImageCache.open(folder, settings, { shardBytes: ${each}, limit: Number(limit) });
    if (what === "add") { await cache.add(digest(seed), "hash", pixels(Number(seed))); await cache.flush(); }
    if (what === "find") { const found = await cache.find(digest(seed)); console.log("done " + (found !== undefined)); continue; }
    console.log("done");
  }
`;
const cacheModule = new URL("../../../dist/data/cache/image-cache.js", import.meta.url).href;

interface Worker {
  readonly ask: (...words: readonly (string | number)[]) => Promise<string>;
  readonly end: (signal?: NodeJS.Signals) => Promise<void>;
}

function startWorker(): Worker {
  const child = spawn(process.execPath, ["--input-type=module", "-e", worker], {
    env: { ...process.env, CACHE_MODULE: cacheModule },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const waiting: ((line: string) => void)[] = [];
  child.stdout.on("data", (data) => {
    for (const line of String(data).split("\n")) if (line !== "") waiting.shift()?.(line);
  });
  return {
    ask: (...words) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        child.stdin.write(`${words.join(" ")}\n`);
      }),
    end: async (signal) => {
      if (signal === undefined) child.stdin.end();
      else child.kill(signal);
      await ended;
    },
  };
}

/** Fills a folder with shards of one image, the first used longest ago, by a process that has ended. */
async function filled(seeds: readonly number[]): Promise<string> {
  const folder = temporaryFolder();
  const process = startWorker();
  await process.ask("open", folder, 0, "Infinity");
  for (const seed of seeds) await process.ask("add", folder, seed);
  await process.end();
  for (const [at, seed] of seeds.entries()) setUsed(folder, seed, 1000 + at);
  return folder;
}
const shardOf = (seed: number): string =>
  createHash("sha256")
    .update(new Uint8Array(each).map((_, i) => (seed * 31 + i) % 251))
    .digest("hex");
function fileOf(folder: string, seed: number): string {
  const [own] = readdirSync(folder).filter((name) => name.startsWith("16x16x1-"));
  return join(folder, own, "shards", `${shardOf(seed)}.u8`);
}
const setUsed = (folder: string, seed: number, time: number): void =>
  utimesSync(fileOf(folder, seed), time, time);
const there = (folder: string, seeds: readonly number[]): number[] =>
  seeds.filter((seed) => existsSync(fileOf(folder, seed)));

test("counts what is there, with its segments, and passes other files over", async () => {
  const folder = await filled([1, 2, 3]);
  writeFileSync(join(folder, "mine.u8"), "x".repeat(5000));
  mkdirSync(join(folder, "photographs"));
  const { entries, loose, bytes, processes } = cacheContents(folder);
  expect(entries.map(({ images, isInUse }) => [images, isInUse])).toEqual(Array(3).fill([1, false]));
  expect([loose, processes]).toEqual([[], 0]);
  expect(bytes).toBeGreaterThan(3 * each);
  expect(bytes).toBe(entries.reduce((sum, entry) => sum + entry.bytes, 0));
  expect(cacheContents(join(folder, "nothing")).entries).toEqual([]);
  expect(
    removeEntries(
      folder,
      entries.map(({ key }) => key),
    ).size,
  ).toBe(3);
  expect(cacheContents(folder)).toMatchObject({ entries: [], loose: [], bytes: 0 });
  expect(existsSync(join(folder, "mine.u8"))).toBe(true);
});

test("what was used longest ago goes first, and no more than must", async () => {
  const folder = await filled([1, 2, 3, 4]);
  setUsed(folder, 2, 5000); // used again
  const { bytes, entries } = cacheContents(folder);
  const one = entries[0].bytes;
  makeRoom(folder, bytes, 0);
  expect(there(folder, [1, 2, 3, 4])).toEqual([1, 2, 3, 4]);
  makeRoom(folder, bytes, one);
  expect(there(folder, [1, 2, 3, 4])).toEqual([2, 3, 4]);
  makeRoom(folder, bytes, 3 * one);
  expect(there(folder, [1, 2, 3, 4])).toEqual([2]);
});

test("finding an image is a use, and a cache that writes keeps to its limit", async () => {
  const folder = await filled([1, 2, 3, 4]);
  const { bytes } = cacheContents(folder);
  const reader = startWorker();
  await reader.ask("open", folder, 0, "Infinity");
  expect(await reader.ask("find", folder, 1)).toBe("done true");
  await reader.end();
  const writer = startWorker();
  await writer.ask("open", folder, 0, bytes);
  await writer.ask("add", folder, 9);
  expect(there(folder, [1, 2, 3, 4, 9])).toEqual([1, 3, 4, 9]);
  expect(cacheContents(folder).bytes).toBeLessThanOrEqual(bytes);
  for (const seed of [10, 11, 12, 13, 14]) await writer.ask("add", folder, seed);
  // All that the writer has made is in use, and stays although it is more.
  expect(there(folder, [1, 3, 4, 9, 10, 11, 12, 13, 14])).toEqual([9, 10, 11, 12, 13, 14]);
  expect(cacheContents(folder).bytes).toBeGreaterThan(bytes);
  await writer.end();
});

test("what a living process uses stays until it ends, also where it is killed", async () => {
  const folder = await filled([1, 2, 3]);
  const reader = startWorker();
  await reader.ask("open", folder, 0, "Infinity");
  await reader.ask("find", folder, 2);
  expect(cacheContents(folder)).toMatchObject({ processes: 1 });
  const all = (): string[] => cacheContents(folder).entries.map(({ key }) => key);
  expect(removeEntries(folder, all()).size).toBe(2);
  expect(there(folder, [1, 2, 3])).toEqual([2]);
  expect(await reader.ask("find", folder, 1)).toBe("done false"); // and is decoded again
  await reader.end("SIGKILL");
  expect(readdirSync(join(folder, "leases"))).toHaveLength(1);
  expect(usesOf(folder)).toMatchObject({ processes: 0 });
  expect(readdirSync(join(folder, "leases"))).toHaveLength(0);
  expect(removeEntries(folder, all()).size).toBe(1);
});

test("notes of another machine hold while they are young; half a line and nonsense hold nothing", async () => {
  const folder = await filled([1, 2]);
  const [{ key }, other] = cacheContents(folder).entries;
  mkdirSync(join(folder, "leases"), { recursive: true });
  const file = join(folder, "leases", "1-0123abcd.txt");
  const holder = JSON.stringify({ pid: 1, host: "elsewhere", life: null, space: "x" });
  writeFileSync(file, `${holder}\n${key}\n${other.key.slice(0, 40)}`);
  expect([...usesOf(folder).shards]).toEqual([key]);
  const old = new Date(Date.now() - 3_700_000);
  utimesSync(file, old, old);
  expect(usesOf(folder).shards.size).toBe(0);
  expect(existsSync(file)).toBe(false);
  writeFileSync(file, "nonsense");
  expect(usesOf(folder)).toMatchObject({ processes: 0 });
});

test("an entry that was removed while its index was open is made anew, and another's is not touched", async () => {
  const folder = await filled([1]);
  const cache = await ImageCache.open(folder, settings, { shardBytes: each });
  rmSync(fileOf(folder, 1));
  expect(await cache.find(digest("1"))).toBeUndefined();
  await cache.add(
    digest("1"),
    "hash",
    new Uint8Array(each).map((_, i) => (31 + i) % 251),
  );
  await cache.flush();
  expect(await cache.find(digest("1"))).toBeDefined();
  expect(statSync(fileOf(folder, 1)).size).toBe(each);
});

test("two processes that write and one that makes room again and again never lose what they use", async () => {
  const folder = await filled([]);
  const writers = [startWorker(), startWorker()];
  const limit = 12 * each;
  for (const writer of writers) await writer.ask("open", folder, 0, limit);
  let done = false;
  const clearing = (async (): Promise<void> => {
    while (!done) {
      removeEntries(
        folder,
        cacheContents(folder).entries.map(({ key }) => key),
      );
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  await Promise.all(
    writers.map(async (writer, w) => {
      for (let i = 0; i < 40; i++) {
        const seed = 1 + ((i + 20 * w) % 60);
        await writer.ask("add", folder, seed);
        expect(await writer.ask("find", folder, seed)).toBe("done true");
      }
      for (let i = 0; i < 40; i++)
        expect(await writer.ask("find", folder, 1 + ((i + 20 * w) % 60))).toBe("done true");
    }),
  );
  done = true;
  await clearing;
  expect(cacheContents(folder).processes).toBe(2);
  await Promise.all(writers.map((writer) => writer.end()));
  expect(
    removeEntries(
      folder,
      cacheContents(folder).entries.map(({ key }) => key),
    ).size,
  ).toBeGreaterThan(0);
  expect(cacheContents(folder).entries).toEqual([]);
}, 60_000);
