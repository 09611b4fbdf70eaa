// One process writes a run folder at a time; what a process left that is no more is in nobody's way.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { RunFolder } from "../../src/runs/run-folder.ts";
import { RunFolderError } from "../../src/errors/training-errors.ts";
import type { RunRecord } from "../../src/runs/run-record.ts";
import { lockFolder } from "../../src/runs/run-lock.ts";
import { temporaryFolder } from "../data/cache/pictures.ts";
import { digestOf } from "../../src/runs/file-digests.ts";

let run: string;
beforeEach(() => {
  run = join(temporaryFolder(), "run");
});

const step = (folder: RunFolder): void =>
  folder.listener().step?.({ epoch: 1, step: 1, losses: { total: 4, bce: 1, pseudo: 2, consistency: 3 } });
const record: RunRecord = {
  ...{ versions: { tessera: "1", node: "20", webgpu: null }, commit: null, dataRoot: "/", seed: 0 },
  ...{
    manifest: { file: "m.yaml", sha256: digestOf(""), text: "" },
    options: { skipBad: false },
    settings: {},
  },
  ...{ device: "reference", adapter: "", driver: "", tuning: null, candidates: {} },
};

/** The lock that another process left, or holds. */
function put(holder: string | { pid: number; host: string; life: string | null }): void {
  const lock = join(run, "run.lock");
  mkdirSync(lock, { recursive: true });
  writeFileSync(join(lock, "holder.json"), typeof holder === "string" ? holder : JSON.stringify(holder));
}

/** A process that has ended: the system gives its number to no other one so soon. */
const ended = (): Promise<number> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
    child.on("close", () => resolve(child.pid ?? 0));
  });

test("a folder that a run writes is refused to every other run, by name; when it is closed it is free", async () => {
  const first = new RunFolder(run, false);
  first.begin(record);
  step(first);
  expect(() => new RunFolder(run, true)).toThrow(RunFolderError);
  expect(() => new RunFolder(run, true)).toThrow(
    `${run}: process ${process.pid} writes a run there now; wait for it, stop it, or choose another folder with --out`,
  );
  await expect(RunFolder.reopen(run)).rejects.toThrow(/writes a run there now/);
  first.close();
  expect(readdirSync(run).sort()).toEqual(["metrics.jsonl", "run.json"]);
  const { folder } = await RunFolder.reopen(run);
  step(folder);
  expect(() => new RunFolder(run, true)).toThrow(/writes a run there now/);
  folder.close();
  new RunFolder(run, true).close();
});

test("of two that looked at the folder before either wrote, the second is refused, and the first one's lines stay", async () => {
  const [first, second] = [new RunFolder(run, false), new RunFolder(run, false)];
  first.begin(record);
  step(first);
  const lines = readFileSync(join(run, "metrics.jsonl"), "utf8");
  expect(() => step(second)).toThrow(/writes a run there now/);
  first.close();
  expect(() => step(second)).toThrow(/the folder is not empty/);
  second.close();

  const [one, two] = [await RunFolder.reopen(run), await RunFolder.reopen(run)];
  step(one.folder);
  const at = { epochs: 0, steps: 1, optimiser: { steps: 1, learningRate: 0.5 }, schedule: {}, best: null };
  const sums = { total: 4, bce: 1, pseudo: 2, consistency: 3 };
  const known = { settings: {}, data: "0".repeat(64), sums, ...at };
  await one.folder.save({ record: known, tensors: new Map() });
  one.folder.close();
  expect(() => step(two.folder)).toThrow(/another process has gone on with the run meanwhile/);
  two.folder.close();
  expect(readFileSync(join(run, "metrics.jsonl"), "utf8")).toBe(lines);
});

test("a lock of a process that has ended, and one that nobody can read, are taken over", async () => {
  for (const left of [{ pid: await ended(), host: hostname(), life: null }, "", "{}", "no JSON"]) {
    put(left);
    const folder = new RunFolder(run, true);
    step(folder);
    expect(JSON.parse(readFileSync(join(run, "run.lock", "holder.json"), "utf8"))).toMatchObject({
      pid: process.pid,
      host: hostname(),
    });
    folder.close();
    expect(existsSync(join(run, "run.lock"))).toBe(false);
  }
});

test("a lock of a process that lives, or of another machine, stays; of the latter it is said what to remove", () => {
  put({ pid: process.ppid, host: hostname(), life: null });
  expect(() => new RunFolder(run, true)).toThrow(`process ${process.ppid} writes a run there now`);
  put({ pid: 1, host: "a-far-machine", life: null });
  expect(() => new RunFolder(run, true)).toThrow(
    `process 1 on a-far-machine writes a run there now; whether it still runs is not known here; if it does not, remove ${join(run, "run.lock")}`,
  );
  expect(() => lockFolder(run)).toThrow(RunFolderError);
  expect(readdirSync(run)).toEqual(["run.lock"]);
});

test.runIf(process.platform === "linux")(
  "a number of a process that another one has now says nothing",
  () => {
    put({ pid: process.ppid, host: hostname(), life: "an earlier start of the machine 17" });
    const folder = new RunFolder(run, false);
    step(folder);
    folder.close();
  },
);

test("a process that was killed while it took a lock over is told of, with what to remove, and after a minute no longer in the way", async () => {
  const left = JSON.stringify({ pid: await ended(), host: hostname(), life: null });
  put(left);
  const digest = createHash("sha256").update(left).digest("hex").slice(0, 16);
  const claim = join(run, `run.lock.${digest}.claim`);
  mkdirSync(claim);
  expect(() => lockFolder(run)).toThrow(
    `was killed meanwhile; remove ${join(run, "run.lock")} and what begins with run.lock. beside it`,
  );
  // Nobody takes that long for two renames.
  const before = new Date(Date.now() - 61_000);
  utimesSync(claim, before, before);
  lockFolder(run)();
  expect(readdirSync(run)).toEqual([]);
});

test("what is no lock of ours is in nobody's way", () => {
  mkdirSync(run, { recursive: true });
  const lock = join(run, "run.lock");
  writeFileSync(lock, "not a folder");
  lockFolder(run)();
  mkdirSync(join(lock, "holder.json"), { recursive: true });
  lockFolder(run)();
  expect(readdirSync(run)).toEqual([]);
});

test("of many processes that find a left lock at once, one has it", async () => {
  put({ pid: await ended(), host: hostname(), life: null });
  const source = new URL("../../dist/runs/run-lock.js", import.meta.url).href;
  // Each holds what it got until all have answered.
  const script = `
    const { lockFolder } = await import(${JSON.stringify(source)});
    process.stdin.once("data", () => {
      try { lockFolder(process.argv[1]); process.stdout.write("has it"); }
      catch (error) { process.stdout.write(error.message); }
      process.stdin.on("end", () => process.exit());
    });
    process.stdout.write("ready ");`;
  const children = Array.from({ length: 8 }, () =>
    spawn(process.execPath, ["--input-type=module", "-e", script, run], {
      stdio: ["pipe", "pipe", "inherit"],
    }),
  );
  const answered = (child: (typeof children)[number]): Promise<string> =>
    new Promise((resolve) => child.stdout.once("data", (data) => resolve(String(data))));
  await Promise.all(children.map(answered));
  const answers = Promise.all(children.map(answered));
  for (const child of children) child.stdin.write("go\n");
  const found = await answers;
  expect(found.filter((each) => each === "has it")).toHaveLength(1);
  expect(found.filter((each) => /writes a run there now/.test(each))).toHaveLength(7);
  expect(readdirSync(run)).toEqual(["run.lock"]);
  await Promise.all(
    children.map((child) => {
      const closed = new Promise((resolve) => child.on("close", resolve));
      child.stdin.end();
      return closed;
    }),
  );
  rmSync(run, { recursive: true });
}, 60_000);
