// How a run ends that is killed late, or told by signals to end: it leaves something to go on with, and says how.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import { beforeAll, describe, expect, test } from "vitest";
import { main, own, runBuilt, workingFolder, type Ended } from "./built.ts";
import { twoSites } from "./two-sites.ts";

const folder = workingFolder();
const tessera = (...parameters: string[]): Promise<Ended> => runBuilt(folder, parameters);
const at = (...names: string[]): string => join(folder, ...names);
const start = (out: string): string[] => [
  ...["train", "run.yaml", "--data-root", ".", "--out", out, "--device", "reference"],
  ...["--checkpoint-every", "1000steps"],
];
const env = { ...process.env, TESSERA_CACHE: folder };

/** Sends a signal once `ready`; the exit code, or the signal that ended it, and what it told. */
function signalled(
  parameters: readonly string[],
  signal: NodeJS.Signals,
  ready: (errors: string) => boolean,
): Promise<{ readonly ended: number | string | null; readonly errors: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...parameters], { cwd: folder, env });
    let errors = "";
    child.stdout.resume();
    child.stderr.on("data", (data) => (errors += String(data)));
    const watch = setInterval(() => {
      if (!ready(errors)) return;
      clearInterval(watch);
      child.kill(signal);
    }, 1);
    child.on("close", (code, killed) => {
      clearInterval(watch);
      resolve({ ended: code ?? killed, errors });
    });
  });
}

beforeAll(async () => {
  writeFileSync(
    at("run.yaml"),
    twoSites({ images: 32, tested: 24, blocks: 1, train: "batch: 16, epochs: 8, warmupEpochs: 1" }),
  );
  expect(own((await tessera(...start("whole"), "--quiet")).errors)).toBe("");
});

describe("a run killed between its results and its report", () => {
  test("is given its report by --resume, which takes over the lock that was left", async () => {
    const { ended } = await signalled(start("late"), "SIGKILL", () => existsSync(at("late", "summary.json")));
    expect(ended).toBe("SIGKILL");
    expect(existsSync(at("late", "run.lock"))).toBe(true);
    rmSync(at("late", "report.html"), { force: true }); // of a kill that came too late
    const { code, output, errors } = await tessera("train", "--resume", "late", "--json");
    expect(own(errors)).toBe(
      `the run is finished, and only its report is missing\nthe report is ${join("late", "report.html")}`,
    );
    expect(code).toBe(0);
    expect(output).toBe(readFileSync(at("late", "summary.json"), "utf8"));
    expect(readdirSync(at("late"))).toEqual(readdirSync(at("whole")));
    await tessera("report", "late", "--out", "again.html");
    expect(readFileSync(at("late", "report.html"))).toEqual(readFileSync(at("again.html")));
  });

  test("is finished as before for whoever wants no report, and for another length", async () => {
    rmSync(at("late", "report.html"));
    const { code, errors } = await tessera("train", "--resume", "late", "--no-report");
    expect(own(errors)).toMatch(/the run is finished; see summary\.json/);
    expect(code).toBe(2);
    const longer = await tessera("train", "--resume", "late", "--epochs", "9");
    expect(longer.errors).toMatch(/goes on/);
    expect(longer.code).toBe(0);
    expect(existsSync(at("late", "report.html"))).toBe(true);
  });
});

describe("a run that is told to end", () => {
  test.each([
    ["SIGINT", 130, "press Ctrl-C again to stop at once"],
    ["SIGTERM", 143, "as SIGTERM came; another signal stops it at once"],
    ["SIGHUP", 129, "as SIGHUP came; another signal stops it at once"],
  ] as const)("by %s leaves a checkpoint, and exits with %d", async (signal, code, told) => {
    const out = `by-${signal}`;
    const { ended, errors } = await signalled(start(out), signal, () => {
      const file = at(out, "metrics.jsonl");
      return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 2000;
    });
    expect(errors).toContain(told);
    expect(errors).toContain(`go on with: tessera train --resume ${out}`);
    expect(ended).toBe(code);
    expect(existsSync(at(out, "checkpoint.safetensors"))).toBe(true);
    expect(existsSync(at(out, "run.lock"))).toBe(false);
    expect((await tessera("train", "--resume", out, "--quiet")).code).toBe(0);
    for (const file of ["metrics.jsonl", "model.safetensors"])
      expect(readFileSync(at(out, file))).toEqual(readFileSync(at("whole", file)));
  });

  test("between two works gives its lock back", async () => {
    const locks = new URL("../../dist/runs/run-lock.js", import.meta.url).href;
    const signals = new URL("../../dist/cli/terminal/signals.js", import.meta.url).href;
    const script = `
      const { lockFolder } = await import(${JSON.stringify(locks)});
      const { endBySignals, sayWhenStopped } = await import(${JSON.stringify(signals)});
      lockFolder(".");
      sayWhenStopped("write it with this");
      endBySignals();
      process.stdout.write("locked");
      await new Promise((resolve) => setTimeout(resolve, 20_000));`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { cwd: folder });
    let errors = "";
    child.stderr.on("data", (data) => (errors += String(data)));
    child.stdout.on("data", () => {
      expect(existsSync(at("run.lock"))).toBe(true);
      child.kill("SIGTERM");
    });
    expect(await new Promise((resolve) => child.on("close", resolve))).toBe(143);
    expect(errors).toBe("write it with this\n");
    expect(existsSync(at("run.lock"))).toBe(false);
  });
});

test("--keep-checkpoints keeps the last ones, of which a run goes on whose current one is damaged", async () => {
  const { ended } = await signalled([...start("kept"), "--keep-checkpoints", "2"], "SIGTERM", (errors) =>
    errors.includes("epoch 5/8 done"),
  );
  expect(ended).toBe(143);
  const kept = readdirSync(at("kept")).filter((name) => name.startsWith("checkpoint-"));
  expect(kept).toHaveLength(2);
  for (const name of kept) expect(name).toMatch(/^checkpoint-000[4-8]-\d{5}\.safetensors$/u);
  const [older, newest] = kept.sort();
  const checkpoint = at("kept", "checkpoint.safetensors");
  expect(readFileSync(at("kept", newest))).toEqual(readFileSync(checkpoint));
  rmSync(checkpoint);
  writeFileSync(checkpoint, "damaged");
  rmSync(at("kept", newest));
  writeFileSync(at("kept", newest), "damaged, too");
  const refused = await tessera("train", "--resume", "kept");
  expect(own(refused.errors)).toBe(
    `error: kept/checkpoint.safetensors: cannot be used, and ${older} beside it can: to go on from there, put that in its place`,
  );
  expect(refused.code).toBe(2);
  writeFileSync(checkpoint, readFileSync(at("kept", older)));
  expect((await tessera("train", "--resume", "kept", "--quiet", "--keep-checkpoints", "1")).code).toBe(0);
  for (const file of ["metrics.jsonl", "model.safetensors"])
    expect(readFileSync(at("kept", file))).toEqual(readFileSync(at("whole", file)));
  expect(readdirSync(at("kept")).filter((name) => name.startsWith("checkpoint-"))).toEqual([
    "checkpoint-0008-00000.safetensors",
  ]);
});

describe.runIf(existsSync("/proc/self/stat"))(
  "below a folder in which the system makes none, soon refused is",
  () => {
    const why = "/proc is the system's own, and takes no files; name another folder";
    const images = `
classes: [nodule]
image: { height: 16, width: 16 }
sources: [{ name: A, format: folder, folder: images }]
test: { format: phantoms, site: both, count: 4 }
`;

    test("a run folder, a report, and the folder of a cache", async () => {
      const out = await tessera("train", "run.yaml", "--data-root", ".", "--out", "/proc/tessera/run");
      expect([out.code, own(out.errors)]).toEqual([2, `error: --out /proc/tessera/run: ${why}`]);
      const page = await tessera("report", "whole", "--out", "/proc/tessera/page.html");
      expect([page.code, own(page.errors)]).toEqual([2, `error: --out /proc/tessera/page.html: ${why}`]);
      mkdirSync(at("images", "nodule"), { recursive: true });
      const picture = new PNG({ width: 16, height: 16 });
      writeFileSync(at("images", "nodule", "a.png"), PNG.sync.write(picture));
      writeFileSync(at("images.yaml"), images);
      const inspect = ["inspect", "images.yaml", "--data-root", ".", "--quiet"];
      const cache = await tessera(...inspect, "--cache", "/proc/tessera/cache");
      expect(own(cache.errors)).toMatch(
        /^error: \/proc\/tessera\/cache\/.* cannot be used as a cache \(\/proc is /u,
      );
      expect(cache.code).toBe(2);
      const home = { HOME: "/proc/1/tessera", TESSERA_CACHE: "", XDG_CACHE_HOME: "" };
      const homeless = await runBuilt(folder, inspect, undefined, home);
      expect(own(homeless.errors)).toMatch(
        /^error: \/proc\/1\/tessera\/.* cannot be used as a cache \(\/proc\/1 is /u,
      );
      expect(homeless.code).toBe(2);
    });
  },
);
