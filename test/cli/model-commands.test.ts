// Commands that use a trained model: what they write agrees with what the run itself said, and with each other.

import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { readTensorFile, writeTensorFile } from "../../src/interchange/safetensors.ts";
import { modelKind } from "../../src/interchange/tensor-file.ts";
import { auc } from "../../src/metrics/auc.ts";
import type { PatientResults } from "../../src/assemble/patient-metrics.ts";
import { own, runBuilt, workingFolder, type Ended } from "./built.ts";

const manifest = (classes: string, knownToA: string, more = ""): string => `
classes: [${classes}]
image: { height: 16, width: 16 }
sources:
  - { name: A, format: phantoms, site: A, count: 40, knows: [${knownToA}], split: { by: image, test: 0.3 } }
  - { name: B, format: phantoms, site: B, count: 40, knows: [effusion, cardiomegaly], split: { by: image, test: 0.3 } }
test: { format: phantoms, site: both, count: 30 }
model: { stem: { features: 6, stride: 2 }, blocks: [1, 1], growth: 4 }
train: { batch: 16, epochs: 2, warmupEpochs: 1${more} }
`;
const folder = workingFolder();
const put = (name: string, text: string): void => writeFileSync(join(folder, name), text);
put("run.yaml", manifest("nodule, effusion, cardiomegaly", "nodule, effusion"));
put("more.yaml", manifest("effusion, mass, nodule, cardiomegaly", "mass, nodule, effusion"));
// Images of a class that the model does not know, and of no other; and images to test on alone.
put(
  "mass.yaml",
  `
classes: [effusion, mass, nodule, cardiomegaly]
image: { height: 16, width: 16 }
sources: [{ name: C, format: phantoms, site: A, count: 40, knows: [mass] }]
test: { format: phantoms, site: both, count: 30 }
model: { stem: { features: 6, stride: 2 }, blocks: [1, 1], growth: 4 }
train: { batch: 16, epochs: 2, warmupEpochs: 1 }
`,
);
put(
  "elsewhere.yaml",
  "{ classes: [cardiomegaly, nodule, consolidation], image: { height: 16, width: 16 }, test: { format: phantoms, site: both, count: 30 } }",
);
put("dynamic.yaml", manifest("nodule, effusion, cardiomegaly", "nodule, effusion", ", head: dynamic"));
put("per-source.yaml", manifest("nodule, effusion, cardiomegaly", "nodule, effusion", ", head: per-source"));
put("strangers.yaml", manifest("mass, edema", "mass, edema").replace("effusion, cardiomegaly", "mass"));

const tessera = (...parameters: string[]): Promise<Ended> => runBuilt(folder, parameters);
const train = (name: string): Promise<Ended> =>
  tessera("train", `${name}.yaml`, "--data-root", ".", "--out", name, "--quiet");
const read = (name: string): string => readFileSync(join(folder, name), "utf8");
const table = (name: string): Record<string, string>[] => parse(read(name), { columns: true });

type Rate = "sensitivity" | "specificity";
interface Evaluated {
  readonly meanAuc: number;
  readonly images: number;
  readonly shared: readonly string[];
  readonly unknownToModel: readonly string[];
  readonly intervals: unknown;
  readonly at: number;
  readonly byClass: Readonly<
    Record<
      string,
      Readonly<Record<"auc" | "averagePrecision" | "calibrationError" | "positives", number>> &
        Readonly<Record<"atSpecificity" | "atSensitivity", Readonly<Record<Rate, number>>>>
    >
  >;
  readonly sources: Readonly<Record<string, { readonly images: number; readonly meanAuc: number | null }>>;
}
interface Summarised {
  readonly meanAuc: number;
  readonly auc: Readonly<Record<string, number>>;
  readonly intervals: unknown;
  readonly sources: Evaluated["sources"];
}

beforeAll(async () => {
  for (const name of ["run", "dynamic", "per-source"]) {
    const { code, errors } = await train(name);
    expect([code, own(errors)]).toEqual([0, ""]);
  }
}, 120_000);

describe("tessera evaluate", () => {
  test.each(["run", "dynamic", "per-source"])(
    "%s: finds what the run found, on its own manifest",
    async (name) => {
      const { code, output } = await tessera("evaluate", name, "--json", "--quiet");
      expect(code).toBe(0);
      const found = JSON.parse(output) as Evaluated;
      const summary = JSON.parse(read(`${name}/summary.json`)) as Summarised;
      expect(found.meanAuc).toBe(summary.meanAuc);
      for (const [of, auc] of Object.entries(summary.auc)) expect(found.byClass[of].auc).toBe(auc);
      expect(found.intervals).toEqual(summary.intervals);
      for (const [source, { images, meanAuc }] of Object.entries(summary.sources)) {
        expect(found.sources[source]).toMatchObject({ images, meanAuc });
      }
      expect(Object.keys(found.sources)).toEqual(["A", "B", "test"]);
    },
  );

  test("prints a table of metrics, and one of sources", async () => {
    const { output, errors } = await tessera("evaluate", "run");
    expect(output).toMatch(/class +positive +negative +AUC +95 % interval +AP +sens\. \(spec\. 95 %\)/);
    expect(output).toMatch(/\ncardiomegaly +\d+ +\d+ +0\.\d{4} +0\.\d{3} to/);
    expect(output).toMatch(/AUC by source\nclass +A +B +test/);
    expect(errors).toMatch(/\d+ test images, \d+ patients; on /);
  });

  test("tells each rate where the other one is at least what --at says", async () => {
    const found = async (...more: string[]): Promise<Evaluated> =>
      JSON.parse((await tessera("evaluate", "run", "--json", "--quiet", ...more)).output) as Evaluated;
    const [strict, loose] = [await found(), await found("--at", "0.5")];
    expect([strict.at, loose.at]).toEqual([0.95, 0.5]);
    for (const { at, byClass } of [strict, loose]) {
      for (const { atSpecificity, atSensitivity } of Object.values(byClass)) {
        expect(atSpecificity.specificity).toBeGreaterThanOrEqual(at);
        expect(atSensitivity.sensitivity).toBeGreaterThanOrEqual(at);
      }
    }
    const sum = ({ byClass }: Evaluated): number =>
      Object.values(byClass).reduce((total, each) => total + each.atSpecificity.sensitivity, 0);
    expect(sum(loose)).toBeGreaterThan(sum(strict));
    const { output } = await tessera("evaluate", "run", "--at", "0.975", "--quiet");
    expect(output).toMatch(/sens\. \(spec\. 97\.5 %\) +spec\. \(sens\. 97\.5 %\)/);
  });

  test("matches classes of another manifest by name, and says which it cannot", async () => {
    const { output, errors } = await tessera("evaluate", "run", "more.yaml", "--data-root", ".", "--json");
    const found = JSON.parse(output) as Evaluated;
    expect(found.shared).toEqual(["effusion", "nodule", "cardiomegaly"]);
    expect(found.unknownToModel).toEqual(["mass"]);
    expect(own(errors)).toMatch(/^the model does not know mass$/m);
  });
});

test("where patients have several images, tessera evaluate tells who is found at thresholds of validation patients", async () => {
  const people = 24;
  mkdirSync(join(folder, "series"), { recursive: true });
  for (const part of ["validation", "test"]) {
    const rows = await Promise.all(
      Array.from({ length: 2 * people }, async (_, i) => {
        const name = `${part}-${i}.png`;
        const pixels = Uint8Array.from({ length: 256 }, (__, at) => (at * (i + 3) * 7) % 256);
        await sharp(pixels, { raw: { width: 16, height: 16, channels: 1 } })
          .png()
          .toFile(join(folder, "series", name));
        return `${name},${part}${i >> 1},${(i >> 1) % 2}`;
      }),
    );
    put(`series/${part}.csv`, `file,person,effusion\n${rows.join("\n")}\n`);
  }
  const entry = (part: string): string =>
    `{ format: table, table: series/${part}.csv, image: file, patient: person, columns: [effusion] }`;
  put(
    "series.yaml",
    `{ classes: [effusion], image: { height: 16, width: 16 }, validation: ${entry("validation")}, test: ${entry("test")} }`,
  );
  const evaluate = (...more: string[]): Promise<Ended> =>
    tessera("evaluate", "run", "series.yaml", "--data-root", ".", "--at", "0.75", ...more);
  const found = JSON.parse((await evaluate("--json", "--quiet")).output) as {
    readonly patients: PatientResults;
  };
  const { effusion } = found.patients.byClass;
  expect(found.patients.patients).toBe(people);
  expect(effusion).toMatchObject({ positives: 12, negatives: 12, located: null });
  expect(effusion.chosenOn).toEqual({ negatives: 12, falsePositives: 3 });
  const { hits, of, interval } = effusion.sensitivity ?? { hits: NaN, of: NaN, interval: null };
  expect(of).toBe(12);
  const { output, errors } = await evaluate();
  expect(errors).toMatch(/48 test images, 24 patients; on /);
  expect(output).toContain("at thresholds that hold a specificity of 75 % on the validation patients.\n");
  expect(output).toMatch(
    new RegExp(`\neffusion +12 +12 .* ${(hits / of).toFixed(3)} +${interval?.low.toFixed(3)} to `),
  );
  expect(output).not.toContain("located");
  // Where each patient has one image, there is nothing to tell beside the images.
  const single = JSON.parse((await tessera("evaluate", "run", "--json", "--quiet")).output) as object;
  expect(single).toHaveProperty("patients", null);
});

describe("tessera predict", () => {
  test("writes a row an image, whose probabilities have the AUC that evaluate finds", async () => {
    const { code } = await tessera("predict", "run", "--out", "tables/test.csv", "--quiet");
    expect(code).toBe(0);
    const rows = table("tables/test.csv");
    expect(Object.keys(rows[0])).toEqual([
      ...["source", "part", "image", "patient", "nodule", "effusion", "cardiomegaly"],
    ]);
    const { output } = await tessera("evaluate", "run", "--json", "--quiet");
    const { images, byClass } = JSON.parse(output) as Evaluated;
    expect(rows).toHaveLength(images);
    await tessera("predict", "run", "--complete", "--part", "test", "--out", "labels.csv", "--quiet");
    const labels = table("labels.csv");
    for (const name of ["nodule", "effusion", "cardiomegaly"]) {
      const states = labels.map((row) => (row[`${name} is`] === "given" ? Number(row[name]) : 255));
      const probabilities = rows.map((row) => Number(row[name]));
      expect(auc(probabilities, states)).toBeCloseTo(byClass[name].auc, 12);
    }
    expect(new Set(rows.map(({ part }) => part))).toEqual(new Set(["test"]));
    expect(new Set(rows.map(({ source, image }) => `${source} ${image}`)).size).toBe(images);
    for (const { nodule } of rows) expect(Number(nodule)).toBeGreaterThan(0);
    expect(readdirSync(join(folder, "tables"))).toEqual(["test.csv"]);
  });

  test("--logits writes what the probabilities are of, and --json says what was written", async () => {
    const summaries = [];
    for (const [file, ...more] of [["p.csv"], ["l.csv", "--logits"]]) {
      const { code, output } = await tessera("predict", "run", "--out", file, "--json", "--quiet", ...more);
      expect(code).toBe(0);
      summaries.push(JSON.parse(output) as Record<string, unknown>);
    }
    const [probabilities, logits] = [table("p.csv"), table("l.csv")];
    const columns = ["source", "part", "image", "patient", "nodule", "effusion", "cardiomegaly"];
    const shared = { manifest: "run.yaml", part: "test", rows: probabilities.length, columns, skipped: [] };
    expect(summaries[0]).toMatchObject({ ...shared, file: join(folder, "p.csv"), values: "probabilities" });
    expect(summaries[1]).toMatchObject({ ...shared, file: join(folder, "l.csv"), values: "logits" });
    for (const [i, row] of logits.entries()) {
      for (const name of ["nodule", "effusion", "cardiomegaly"]) {
        const logit = Math.fround(Number(row[name]));
        expect(Number(probabilities[i][name])).toBe(1 / (1 + Math.exp(-logit)));
      }
    }
  });

  test("completes the label table: given labels stay, only gaps are predicted", async () => {
    const { code } = await tessera("predict", "run", "--complete", "--out", "complete.csv", "--quiet");
    expect(code).toBe(0);
    const rows = table("complete.csv");
    expect(rows).toHaveLength(40 + 40 + 30);
    await tessera("predict", "run", "--part", "all", "--out", "all.csv", "--quiet");
    const predictions = table("all.csv");
    for (const [i, row] of rows.entries()) {
      const knows = { A: ["nodule", "effusion"], B: ["effusion", "cardiomegaly"] }[row["source"]];
      for (const name of ["nodule", "effusion", "cardiomegaly"]) {
        const isGiven = knows?.includes(name) ?? true;
        expect(row[`${name} is`]).toBe(isGiven ? "given" : "predicted");
        if (isGiven) expect(["0", "1"]).toContain(row[name]);
        else expect(row[name]).toBe(predictions[i][name]);
      }
    }
  });

  test("leaves a gap that the model cannot fill", async () => {
    const parameters = ["run", "more.yaml", "--data-root", ".", "--complete", "--out", "gaps.csv"];
    const { errors } = await tessera("predict", ...parameters);
    expect(own(errors)).toMatch(/the model does not know mass/);
    const gaps = table("gaps.csv").filter(({ source }) => source === "B");
    expect(gaps).toHaveLength(40);
    for (const row of gaps) expect([row["mass"], row["mass is"]]).toEqual(["", ""]);
  });

  test("takes all images of a folder, and quotes their names", async () => {
    const names = ['a "quoted", name.png', "below/b.png"];
    mkdirSync(join(folder, "pictures", "below"), { recursive: true });
    put("pictures/notes.txt", "no image");
    for (const [i, name] of names.entries()) {
      const pixels = Uint8Array.from({ length: 400 }, (_, at) => (at * (i + 3)) % 251);
      await sharp(pixels, { raw: { width: 20, height: 20, channels: 1 } })
        .png()
        .toFile(join(folder, "pictures", name));
    }
    const { code } = await tessera("predict", "run", "--images", "pictures", "--out", "p.csv", "--quiet");
    expect(code).toBe(0);
    const rows = table("p.csv");
    expect(rows.map(({ image }) => image)).toEqual(names);
    expect(rows.map(({ part }) => part)).toEqual(["", ""]);
    expect(rows[0]["nodule"]).not.toBe(rows[1]["nodule"]);
    // The same images by name: a file, and the folder with the other one.
    const several = ['pictures/a "quoted", name.png', "pictures/below"];
    expect((await tessera("predict", "run", ...several, "--out", "s.csv", "--quiet")).code).toBe(0);
    const named = table("s.csv");
    expect(named.map(({ image }) => image)).toEqual([several[0], "pictures/below/b.png"]);
    expect(named.map(({ nodule }) => nodule)).toEqual(rows.map(({ nodule }) => nodule));
  });
});

test("a model is evaluated, and asked, by a manifest of nothing but test images", async () => {
  const { code, output } = await tessera(
    "evaluate",
    "run",
    "elsewhere.yaml",
    "--data-root",
    ".",
    "--json",
    "--quiet",
  );
  expect(code).toBe(0);
  const found = JSON.parse(output) as Evaluated;
  expect([found.shared, found.images]).toEqual([["cardiomegaly", "nodule"], 30]);
  const asked = await tessera(
    "predict",
    "run",
    "elsewhere.yaml",
    "--data-root",
    ".",
    "--out",
    "elsewhere.csv",
    "--quiet",
  );
  expect(asked.code).toBe(0);
  expect(table("elsewhere.csv")).toHaveLength(30);
});

describe("tessera add-class", () => {
  test.each([
    ["of all classes", "more"],
    ["of the new class alone", "mass"],
  ])(
    "trains the grown model on images %s, and the run can be resumed and used",
    async (_, manifest) => {
      const [grown, again, swapped] = ["grown", "again", "swapped"].map((name) => `${name}-${manifest}`);
      const { code, output } = await tessera(
        ...["add-class", "run", `${manifest}.yaml`, "--data-root", ".", "--quiet", "--out", grown],
      );
      expect(code).toBe(0);
      expect(output).toMatch(/^effusion .*\nmass .*\nnodule .*\ncardiomegaly /m);
      const record = JSON.parse(read(`${grown}/run.json`)) as { initial: { file: string; sha256: string } };
      expect(record.initial.file).toBe(join(folder, "run", "model.safetensors"));
      expect(record.initial.sha256).toMatch(/^[0-9a-f]{64}$/);

      // Killed before its first checkpoint, it begins with that model again.
      mkdirSync(join(folder, again));
      put(`${again}/run.json`, read(`${grown}/run.json`));
      expect((await tessera("train", "--resume", again, "--quiet")).code).toBe(0);
      expect(read(`${again}/metrics.jsonl`)).toBe(read(`${grown}/metrics.jsonl`));
      // Behind its last step it knows the former training's images from its record alone.
      const model = read(`${again}/model.safetensors`);
      for (const name of ["model.safetensors", "summary.json"]) rmSync(join(folder, again, name));
      expect((await tessera("train", "--resume", again, "--quiet")).code).toBe(0);
      expect(read(`${again}/model.safetensors`)).toBe(model);
      const found = JSON.parse((await tessera("evaluate", grown, "--json", "--quiet")).output) as Evaluated;
      expect(found.shared).toHaveLength(4);

      const other = { ...record, initial: { ...record.initial, sha256: "0".repeat(64) } };
      mkdirSync(join(folder, swapped));
      put(`${swapped}/run.json`, JSON.stringify(other));
      const refused = await tessera("train", "--resume", swapped, "--quiet");
      expect(own(refused.errors)).toMatch(/is not the model that the run was begun with/);
    },
    60_000,
  );
});

const diverged = /diverged.model\.safetensors: its logit of nodule for image A.\d+ of A is no finite number/;

describe("what cannot be is one line and exit code 2:", () => {
  beforeAll(async () => {
    cpSync(join(folder, "run"), join(folder, "diverged"), { recursive: true });
    const file = join(folder, "diverged", "model.safetensors");
    const { record, tensors } = await readTensorFile(file, modelKind);
    for (const [name, { data }] of tensors) if (name.startsWith("head.")) data.fill(NaN);
    await writeTensorFile(file, modelKind, { record, tensors });
  });

  test.each([
    ["a folder without a run", ["evaluate", "."], /holds no run: there is no run\.json/],
    [
      "another manifest without data",
      ["evaluate", "run", "run.yaml"],
      /'--data-root <folder>' not specified/,
    ],
    [
      "a model file without a manifest",
      ["evaluate", "run/model.safetensors"],
      /is no run folder, which would have a manifest of its own/,
    ],
    [
      "no class in common",
      ["evaluate", "run", "strangers.yaml", "--data-root", "."],
      /have no class in common: the model knows nodule, effusion, cardiomegaly, the manifest names mass, edema/,
    ],
    ["a part that there is not", ["evaluate", "run", "--part", "validation"], /its parts are train, test/],
    [
      "a percentage for a rate",
      ["evaluate", "run", "--at", "95"],
      /--at takes a rate from 0 to 1, such as 0\.95/,
    ],
    ["a model that has diverged, evaluated", ["evaluate", "diverged"], diverged],
    ["a model that has diverged, asked", ["predict", "diverged", "--out", "x.csv"], diverged],
    [
      "labels beside logits",
      ["predict", "run", "--complete", "--logits", "--out", "x.csv"],
      /--complete fills gaps between labels 0 and 1 with probabilities; leave out --logits/,
    ],
    ["no table named", ["predict", "run"], /required option '--out <file>'/],
    ["a table that is a folder", ["predict", "run", "--out", "run"], /--out run: it is a folder/],
    [
      "a folder of images beside a manifest",
      ["predict", "run", "run.yaml", "--images", ".", "--out", "x.csv"],
      /--images names images without labels or parts: leave it out, or a manifest/,
    ],
    [
      "images beside a manifest",
      ["predict", "run", "run.yaml", "a.png", "--out", "x.csv"],
      /run\.yaml is a manifest, and a\.png stands beside it; name one manifest, or images without any/,
    ],
    [
      "an image that is not there",
      ["predict", "run", "nowhere.png", "--out", "x.csv"],
      /nowhere\.png: .*does not exist/,
    ],
    [
      "a head that does not grow",
      ["add-class", "dynamic", "more.yaml", "--data-root", ".", "--out", "no"],
      /head is dynamic, and only queries and linear heads grow/,
    ],
    [
      "a manifest of nothing to learn from",
      ["add-class", "run", "elsewhere.yaml", "--data-root", ".", "--out", "no"],
      /sources is missing: a list of images to learn from/,
    ],
    [
      "a run to go on with that is none",
      ["train", "--resume", "nowhere"],
      /--resume nowhere: does not exist; name the folder of a run/,
    ],
    [
      "no new class",
      ["add-class", "run", "run.yaml", "--data-root", ".", "--out", "no"],
      /names no class that the model does not know/,
    ],
  ])("%s", async (_, parameters, message) => {
    const { code, errors } = await tessera(...parameters, "--quiet");
    expect(own(errors)).toMatch(message);
    expect(own(errors).split("\n")).toHaveLength(1);
    expect(code).toBe(2);
  });
});
