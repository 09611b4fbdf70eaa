// A run whose batches go through the network in parts: said by the manifest or beside it, kept in its record, told.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { beginRun, resumeRun, type RunOptions } from "../../src/runs/run-start.ts";
import { trainRun } from "../../src/runs/train-run.ts";
import { twoSites } from "../cli/two-sites.ts";
import { temporaryFolder } from "../data/formats/idx-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const train = "batch: 8, epochs: 2, warmupEpochs: 1";
const files = { plain: join(folder.path, "plain.yaml"), divided: join(folder.path, "divided.yaml") };
beforeAll(() => {
  writeFileSync(files.plain, twoSites({ images: 24, tested: 16, train }));
  writeFileSync(files.divided, twoSites({ images: 24, tested: 16, train: `${train}, batchSplit: 2` }));
});
const run = async (
  out: string,
  file: keyof typeof files,
  given: Partial<RunOptions> = {},
): Promise<string[]> => {
  const warnings: string[] = [];
  const start = await beginRun(files[file], {
    ...{ dataRoot: folder.path, out: join(folder.path, out), device: "webgpu", tuning: "none" },
    ...{ cache: join(folder.path, "cache"), ...given },
  });
  await trainRun(start, { warn: (line) => warnings.push(line) });
  return warnings;
};
const contents = (out: string, file: string): string => readFileSync(join(folder.path, out, file), "utf8");

test("is told, is the same said either way, and goes on bit for bit", async () => {
  expect(await run("said", "divided")).toEqual([
    "warning: each batch of 8 images goes through the network in parts of at most 4 images: losses are of the whole batch, " +
      "batch norm's statistics of each part",
  ]);
  await run("asked", "plain", { batchSplit: 2, epochs: 1 });
  await trainRun(
    await resumeRun(join(folder.path, "asked"), { epochs: 2, cache: join(folder.path, "cache") }),
  );
  expect(await run("whole", "divided", { batchSplit: 1 })).toEqual([]);
  expect(contents("asked", "metrics.jsonl")).toBe(contents("said", "metrics.jsonl"));
  expect(contents("whole", "metrics.jsonl")).not.toBe(contents("said", "metrics.jsonl"));
  const record = JSON.parse(readFileSync(join(folder.path, "asked", "run.json"), "utf8")) as {
    readonly options: Partial<RunOptions>;
  };
  expect(record.options.batchSplit).toBe(2);
});

test("more parts than a batch has images are refused before anything is computed", async () => {
  await expect(run("many", "divided", { batchSplit: 9 })).rejects.toThrow(
    "train.batchSplit: a batch of 8 images has no 9 parts; give 8 at most (--batch-split 8)",
  );
});
