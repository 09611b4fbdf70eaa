// What `tessera train` does, as a function: from a manifest to a run folder, with progress by callback.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { runRecordSchema } from "../../src/runs/run-record.ts";
import { beginRun, resumeRun, type RunOptions } from "../../src/runs/run-start.ts";
import { readModelFile } from "../../src/runs/model-file.ts";
import { summarySchema } from "../../src/runs/summary.ts";
import { trainRun } from "../../src/runs/train-run.ts";
import { temporaryFolder } from "../data/formats/idx-files.ts";
import { twoSites } from "../cli/two-sites.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const manifest = join(folder.path, "sites.yaml");
writeFileSync(manifest, twoSites({ images: 24, tested: 16, train: "batch: 8, epochs: 3, warmupEpochs: 1" }));
const options = (out: string): RunOptions => ({
  ...{ dataRoot: folder.path, out: join(folder.path, out), device: "reference", seed: 3 },
  ...{ cache: join(folder.path, "cache"), tuning: "none" },
});
const text = (out: string, file: string): string => readFileSync(join(folder.path, out, file), "utf8");

test("a manifest becomes a run folder, and the observer hears of it", async () => {
  const said: string[] = [];
  const counted: string[] = [];
  let [steps, batch] = [0, 0];
  const summary = await trainRun(await beginRun(manifest, options("first")), {
    say: (line) => said.push(line),
    count: (title) => {
      counted.push(title);
      return { update: () => undefined, [Symbol.dispose]: () => undefined };
    },
    loaded: (selected) => said.push(`${selected.lists.length} lists`),
    training: (run) => {
      ({ batch } = run);
      return {
        step: () => {
          steps++;
        },
      };
    },
  });
  expect([steps, batch]).toEqual([18, 8]);
  expect(said).toContain("3 lists");
  expect(said.join("\n")).toMatch(/48 images to train on, in memory; 16 test images/);
  expect(counted).toContain("drawing A");
  expect(summary).toMatchObject({ epochs: 3, interrupted: false, images: { A: 24, B: 24 }, seed: 3 });
  // As it is written, it is read.
  expect(summarySchema.parse(JSON.parse(text("first", "summary.json")))).toEqual(summary);
  const record = runRecordSchema.parse(JSON.parse(text("first", "run.json")));
  expect(record.classes).toEqual(["nodule", "effusion", "cardiomegaly"]);
});

test("a signal stops it, and resumeRun ends it as one that was not stopped", async () => {
  const controller = new AbortController();
  const begun = await trainRun(
    await beginRun(manifest, options("second")),
    { training: () => ({ epoch: () => controller.abort() }) },
    controller.signal,
  );
  expect(begun).toMatchObject({ interrupted: true, epochs: 1 });
  const ended = await trainRun(
    await resumeRun(join(folder.path, "second"), { cache: join(folder.path, "cache") }),
  );
  expect(ended).toMatchObject({ interrupted: false, epochs: 3 });
  for (const file of ["metrics.jsonl", "model.safetensors", "test-predictions.csv"]) {
    expect(text("second", file), file).toBe(text("first", file));
  }
});

test("a signal before the first step is thrown, and no folder is made", async () => {
  const start = await beginRun(manifest, options("third"));
  const reason = new Error("not now");
  await expect(trainRun(start, {}, AbortSignal.abort(reason))).rejects.toThrow();
  expect(() => text("third", "run.json")).toThrow();
});

test("a run that begins with another's weights says so, and goes on as one that was not stopped", async () => {
  const begin = (out: string) => beginRun(manifest, { ...options(out), init: join(folder.path, "first") });
  const said: string[] = [];
  await trainRun(await begin("third"), { say: (line) => said.push(line) });
  expect(said.join("\n")).toMatch(
    /weights of .*first.model\.safetensors: \d+ tensors taken\nhead: nodule, effusion, cardiomegaly as/u,
  );
  const record = runRecordSchema.parse(JSON.parse(text("third", "run.json")));
  expect(record.initial).toMatchObject({
    file: join(folder.path, "first", "model.safetensors"),
    classes: [],
  });
  expect(text("third", "metrics.jsonl")).not.toBe(text("first", "metrics.jsonl"));
  const fineTuned = twoSites({
    ...{ images: 24, tested: 16 },
    train: "batch: 8, epochs: 1, warmupEpochs: 0, freeze: backbone, unfreeze: { features.norm3: 2 }",
  });
  writeFileSync(join(folder.path, "tuned.yaml"), fineTuned);
  const toldOf = async (more: Partial<RunOptions>): Promise<string> => {
    const lines: string[] = [];
    const observer = { say: (line: string) => lines.push(line), warn: (line: string) => lines.push(line) };
    const asked = { ...options("tuned"), force: true, ...more };
    await trainRun(await beginRun(join(folder.path, "tuned.yaml"), asked), observer);
    return lines.join("\n");
  };
  const anew = await toldOf({});
  expect(anew).toMatch(/^\d+ of \d+ parameters are trained, \d+ from epoch 2 on$/mu);
  expect(anew).toContain(
    "warning: the run begins with no weights, so that what is frozen stays as the seed drew it",
  );
  expect(anew).toContain("warning: train.unfreeze names epoch 2, and the run ends with epoch 1");
  const tuned = await toldOf({ init: join(folder.path, "first"), epochs: 2 });
  expect(tuned).not.toMatch(/warning: (?:the run begins|train.unfreeze)/u);
  const [first, second] = await Promise.all(
    ["first", "tuned"].map((out) => readModelFile(join(folder.path, out))),
  );
  const changed = [...first.weights].filter(([name, { data }]) => {
    return !data.every((value, i) => second.weights.get(name)?.data[i] === value);
  });
  // What joined in with the second epoch, and the head.
  expect([...new Set(changed.map(([name]) => name.split(".").slice(0, 2).join(".")))]).toEqual(
    expect.arrayContaining(["features.norm3", "head.queries", "head.fc"]),
  );
  expect(changed.some(([name]) => /^features\.(?!norm3)/u.test(name))).toBe(false);

  const controller = new AbortController();
  await trainRun(
    await begin("fourth"),
    { training: () => ({ epoch: () => controller.abort() }) },
    controller.signal,
  );
  await trainRun(await resumeRun(join(folder.path, "fourth"), { cache: join(folder.path, "cache") }));
  for (const file of ["metrics.jsonl", "model.safetensors"])
    expect(text("fourth", file)).toBe(text("third", file));
});
