// What is done with a model after its training: thresholds, calibration, features, averaged views, and pictures that it was not made for.

import { copyFileSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { calibrateCommand } from "../../src/cli/commands/calibrate.ts";
import { embedCommand } from "../../src/cli/commands/embed.ts";
import { evaluateCommand } from "../../src/cli/commands/evaluate.ts";
import { predictCommand } from "../../src/cli/commands/predict.ts";
import { probeCommand } from "../../src/cli/commands/probe.ts";
import { probeLabels } from "../../src/cli/probe-labels.ts";
import type { CalibrateOptions } from "../../src/cli/calibrate-options.ts";
import type { PredictOptions } from "../../src/cli/predict-options.ts";
import type { EvaluateOptions } from "../../src/cli/segmenter-evaluation.ts";
import { UsageError } from "../../src/errors/errors.ts";
import { DataError } from "../../src/errors/data-errors.ts";
import { parseSafetensors } from "../../src/interchange/safetensors-header.ts";
import { readFeatures } from "../../src/runs/features-file.ts";
import { modelCard } from "../../src/export/model-card.ts";
import { readModelFile, rewriteModel } from "../../src/runs/model-file.ts";
import { beginRun } from "../../src/runs/run-start.ts";
import { readRun } from "../../src/runs/read-run.ts";
import { trainRun } from "../../src/runs/train-run.ts";
import { twoSites } from "./two-sites.ts";

const folder = mkdtempSync(join(tmpdir(), "tessera-after-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (...path: string[]): string => join(folder, ...path);
const classes = ["nodule", "effusion", "cardiomegaly"];
const shared = { device: "reference", cache: at("cache"), quiet: true, json: true, skipBad: false } as const;

/** What a command prints to stdout, as JSON, and to stderr. */
async function printed(
  work: () => Promise<void>,
): Promise<{ readonly result: unknown; readonly errors: string }> {
  const [out, errors] = (["stdout", "stderr"] as const).map((name) => {
    const said: string[] = [];
    vi.spyOn(process[name], "write").mockImplementation((text) => said.push(String(text)) > 0);
    return said;
  });
  await work();
  vi.restoreAllMocks();
  return { result: JSON.parse(out.join("") || "null") as unknown, errors: errors.join("") };
}
afterEach(() => vi.restoreAllMocks());

const predict = (
  out: string,
  more: Partial<PredictOptions> = {},
  paths: readonly string[] = [],
): Promise<void> =>
  predictCommand(at("run"), paths, {
    ...shared,
    out: at(out),
    complete: false,
    logits: false,
    json: false,
    ...more,
  });
const rowsOf = (name: string): Record<string, string>[] => parse(readFileSync(at(name)), { columns: true });
const calibrate = (more: Partial<CalibrateOptions> = {}, manifest?: string): Promise<void> =>
  calibrateCommand(at("run"), manifest, { ...shared, remove: false, ...more });
interface Evaluated {
  readonly meanAuc: number;
  readonly byClass: Readonly<Record<string, { readonly auc: number; readonly calibrationError: number }>>;
}
const evaluated = async (more: Partial<EvaluateOptions> = {}): Promise<Evaluated> =>
  (
    await printed(() =>
      evaluateCommand(at("run"), undefined, {
        ...{ ...shared, part: "test", at: 0.95, mapThreshold: 0.5 },
        ...more,
      }),
    )
  ).result as Evaluated;

beforeAll(async () => {
  const sizes = { images: 110, tested: 60, validated: 60, blocks: 1 } as const;
  writeFileSync(
    at("m.yaml"),
    twoSites({ ...sizes, train: "batch: 32, epochs: 2, warmupEpochs: 2, learningRate: 0.02" }),
  );
  const { device, cache } = shared;
  await trainRun(await beginRun(at("m.yaml"), { dataRoot: folder, out: at("run"), device, cache }));
}, 120_000);

test("a run keeps the thresholds of its validation patients, and predict --decide decides by them", async () => {
  const { record } = await readModelFile(at("run"));
  const { summary } = await readRun(at("run"));
  expect(record.thresholds?.byClass).toHaveLength(3);
  expect(record.examples?.map(({ source, images }) => [source, images])).toEqual([
    ["A", 110],
    ["B", 110],
  ]);
  await predict("plain.csv");
  for (const decide of ["youden", "sensitivity", "specificity"] as const) {
    const { result } = await printed(() => predict("decided.csv", { decide, json: true }));
    const { thresholds } = (result as { decided: { thresholds: Record<string, number> } }).decided;
    const [plain, rows] = [rowsOf("plain.csv"), rowsOf("decided.csv")];
    for (const name of classes) {
      expect(thresholds[name]).toBe(summary?.thresholds?.byClass[name][decide]?.threshold);
      for (const [i, row] of rows.entries()) {
        expect(row[name]).toBe(plain[i][name]);
        expect(row[`${name} positive`]).toBe(Number(row[name]) > thresholds[name] ? "1" : "0");
      }
    }
  }
  // On the validation images they come to what they were chosen for.
  await predict("validation.csv", { decide: "specificity", part: "validation" });
  await predict("labels.csv", { complete: true, part: "validation" });
  const [decided, labels] = [rowsOf("validation.csv"), rowsOf("labels.csv")];
  for (const [k, name] of classes.entries()) {
    const negatives = decided.filter(
      (_, i) => labels[i][`${name} is`] === "given" && labels[i][name] === "0",
    );
    const called = negatives.filter((row) => row[`${name} positive`] === "0").length;
    expect(called / negatives.length).toBeCloseTo(
      record.thresholds?.byClass[k].specificity?.specificity ?? NaN,
      12,
    );
    expect(called / negatives.length).toBeGreaterThanOrEqual(0.95);
  }
});

test("calibrate fits one temperature: no decision and no AUC changes, and --remove gives back what was", async () => {
  const model = await readModelFile(at("run"));
  const before = await evaluated();
  await predict("before.csv", { decide: "youden" });
  const fitted = async () =>
    (await printed(() => calibrate())).result as {
      temperature: { value: number; before: number; after: number };
    };
  const { temperature } = await fitted();
  expect(temperature.value).not.toBeCloseTo(1, 2);
  expect(temperature.after).toBeLessThan(temperature.before);
  const after = await evaluated();
  expect(after.meanAuc).toBe(before.meanAuc);
  for (const name of classes) expect(after.byClass[name].auc).toBe(before.byClass[name].auc);
  await predict("after.csv", { decide: "youden" });
  const [plain, tempered] = [rowsOf("before.csv"), rowsOf("after.csv")];
  const logit = (p: string): number => Math.log(Number(p) / (1 - Number(p)));
  for (const [i, row] of tempered.entries()) {
    for (const name of classes) {
      expect(row[`${name} positive`]).toBe(plain[i][`${name} positive`]);
      expect(logit(row[name])).toBeCloseTo(logit(plain[i][name]) / temperature.value, 4);
    }
  }
  expect((await readRun(at("run"))).temperature).toBe(temperature.value);
  // Fitted anew it is the same, and not a temperature of the tempered.
  expect((await fitted()).temperature).toEqual(temperature);
  await calibrate({ remove: true });
  const { record, weights } = await readModelFile(at("run"));
  expect([record, weights]).toEqual([model.record, model.weights]);
  expect((await evaluated()).byClass).toEqual(before.byClass);
  await expect(calibrate({ remove: true })).rejects.toThrow(/has no temperature to remove/u);
});

test.each([
  [{ remove: true }, "m.yaml", /--remove .*leave it out, or the manifest .*m\.yaml$/u],
  [{ remove: true, part: "test", only: "temperature" }, undefined, /or --part test, --only temperature$/u],
  [{ remove: true, at: 0.9 }, undefined, /--remove .*or --at 0\.9$/u],
  [{ only: "temperature", at: 0.9 }, undefined, /--at 0\.9 is about thresholds/u],
] as const)("calibrate refuses what would mean nothing: %j", async (more, manifest, message) => {
  await expect(calibrate(more, manifest && at(manifest))).rejects.toThrow(message);
});

test("what test images choose is told: by calibrate, in the model, on its card and by --decide", async () => {
  const model = await readModelFile(at("run"));
  try {
    const { errors } = await printed(() => calibrate({ part: "test", at: 0.2 }));
    expect(errors).toMatch(/^warning: --part test: .*makes results look better than they are/u);
    const { record } = await readModelFile(at("run"));
    expect([record.thresholds?.part, record.temperature?.part]).toEqual(["test", "test"]);
    const run = await readRun(at("run"));
    const card = modelCard({ run, record, formats: ["torch"], version: "0" });
    expect(card).toContain("patients of part test, so that results on these images are better");
    expect(card).toContain("images of part test");
    expect(card).toContain("do not divide again");
    expect(card).toMatch(/\| length +\| 2 epochs, kept: epoch \d/u);
    expect(card).not.toMatch(/began with|steps|freeze/u);
    const initial = { file: "/secret/w.pth", sha256: "0123456789abcdef", classes: [] };
    const more = { freeze: ["features"], rates: { head: 2 }, positiveWeight: { nodule: 5 }, steps: 30 };
    const begun = { ...run.record, initial, settings: { ...run.record.settings, ...more } };
    const other = modelCard({ run: { ...run, record: begun }, record, formats: ["torch"], version: "0" });
    for (const row of [
      "began with +\\| w\\.pth, SHA-256 0123456789ab",
      "length +\\| 30 steps, 2 epochs, kept",
      ...["freeze +\\| features", "rates +\\| head 2", "positiveWeight +\\| nodule 5"],
    ]) {
      expect(other).toMatch(new RegExp(`^\\| ${row}`, "mu"));
    }
    expect(other).not.toContain("secret");
    const said = (await printed(() => predict("test.csv", { decide: "sensitivity", quiet: false }))).errors;
    expect(said).toContain("warning: the thresholds were chosen on part test");
    expect(said).toContain(
      "decided by sensitivity of 20 %, chosen on 60 test patients: 3 classes; none stays blank\n",
    );
  } finally {
    await rewriteModel(model, model.record);
  }
});

test("without anybody of a kind there is no threshold, and --decide names the counts and the rules that have some", async () => {
  const model = await readModelFile(at("run"));
  const { thresholds } = model.record;
  if (thresholds === undefined) throw new Error("no thresholds");
  const none = { ...thresholds.byClass[0], positives: 3, negatives: 40, youden: null, sensitivity: null };
  try {
    await rewriteModel(model, {
      ...model.record,
      thresholds: { ...thresholds, byClass: [none, none, none] },
    });
    await expect(predict("no.csv", { decide: "youden" })).rejects.toThrow(
      /no threshold by youden of any class \(validation has 3 patients with it and 40 without; --decide specificity has thresholds\)/u,
    );
    const byClass = [none, thresholds.byClass[1], thresholds.byClass[2]];
    await rewriteModel(model, { ...model.record, thresholds: { ...thresholds, byClass } });
    const { errors } = await printed(() => predict("some.csv", { decide: "youden", quiet: false }));
    expect(errors).toContain(
      "not decided: nodule: no threshold by youden, sensitivity: validation has 3 patients",
    );
    expect(errors).toContain(
      "decided by youden, chosen on 60 validation patients: 2 classes; blank: nodule\n",
    );
  } finally {
    await rewriteModel(model, model.record);
  }
});

test("where no temperature fits, calibrate tells the labels of the part, and what still works", async () => {
  const model = await readModelFile(at("run"));
  const zeros = new Map(
    [...model.weights].map(([name, { shape, data }]) => [
      name,
      { shape, data: name.startsWith("head") ? new Float32Array(data.length) : data },
    ]),
  );
  try {
    await rewriteModel({ ...model, weights: zeros }, model.record);
    await expect(calibrate()).rejects.toThrow(
      /^no temperature fits: .*; part validation has \d+ positive labels and \d+ negative, over all classes; --only thresholds works: it has some by youden, sensitivity, specificity$/u,
    );
  } finally {
    await rewriteModel(model, model.record);
  }
});

test("a model of before says nothing of thresholds and pictures, and --decide tells how to get thresholds", async () => {
  const model = await readModelFile(at("run"));
  const { thresholds, examples, weak, ...older } = model.record;
  expect([thresholds, examples, weak].every((each) => each !== undefined)).toBe(true);
  try {
    await rewriteModel(model, older);
    await expect(predict("no.csv", { decide: "youden" })).rejects.toThrow(
      /has no thresholds, .*tessera calibrate .*run MANIFEST --only thresholds/u,
    );
    // The view comes from run.json then.
    await predict("views.csv", { augment: 2 });
    await predict("older.csv");
    expect(rowsOf("older.csv")).toEqual(rowsOf("plain.csv"));
    await printed(() => calibrate({ only: "thresholds" }));
    expect((await readModelFile(at("run"))).record.thresholds).toEqual(thresholds);
  } finally {
    await rewriteModel(model, model.record);
  }
});

test("--augment averages over views that the seed draws, the image itself first", async () => {
  await predict("one.csv", { augment: 1 });
  expect(rowsOf("one.csv")).toEqual(rowsOf("plain.csv"));
  await predict("three.csv", { augment: 3 });
  await predict("again.csv", { augment: 3, viewSeed: 0 });
  await predict("other.csv", { augment: 3, viewSeed: 1 });
  expect(rowsOf("again.csv")).toEqual(rowsOf("three.csv"));
  const loud = { quiet: false, augment: 2, decide: "youden" } as const;
  expect((await printed(() => predict("both.csv", loud))).errors).toMatch(/chosen on single views/u);
  expect(rowsOf("other.csv")).not.toEqual(rowsOf("three.csv"));
  expect((await evaluated({ augment: 3 })).meanAuc).not.toBe((await evaluated()).meanAuc);
  await expect(predict("no.csv", { augment: 3, view: "none" })).rejects.toThrow(
    /--view none changes no image/u,
  );
  await expect(predict("no.csv", { view: "mnist" })).rejects.toThrow(UsageError);
  await expect(predict("no.csv", { viewSeed: 0 })).rejects.toThrow(/--view-seed 0 is about --augment/u);
});

test("features of all images are a file that probe tells the worth of, with its labels, a table's or a manifest's", async () => {
  const embed = (out: string, paths: readonly string[] = []): Promise<void> =>
    embedCommand(at("run"), paths, { ...shared, json: false, out: at(out) });
  const probe = async (
    labels?: string,
    more: { readonly out?: string } = {},
  ): Promise<{ readonly meanAuc: number; readonly images: object }> => {
    const options = { ...shared, dataRoot: folder, seed: 0, ...more };
    return (await printed(() => probeCommand(at("features.safetensors"), labels, options))).result as {
      readonly meanAuc: number;
      readonly images: object;
    };
  };
  await embed("features.safetensors");
  const own = await probe();
  expect(own.images).toEqual({ train: 220, validation: 60, test: 60 });
  expect(own.meanAuc).toBeGreaterThan(0);
  expect((await probe(at("m.yaml"))).meanAuc).toBe(own.meanAuc);
  await predict("all.csv", { complete: true, part: "all" });
  const lines = rowsOf("all.csv").map((row) =>
    [
      row["source"],
      row["part"],
      row["image"],
      ...classes.map((name) => (row[`${name} is`] === "given" ? row[name] : "")),
    ].join(","),
  );
  writeFileSync(at("labels.csv"), `source,part,image,${classes.join(",")}\n${lines.join("\n")}\n`);
  expect((await probe(at("labels.csv"))).meanAuc).toBe(own.meanAuc);
  // A class that is always there on the images to train on is not learned, whatever the test images say of it.
  const withOne = lines.map((line) => `${line},${line.split(",")[1] === "train" ? 1 : line.length % 2}`);
  writeFileSync(at("labels.csv"), `source,part,image,${classes.join(",")},always\n${withOne.join("\n")}\n`);
  const head = at("head.safetensors");
  expect(await probe(at("labels.csv"), { out: head })).toEqual({ ...own, notLearned: ["always"] });
  expect(parseSafetensors(readFileSync(head), Error).metadata["classes"]).toBe(JSON.stringify(classes));
  writeFileSync(at("labels.csv"), "image,x\nstranger,1\n");
  await expect(probe(at("labels.csv"))).rejects.toThrow(/has no image of .*features\.safetensors/u);
  writeFileSync(at("labels.csv"), "image,x\nA\\/0,maybe\n");
  await expect(probe(at("labels.csv"))).rejects.toThrow(DataError);
  await expect(embed("features.txt")).rejects.toThrow(/ends neither in \.safetensors nor in \.csv/u);
});

test("patients of one name in two sources are two in features and in a manifest's labels, as they are to evaluate", async () => {
  for (const name of ["X", "Y"]) mkdirSync(at("people", name), { recursive: true });
  for (let i = 0; i < 4; i++) {
    const pixels = Uint8Array.from({ length: 256 }, (_, place) => (place * (7 + i)) % 256);
    await sharp(pixels, { raw: { width: 16, height: 16, channels: 1 } }).toFile(
      at("people", i < 2 ? "X" : "Y", `${i}.png`),
    );
  }
  writeFileSync(at("X.csv"), "image,who,nodule\n0.png,7,1\n1.png,7,0\n");
  writeFileSync(at("Y.csv"), "image,who,nodule\n2.png,7,1\n3.png,8,0\n");
  const source = (name: string): string =>
    `  - { name: ${name}, format: table, table: ${name}.csv, images: people/${name}, image: image, patient: who, columns: [nodule] }\n`;
  writeFileSync(
    at("people.yaml"),
    `classes: [nodule]\nimage: { height: 16, width: 16 }\nsources:\n${source("X")}${source("Y")}`,
  );
  const [out, options] = [at("people.safetensors"), { ...shared, dataRoot: folder }];
  await printed(() => embedCommand(at("run"), [at("people.yaml")], { ...options, out }));
  const features = await readFeatures(out);
  const people = ["X/7", "X/7", "Y/7", "Y/8"];
  expect(features.images.map(([, , , patient]) => patient)).toEqual(people);
  for (const labels of [undefined, at("people.yaml")]) {
    const { rows } = await probeLabels(features, out, labels, options);
    expect(rows.map(({ patient }) => patient)).toEqual(people);
  }
});

test("a picture far from all that the model was trained on is told, once and by name; others are not", async () => {
  mkdirSync(at("films"));
  const film = Uint8Array.from({ length: 256 }, (_, i) => 8 + ((i * 7) % 4)); // 12 bits read as 16 are nearly black
  await sharp(film, { raw: { width: 16, height: 16, channels: 1 } })
    .png()
    .toFile(at("films/dark.png"));
  copyFileSync(at("films/dark.png"), at("films/same.png"));
  const { errors } = await printed(() => predict("far.csv", {}, [at("films")]));
  expect(errors).toMatch(
    /^warning: .*dark\.png is far \(2 of the first 2 images are\) from what the model was trained on: mean grey level \d+, and 98 % of the training images have \d+ to \d+; look at the picture, and at how its numbers are read \(bits, window\)\n$/u,
  );
  expect((await printed(() => predict("near.csv"))).errors).toBe("");
  await expect(predict("gone.csv", {}, [at("films/gone.png")])).rejects.toThrow(/gone\.png: does not exist/u);
});
