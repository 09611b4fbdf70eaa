// Files of a run, or its images, that somebody changed meanwhile: told in one line, and nothing is made of them.

import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import { beforeAll, describe, expect, test } from "vitest";
import { main, own, runBuilt, workingFolder, type Ended } from "./built.ts";

const folder = workingFolder();
const tessera = (...parameters: string[]): Promise<Ended> => runBuilt(folder, parameters);
const at = (...names: string[]): string => join(folder, ...names);
const text = (...names: string[]): string => readFileSync(at(...names), "utf8");

function picture(file: string, seed: number): void {
  const png = new PNG({ width: 16, height: 16 });
  png.data.forEach((_, i) => (png.data[i] = i % 4 === 3 ? 255 : (seed * 31 + (i >> 2) * seed) % 256));
  writeFileSync(file, PNG.sync.write(png));
}

const manifest = `
classes: [dark, light]
image: { height: 16, width: 16 }
sources: [{ name: A, format: folder, folder: train }]
test: { format: folder, folder: test }
model: { stem: { features: 4, stride: 2 }, blocks: [1], growth: 4 }
train: { batch: 8, epochs: 12, warmupEpochs: 1 }
`;
const start = (out: string): string[] => [
  ...["train", "run.yaml", "--data-root", ".", "--out", out, "--device", "reference", "--quiet"],
  ...["--checkpoint-every", "1steps"],
];

/** A run that was killed behind its first checkpoints. */
async function killed(out: string): Promise<void> {
  const env = { ...process.env, TESSERA_CACHE: folder };
  const child = spawn(process.execPath, [main, ...start(out)], { cwd: folder, env, stdio: "ignore" });
  const size = (): number => statSync(at(out, "metrics.jsonl"), { throwIfNoEntry: false })?.size ?? 0;
  const watch = setInterval(() => {
    if (size() > 2000) child.kill("SIGKILL");
  }, 1);
  await new Promise((resolve) => child.on("close", resolve));
  clearInterval(watch);
  expect(statSync(at(out, "summary.json"), { throwIfNoEntry: false })).toBeUndefined();
}

/** One line and exit code 2. */
async function refusal(...parameters: string[]): Promise<string> {
  const { code, errors } = await tessera(...parameters);
  expect([code, own(errors).split("\n").length]).toEqual([2, 1]);
  return own(errors);
}

beforeAll(async () => {
  for (const part of ["train", "test"]) {
    for (const [k, name] of ["dark", "light"].entries()) {
      mkdirSync(at(part, name), { recursive: true });
      for (let i = 0; i < 12; i++) picture(at(part, name, `${i}.png`), 1 + i + 40 * k);
    }
  }
  writeFileSync(at("run.yaml"), manifest);
  expect(own((await tessera(...start("whole"))).errors)).toBe("");
});

describe("of a run that ended", () => {
  const altered = async (
    change: (file: (name: string) => string) => void,
    ...more: string[]
  ): Promise<Ended> => {
    rmSync(at("copy"), { recursive: true, force: true });
    cpSync(at("whole"), at("copy"), { recursive: true });
    change((name) => at("copy", name));
    return await tessera(...(more.length > 0 ? more : ["report", "copy"]));
  };
  const changed = (name: string): string =>
    `error: copy/${name}: was changed after the run ended (its SHA-256 is not the one in digests.json); put back what the run ` +
    "wrote, or remove copy/digests.json to use it as it is";

  test.each([
    ["metrics.jsonl", (was: string) => was.replace(/"loss":\d/u, '"loss":7')],
    ["metrics.jsonl", (was: string) => was.slice(0, was.lastIndexOf("\n", was.length - 2) + 1)],
    ["metrics.jsonl", () => ""],
    ["summary.json", (was: string) => was.replace(/"meanAuc": [\d.]+/u, '"meanAuc": 1e300')],
    ["test-predictions.csv", (was: string) => was.replace(/,0\.\d/u, ",0.0")],
    ["report.json", (was: string) => was.replace(/"images":\d+/u, '"images":99')],
    ["run.json", (was: string) => was.replace(/"seed": 0/u, '"seed": 1')],
  ])("a changed %s is told by its report (%#)", async (name, change) => {
    const { code, errors } = await altered((file) => {
      const was = readFileSync(file(name), "utf8");
      expect(change(was)).not.toBe(was);
      writeFileSync(file(name), change(was));
    });
    expect(own(errors)).toBe(changed(name));
    expect(code).toBe(2);
  });

  test("one that is gone is told, and the report made without it", async () => {
    const { code, errors } = await altered((file) => rmSync(file("test-predictions.csv")));
    expect(own(errors)).toBe(
      "warning: copy: test-predictions.csv is missing: what is drawn from it is left out.",
    );
    expect(code).toBe(0);
  });

  test("nothing is known where the digests are gone, as of runs of earlier builds", async () => {
    const { code, errors } = await altered((file) => {
      rmSync(file("digests.json"));
      writeFileSync(file("metrics.jsonl"), "");
    });
    expect([code, own(errors)]).toEqual([0, ""]);
  });

  test("digests that are damaged are told", async () => {
    const { code, errors } = await altered((file) => writeFileSync(file("digests.json"), "{"));
    expect(own(errors)).toMatch(/^error: copy\/digests\.json: cannot be used, /u);
    expect(code).toBe(2);
  });

  test("a changed seed or data root is told by evaluate, too", async () => {
    const change = (file: (name: string) => string): void =>
      writeFileSync(
        file("run.json"),
        readFileSync(file("run.json"), "utf8").replace(/"seed": 0/u, '"seed": 1'),
      );
    const { code, errors } = await altered(change, "evaluate", "copy", "--device", "reference", "--quiet");
    expect(own(errors)).toBe(changed("run.json"));
    expect(code).toBe(2);
  });

  test("a changed manifest is told by evaluate, report and --resume", async () => {
    const change = (file: (name: string) => string): void => {
      rmSync(file("digests.json"));
      writeFileSync(file("run.json"), readFileSync(file("run.json"), "utf8").replace("batch: 8", "batch: 9"));
    };
    for (const more of [
      ["evaluate", "copy"],
      ["report", "copy"],
      ["train", "--resume", "copy"],
    ]) {
      const { code, errors } = await altered(change, ...more);
      expect(own(errors)).toMatch(
        /^error: copy\/run\.json:? cannot be used \(manifest: its text is not that which the run was begun with, by its SHA-256\)/u,
      );
      expect(code).toBe(2);
    }
  });
});

describe("of a run that was killed", () => {
  test("pixels that changed are told by --resume, which goes on when they are as they were", async () => {
    await killed("broken");
    const image = at("train", "light", "3.png");
    const before = readFileSync(image);
    picture(image, 99);
    expect(await refusal("train", "--resume", "broken", "--quiet")).toBe(
      "error: --resume broken: the pixels of its images, or their label maps, are not those that the run was begun with; put these " +
        "back, or begin another run with --out",
    );
    writeFileSync(image, before);
    expect((await tessera("train", "--resume", "broken", "--quiet")).code).toBe(0);
    for (const file of ["metrics.jsonl", "test-predictions.csv"])
      expect(text("broken", file)).toBe(text("whole", file));
  });

  test("losses that changed before the checkpoint are told by --resume", async () => {
    await killed("edited");
    writeFileSync(
      at("edited", "metrics.jsonl"),
      text("edited", "metrics.jsonl").replace(/"loss":\d/u, '"loss":7'),
    );
    expect(await refusal("train", "--resume", "edited", "--quiet")).toMatch(
      /^error: edited\/checkpoint\.safetensors: is of a run whose metrics\.jsonl was changed since \(by its SHA-256\)/u,
    );
  });
});
