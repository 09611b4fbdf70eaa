// The decoding threads: one that is lost takes its own work with it and nothing else, and memory bounds them all.
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { Budget } from "../../../src/data/cache/memory-budget.ts";
import { DecodePool } from "../../../src/data/cache/decode-pool.ts";
import { workerFile } from "../../../src/data/cache/worker-file.ts";
import { DataError } from "../../../src/errors/data-errors.ts";
import { UsageError } from "../../../src/errors/errors.ts";
import { pixelsOf, size, temporaryFolder, writePictures } from "./pictures.ts";

const yes = (): Promise<boolean> => Promise.resolve(true);
const never = (): Promise<boolean> => new Promise(() => undefined);

/** A pool and its threads. */
async function poolOf(threads: number): Promise<{ pool: DecodePool; workers: Worker[] }> {
  const workers: Worker[] = [];
  const note = (worker: Worker): void => void workers.push(worker);
  process.on("worker", note);
  const pool = new DecodePool(threads, size);
  await setImmediate(); // it is told a tick later
  process.off("worker", note);
  return { pool, workers };
}

test("a thread that is lost fails what it had under way; what comes later goes to the others, or fails at once", async () => {
  const [file, other] = writePictures(temporaryFolder(), [1, 2]);
  const { pool, workers } = await poolOf(2);
  const underWay = [pool.decode(file, {}, never), pool.decode(other, {}, never)].map((work) =>
    work.catch((reason: unknown) => reason),
  );
  await workers[0].terminate();
  const lost = await underWay[0];
  expect(lost).toBeInstanceOf(DataError);
  expect((lost as DataError).message).toMatch(/picture-1\.png: was being decoded when its thread was lost/);
  const later = await pool.decode(file, {}, yes);
  expect(later).toMatchObject({ decoded: { pixels: pixelsOf(1) } });
  await workers[1].terminate();
  expect(await underWay[1]).toBeInstanceOf(DataError);
  await expect(pool.decode(file, {}, yes)).rejects.toThrow(/all threads were lost/);
  await pool.close();
});

test("a pool that was closed refuses", async () => {
  const [file] = writePictures(temporaryFolder(), [1]);
  const { pool } = await poolOf(1);
  await pool.close();
  await expect(pool.decode(file, {}, yes)).rejects.toBeInstanceOf(UsageError);
});

test("the memory that is asked for is what the header claims", async () => {
  const [file] = writePictures(temporaryFolder(), [1]);
  const { pool } = await poolOf(1);
  const asked: number[] = [];
  await pool.decode(file, {}, (_, memory) => {
    asked.push(memory);
    return Promise.resolve(false);
  });
  expect(asked[0]).toBeGreaterThan(5 * 64); // four channels and the rows of 8 x 8 pixels
  expect(asked[0]).toBeLessThan(2000);
  await pool.close();
});

test("a budget is never exceeded, serves in order, and lets one through whatever it needs", async () => {
  const budget = new Budget(10);
  const order: string[] = [];
  const take = async (name: string, bytes: number): Promise<() => void> => {
    const release = await budget.take(bytes);
    order.push(name);
    return release;
  };
  const first = await take("a", 7);
  const waiting = [take("b", 4), take("c", 1), take("d", 100)];
  await Promise.resolve();
  expect(order).toEqual(["a"]); // c would fit, but b was first
  first();
  first();
  const [b, c] = [await waiting[0], await waiting[1]];
  expect(order).toEqual(["a", "b", "c"]);
  b();
  await Promise.resolve();
  expect(order).toHaveLength(3);
  c();
  (await waiting[2])();
  expect(order.at(-1)).toBe("d");
});

test("threads do not run what was built of older sources", () => {
  const folder = temporaryFolder();
  const at = (path: string): string => join(folder, path);
  const files = ["data/cache/decode-worker", "data/images/png", "files/bytes", "errors/data-errors"];
  for (const [path, text] of files.flatMap((name) => [
    [`src/${name}.ts`, ""],
    [`dist/${name}.js`, ""],
  ])) {
    mkdirSync(dirname(at(path)), { recursive: true });
    writeFileSync(at(path), text);
    utimesSync(at(path), 1000, path.startsWith("src") ? 1000 : 2000);
  }
  const from = pathToFileURL(at("src/data/cache/decode-pool.ts")).href;
  expect(workerFile(from)).toBe(at("dist/data/cache/decode-worker.js"));
  utimesSync(at("src/data/images/png.ts"), 1000, 3000);
  expect(() => workerFile(from)).toThrow(/png\.ts is newer than what was built of it.*npm run build/);
  const built = pathToFileURL(at("dist/data/cache/decode-pool.js")).href;
  expect(workerFile(built)).toBe(at("dist/data/cache/decode-worker.js"));
});
