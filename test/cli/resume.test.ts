// A run that is killed, whenever that may be, goes on with --resume and ends as one that was not, bit for bit.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkDigests } from "../../src/runs/file-digests.ts";
import { readTensorFile } from "../../src/interchange/safetensors.ts";
import { randomStream } from "../../src/data/random-stream.ts";
import { main, own, runBuilt, workingFolder, type Ended } from "./built.ts";
import { outlinedShapes } from "./outlined-shapes.ts";
import { twoSites } from "./two-sites.ts";

const manifest = twoSites({
  images: 64,
  tested: 60,
  validated: 40,
  train: "batch: 16, epochs: 6, warmupEpochs: 2, ema: 0.9, schedule: { by: plateau, patience: 0 }",
});

const folder = workingFolder();
writeFileSync(join(folder, "run.yaml"), manifest);
const outlined = outlinedShapes(folder, {
  ...{ images: 24, tested: 24, validated: 24 },
  train: "batch: 8, epochs: 6, warmupEpochs: 2, ema: 0.9, learningRate: 4.0e-3",
});
writeFileSync(join(folder, "shapes.yaml"), outlined);
const tessera = (...parameters: string[]): Promise<Ended> => runBuilt(folder, parameters);
const start = (out: string, ...more: string[]): string[] => startOf("run.yaml", out, ...more);
const startOf = (file: string, out: string, ...more: string[]): string[] => [
  ...["train", file, "--data-root", ".", "--out", out, "--checkpoint-every", "2steps", "--quiet"],
  ...more,
];
const read = (out: string, name: string): string => readFileSync(join(folder, out, name), "utf8");
const sizeOf = (out: string, name: string): number =>
  statSync(join(folder, out, name), { throwIfNoEntry: false })?.size ?? 0;

/** What of a summary depends neither on the clock nor on what an earlier run has left in the cache. */
function measured(out: string): unknown {
  const { seconds, decoded: _, ...rest } = JSON.parse(read(out, "summary.json")) as Record<string, unknown>;
  expect(seconds).toBeGreaterThan(0);
  return rest;
}

/** Kills the process once metrics.jsonl has so many bytes, and so many milliseconds later; null when it ended before. */
function killedAt(
  out: string,
  parameters: readonly string[],
  bytes: number,
  delay: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const env = { ...process.env, TESSERA_CACHE: folder };
    const child = spawn(process.execPath, [main, ...parameters], { cwd: folder, env, stdio: "ignore" });
    const watch = setInterval(() => {
      if (sizeOf(out, "metrics.jsonl") < bytes) return;
      clearInterval(watch);
      setTimeout(() => child.kill("SIGKILL"), delay);
    }, 1);
    child.on("close", (_, signal) => {
      clearInterval(watch);
      resolve(signal === "SIGKILL");
    });
  });
}

describe.each([
  ["webgpu", "run.yaml", "whole-webgpu", /nodule\s+[\d.]+/, []],
  ["reference", "run.yaml", "whole-reference", /nodule\s+[\d.]+/, []],
  ["webgpu", "shapes.yaml", "whole-shapes", /disc\s+[\d.]+/, ["test-overlaps.csv"]],
] as const)("on %s with %s", (device, file, whole, told, tables) => {
  test("a run that was killed again and again ends with the same metrics, summary and model", async () => {
    const broken = `broken-${whole}`;
    expect(own((await tessera(...startOf(file, whole, "--device", device))).errors)).toBe("");
    const random = randomStream(device === "webgpu" ? 1 : 2, "kills");
    const total = sizeOf(whole, "metrics.jsonl");
    let parameters = startOf(file, broken, "--device", device);
    let kills = 0;
    for (const share of [0.001, 0.25, 0.5, 0.8]) {
      const bytes = Math.ceil(share * total * (0.8 + 0.4 * random.uniform()));
      if (await killedAt(broken, parameters, bytes, 20 * random.uniform())) kills++;
      if (existsSync(join(folder, broken, "run.json"))) parameters = ["train", "--resume", broken, "--quiet"];
    }
    expect(kills).toBeGreaterThanOrEqual(3);
    const { code, output, errors } = await tessera("train", "--resume", broken);
    expect(errors).toMatch(/goes on after \d epochs/);
    expect(code).toBe(0);
    expect(output).toMatch(told);
    expect(read(broken, "metrics.jsonl")).toBe(read(whole, "metrics.jsonl"));
    expect(measured(broken)).toEqual(measured(whole));
    expect(checkDigests(join(folder, broken))).toEqual([]);
    const [one, two] = await Promise.all(
      [whole, broken].map((out) => readTensorFile(join(folder, out, "model.safetensors"), "tessera model 1")),
    );
    expect(two).toEqual(one);
    for (const name of [...tables, "test-predictions.csv", "report.json"])
      expect(read(broken, name)).toBe(read(whole, name));
    const left = [
      ...[
        "checkpoint.safetensors",
        "digests.json",
        "metrics.jsonl",
        "model.safetensors",
        "patients.salt",
        "report.html",
        "report.json",
        "run.json",
        "summary.json",
      ],
      ...tables,
      "test-predictions.csv",
    ];
    for (const out of [whole, broken]) expect(readdirSync(join(folder, out)).sort()).toEqual(left);
  }, 180_000);
});

describe("a run on the reference backend", () => {
  test("that Ctrl-C stopped goes on, too", async () => {
    const parameters = start("stopped", "--device", "reference").filter((each) => each !== "--quiet");
    let killed = false;
    const { code, errors } = await runBuilt(folder, parameters, (text, kill) => {
      if (killed || !text.includes("epoch 2/6 done")) return;
      killed = true;
      kill();
    });
    expect(code).toBe(130);
    expect(errors).toMatch(/go on with: tessera train --resume stopped/);
    expect(measured("stopped")).toMatchObject({ interrupted: true });
    expect((await tessera("train", "--resume", "stopped", "--quiet")).code).toBe(0);
    expect(read("stopped", "metrics.jsonl")).toBe(read("whole-reference", "metrics.jsonl"));
    expect(measured("stopped")).toEqual(measured("whole-reference"));
  });

  test("is refused to a second process while the first one writes it, which that does not disturb", async () => {
    const env = { ...process.env, TESSERA_CACHE: folder };
    const parameters = [main, ...start("shared", "--device", "reference")];
    const first = spawn(process.execPath, parameters, { cwd: folder, env, stdio: "ignore" });
    const closed = new Promise((resolve) => first.on("close", resolve));
    while (sizeOf("shared", "metrics.jsonl") === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    first.kill("SIGSTOP"); // it must not be done before the others ask
    for (const more of [
      ["--resume", "shared"],
      [...start("shared").slice(1), "--force"],
    ]) {
      const { code, errors } = await tessera("train", ...more);
      expect(own(errors)).toBe(
        `error: shared: process ${first.pid} writes a run there now; wait for it, stop it, or choose another folder with --out`,
      );
      expect(code).toBe(2);
    }
    first.kill("SIGCONT");
    expect(await closed).toBe(0);
    expect(read("shared", "metrics.jsonl")).toBe(read("whole-reference", "metrics.jsonl"));
    expect(measured("shared")).toEqual(measured("whole-reference"));
  });

  test("says in run.json what it was begun with", () => {
    const record = JSON.parse(read("whole-reference", "run.json")) as Record<string, unknown>;
    expect(record).toMatchObject({
      versions: { node: process.versions.node },
      commit: null,
      manifest: { file: "run.yaml", text: manifest },
      ...{ seed: 0, device: "reference", settings: { ema: 0.9, epochs: 6, seed: 0 } },
    });
  });

  test("ends with intervals over patients, and results by source", () => {
    expect(measured("whole-reference")).toMatchObject({
      intervals: { level: 0.95, resamples: 2000, patients: 60 },
      sources: { test: { images: 60 } },
    });
  });

  test("without a checkpoint begins again, on another adapter with a warning, with another version not at all", async () => {
    const record = JSON.parse(read("whole-reference", "run.json")) as { versions: object };
    const put = (out: string, changed: object): void => {
      mkdirSync(join(folder, out));
      writeFileSync(join(folder, out, "run.json"), JSON.stringify({ ...record, ...changed }));
    };
    put("moved", { adapter: "a far machine" });
    const { code, errors } = await tessera("train", "--resume", "moved");
    expect(code).toBe(0);
    expect(errors).toMatch(/begun on a far machine .* last digits/);
    expect(errors).toMatch(/no checkpoint yet; it begins again/);
    expect(errors).toMatch(
      /40 validation images: the best epoch's weights are kept, training ends after 10 epochs/,
    );
    expect(read("moved", "metrics.jsonl")).toBe(read("whole-reference", "metrics.jsonl"));
    put("older", { versions: { ...record.versions, tessera: "0.0.1" } });
    const older = await tessera("train", "--resume", "older");
    expect(own(older.errors)).toMatch(/begun with Tessera 0\.0\.1, and this is /);
    expect(older.code).toBe(2);
    put("tuned", { device: "webgpu", tuning: { file: "/gone/tuning.json", digest: "", works: 1 } });
    const tuned = await tessera("train", "--resume", "tuned");
    expect(own(tuned.errors)).toBe(
      "error: --resume tuned: the run follows the tuning file /gone/tuning.json, which is not there; put it back, or begin " +
        "another run with --out",
    );
    expect(tuned.code).toBe(2);
  });

  test.each([
    ["a finished run", ["--resume", "whole-reference"], /the run is finished/],
    ["a folder without a run", ["--resume", "."], /--resume \.: holds no run \(run\.json\)/],
    ["a manifest with it", ["run.yaml", "--resume", "x"], /a manifest \(run\.yaml\) cannot be given with it/],
    ["an option of the run", ["--resume", "x", "--skip-bad"], /--skip-bad cannot be given with it/],
    ["no folder at all", ["run.yaml", "--data-root", "."], /required option '--out <folder>'/],
    ["an interval that is none", ["--checkpoint-every", "0steps"], /--checkpoint-every takes minutes/],
  ])("%s is one line and exit code 2", async (_, parameters, message) => {
    const { code, errors } = await tessera("train", ...parameters);
    expect(own(errors)).toMatch(message);
    expect(own(errors).split("\n")).toHaveLength(1);
    expect(code).toBe(2);
  });
});
