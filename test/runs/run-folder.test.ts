// Run folders: a file that cannot be written is named, with what to do.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { CheckpointError, RunFolderError } from "../../src/errors/training-errors.ts";
import { RunFolder } from "../../src/runs/run-folder.ts";
import { type Summary } from "../../src/runs/summary.ts";
import type { RunRecord } from "../../src/runs/run-record.ts";
import { temporaryFolder } from "../data/cache/pictures.ts";
import { digestOf } from "../../src/runs/file-digests.ts";

let parent: string;
beforeEach(() => {
  parent = temporaryFolder();
});

const losses = { total: 4, bce: 1, pseudo: 2, consistency: 3 };
const summary: Summary = {
  ...{ meanAuc: null, auc: {}, epochs: 1, interrupted: false, seconds: 1, seed: 1, device: "reference" },
  ...{ adapter: "", driver: "", manifest: "m.yaml", images: {}, parameters: 1 },
  ...{ tuning: null, candidates: {}, decoded: { images: 0, fromCache: 0 }, skipped: [] },
  ...{ intervals: null, sources: null, kept: 1, validation: null, endedEarly: false },
};

test("a step is a line with all its numbers", () => {
  const folder = new RunFolder(join(parent, "run"), false);
  folder.listener().step?.({ epoch: 1, step: 2, losses });
  folder.close();
  expect(readFileSync(join(parent, "run", "metrics.jsonl"), "utf8")).toBe(
    '{"kind":"step","epoch":1,"step":2,"loss":4,"bce":1,"pseudo":2,"consistency":3}\n',
  );
});

test("metrics that cannot be written are an error that names the file and the way out", () => {
  const folder = new RunFolder(join(parent, "run"), false);
  const write = (): void => folder.listener().step?.({ epoch: 1, step: 1, losses });
  write();
  folder.close(); // a write to a closed file fails as one to a full disk does
  expect(write).toThrow(RunFolderError);
  expect(write).toThrow(/metrics\.jsonl: cannot be written \(EBADF.*--out/);
});

test("a summary that cannot be written is such an error too, and --force can take the folder", async () => {
  const path = join(parent, "run");
  const folder = new RunFolder(path, false);
  folder.listener().step?.({ epoch: 1, step: 1, losses });
  mkdirSync(join(path, "summary.json"));
  await expect(folder.finish(summary)).rejects.toThrow(RunFolderError);
  await expect(folder.finish(summary)).rejects.toThrow(/summary\.json: cannot be written.*--out/);
  folder.close();
  rmSync(join(path, "summary.json"), { recursive: true });
  const again = new RunFolder(path, true);
  await again.finish(summary);
  again.close();
  expect(JSON.parse(readFileSync(join(path, "summary.json"), "utf8"))).toEqual(summary);
});

test("a run that never gets to its first step leaves nothing behind, and an earlier run as it was", async () => {
  const path = join(parent, "run");
  new RunFolder(path, false).close();
  expect(existsSync(path)).toBe(false);
  const first = new RunFolder(path, false);
  await first.finish(summary);
  first.close();
  new RunFolder(path, true).close();
  expect(existsSync(join(path, "summary.json"))).toBe(true);
  expect(() => new RunFolder(path, false)).toThrow(/not empty/);
  expect(() => new RunFolder(join(path, "summary.json"), true)).toThrow(/is a file/);
});

test("a part of a file, left by a run that was killed at its start, is no run that is in the way", async () => {
  const path = join(parent, "killed");
  mkdirSync(path);
  writeFileSync(join(path, "run.json.part"), "{");
  const folder = new RunFolder(path, false);
  await folder.finish(summary);
  folder.close();
  expect(readdirSync(path).sort()).toEqual(["digests.json", "metrics.jsonl", "summary.json"]);
  await expect(RunFolder.reopen(path)).rejects.toThrow(/holds no run \(run\.json\)/);
});

test("a study's folder is not taken for a run, not even with --force", () => {
  const path = join(parent, "study");
  mkdirSync(path);
  writeFileSync(join(path, "study.json"), "{}");
  for (const force of [false, true]) {
    expect(() => new RunFolder(path, force)).toThrow(/holds a study \(study\.json\); choose another folder/);
  }
});

test("an earlier run that could not be removed whole is no run to go on with", async () => {
  const path = join(parent, "run");
  mkdirSync(join(path, "metrics.jsonl"), { recursive: true }); // as a process that is killed there, it removes no more
  for (const name of ["run.json", "checkpoint.safetensors"]) writeFileSync(join(path, name), "{}");
  const folder = new RunFolder(path, true);
  await expect(folder.finish(summary)).rejects.toThrow(RunFolderError);
  folder.close();
  expect(existsSync(join(path, "run.json"))).toBe(false);
  await expect(RunFolder.reopen(path)).rejects.toThrow(/holds no run \(run\.json\)/);
});

test("a run that ended between its model and its summary goes on from its checkpoint, and ends with both", async () => {
  const path = join(parent, "run");
  const folder = new RunFolder(path, false);
  const model = { record: {}, tensors: new Map() };
  folder.begin({
    ...{ versions: { tessera: "1", node: "20", webgpu: null }, commit: null, dataRoot: "/", seed: 0 },
    ...{
      manifest: { file: "m.yaml", sha256: digestOf(""), text: "" },
      options: { skipBad: false },
      settings: {},
    },
    ...{ device: "reference", adapter: "", driver: "", tuning: null, candidates: {} },
  });
  const at = { epochs: 1, steps: 0, optimiser: { steps: 1, learningRate: 0.5 }, schedule: {}, best: null };
  const run = { settings: {}, data: "0".repeat(64), sums: losses, ...at };
  await folder.save({ record: run, tensors: new Map() });
  mkdirSync(join(path, "summary.json"));
  await expect(folder.finish(summary, model)).rejects.toThrow(/summary\.json: cannot be written/);
  expect(existsSync(join(path, "model.safetensors"))).toBe(true);
  folder.close();
  rmSync(join(path, "summary.json"), { recursive: true });
  const { folder: again, from } = await RunFolder.reopen(path);
  expect(from?.checkpoint.record).toEqual(run);
  await again.finish(summary, model);
  again.close();
  expect(readdirSync(path).sort()).toEqual([
    "checkpoint.safetensors",
    "digests.json",
    "metrics.jsonl",
    "model.safetensors",
    "run.json",
    "summary.json",
  ]);
  await expect(RunFolder.reopen(path)).rejects.toThrow(/the run is finished/);
});

test("a reopened run is cut back to what its checkpoint knows; one that lost lines, or is damaged, is refused", async () => {
  const path = join(parent, "run");
  const [metrics, checkpoint] = ["metrics.jsonl", "checkpoint.safetensors"].map((name) => join(path, name));
  const folder = new RunFolder(path, false);
  const record: RunRecord = {
    ...{ versions: { tessera: "1", node: "20", webgpu: null }, commit: null, dataRoot: "/", seed: 0 },
    ...{
      manifest: { file: "m.yaml", sha256: digestOf(""), text: "" },
      options: { skipBad: false },
      settings: {},
    },
    ...{ device: "reference", adapter: "", driver: "", tuning: null, candidates: {} },
  };
  folder.begin(record);
  const step = (number: number): void => folder.listener().step?.({ epoch: 1, step: number, losses });
  step(1);
  const known = readFileSync(metrics);
  const at = { epochs: 0, steps: 1, optimiser: { steps: 1, learningRate: 0.5 }, schedule: {}, best: null };
  const run = { settings: {}, data: "0".repeat(64), sums: losses, ...at };
  await folder.save({ record: run, tensors: new Map() });
  step(2);
  folder.close();

  const { folder: again, record: found, from } = await RunFolder.reopen(path);
  expect(found).toEqual(record);
  expect(from?.checkpoint.record).toEqual(run);
  expect(readFileSync(metrics).length).toBeGreaterThan(known.length); // until it goes on
  again.listener().step?.({ epoch: 1, step: 2, losses });
  again.close();
  const lines = readFileSync(metrics, "utf8").trim().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { step: number }).step)).toEqual([1, 2]);

  truncateSync(metrics, known.length - 1);
  await expect(RunFolder.reopen(path)).rejects.toThrow(/knows of \d+ bytes of metrics\.jsonl, which has \d+/);
  truncateSync(checkpoint, 100);
  await expect(RunFolder.reopen(path)).rejects.toThrow(CheckpointError);
  await expect(RunFolder.reopen(path)).rejects.toThrow(/checkpoint\.safetensors: is damaged/);
});

test("a folder below a file is refused with the file that is in its way, and one with what systems leave is empty", () => {
  const file = join(parent, "afile");
  writeFileSync(file, "x");
  expect(() => new RunFolder(join(file, "below"), false)).toThrow(
    `--out ${join(file, "below")}: ${file} is a file, not a folder`,
  );
  expect(() => new RunFolder(file, false)).toThrow(`--out ${file}: is a file; name a folder`);
  mkdirSync(join(parent, "left"));
  writeFileSync(join(parent, "left", ".DS_Store"), "");
  new RunFolder(join(parent, "left"), false).close();
});

test("a run to go on with that is not there is met with the one that is", async () => {
  mkdirSync(join(parent, "first"));
  await expect(RunFolder.reopen(join(parent, "frist"))).rejects.toThrow(
    /does not exist; .*did you mean ".*first"\?$/u,
  );
});

test("a folder that was renamed and replaced meanwhile ends the run, with nothing written into the new one", async () => {
  const path = join(parent, "run");
  const folder = new RunFolder(path, false);
  folder.listener().step?.({ epoch: 1, step: 1, losses });
  renameSync(path, join(parent, "elsewhere"));
  await expect(folder.finish(summary)).rejects.toThrow(
    /its folder was renamed, removed or replaced meanwhile/,
  );
  mkdirSync(path);
  writeFileSync(join(path, "metrics.jsonl"), "");
  await expect(folder.finish(summary)).rejects.toThrow(RunFolderError);
  folder.close();
  expect(readdirSync(path)).toEqual(["metrics.jsonl"]);
});
