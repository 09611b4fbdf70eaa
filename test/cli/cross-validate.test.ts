// Patients in a cross-validation, from tables on disk to what its folder says: nobody is in two folds.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { readTrainingManifest } from "../../src/assemble/training-manifest.ts";
import type { ImageSet } from "../../src/data/assembly/assembly.ts";
import { foldsOf } from "../../src/data/assembly/folds.ts";
import { loadImages } from "../../src/runs/load-images.ts";
import type { StudyScores } from "../../src/studies/scores.ts";
import { own, runBuilt, workingFolder } from "./built.ts";

const folder = workingFolder();
const people = 6;
const each = 3;

/** Two tables with patients of the same names, each with some images of every one. */
beforeAll(async () => {
  mkdirSync(join(folder, "images"));
  for (const source of ["A", "B"]) {
    const lines = ["file,who,nodule,effusion"];
    for (let image = 0; image < people * each; image++) {
      const name = `${source}${image}.png`;
      const pixels = Uint8Array.from(
        { length: 64 },
        (_, i) => (i * 7 + image * 13 + source.charCodeAt(0)) % 256,
      );
      await sharp(pixels, { raw: { width: 8, height: 8, channels: 1 } })
        .png()
        .toFile(join(folder, "images", name));
      lines.push(`${name},p${image % people},${image % 2},${Math.floor(image / 2) % 2}`);
    }
    writeFileSync(join(folder, `${source}.csv`), lines.join("\n"));
  }
});

function manifestOf(name: string, datasets: Readonly<Record<"A" | "B", string>>): string {
  const source = (of: "A" | "B"): string =>
    `  - { name: ${of}, format: table, table: ${of}.csv, images: images, image: file, patient: who, columns: [nodule, effusion], patients: ${datasets[of]} }`;
  const file = join(folder, name);
  writeFileSync(
    file,
    `classes: [nodule, effusion]
image: { height: 16, width: 16 }
sources:
${source("A")}
${source("B")}
model: { stem: { features: 4, stride: 2 }, blocks: [1], growth: 4 }
train: { batch: 8, steps: 2, warmupSteps: 1 }
`,
  );
  return file;
}

const loaded = async (file: string, untested: boolean): Promise<readonly ImageSet[]> => {
  const options = {
    dataRoot: folder,
    seed: 0,
    memory: 2 ** 20,
    skipBad: false,
    cache: join(folder, "cache"),
  };
  const { assembly } = await loadImages(
    await readTrainingManifest(file),
    { ...options, untested },
    {},
    undefined,
  );
  return assembly.sources;
};

test("a patient of two sources of one dataset is in one fold, and the folder counts and names patients", async () => {
  manifestOf("one.yaml", { A: "clinic", B: "clinic" });
  const command = [
    "cross-validate",
    "one.yaml",
    "--data-root",
    ".",
    "--folds",
    "3",
    "--out",
    "one",
    "--json",
  ];
  const { code, output, errors } = await runBuilt(folder, command);
  expect([code, code === 0 ? "" : own(errors)]).toEqual([0, ""]);
  const { scores } = JSON.parse(output) as { scores: StudyScores };
  expect(scores.outOfFold).toMatchObject({ folds: 3, images: 2 * people * each, patients: people });
  const [head, ...lines] = readFileSync(join(folder, "one", "folds.csv"), "utf8")
    .trim()
    .split("\n");
  expect(head).toBe("source,image,patient,fold");
  const rows = lines.map((line) => line.split(","));
  expect(rows.map(([, image]) => image).sort()).toEqual(
    ["A", "B"]
      .flatMap((source) => Array.from({ length: people * each }, (_, i) => `${source}${i}.png`))
      .sort(),
  );
  const foldsByPatient = new Map<string, Set<string>>();
  for (const [, , patient, fold] of rows) {
    foldsByPatient.set(patient, (foldsByPatient.get(patient) ?? new Set()).add(fold));
  }
  expect([...foldsByPatient.keys()].sort()).toEqual(Array.from({ length: people }, (_, i) => `A/p${i}`));
  expect([...foldsByPatient.values()].map(({ size }) => size)).toEqual(Array<number>(people).fill(1));
}, 60_000);

test("a training alone keeps neither names nor patients of what it learns from", async () => {
  const file = manifestOf("plain.yaml", { A: "clinic", B: "ward" });
  writeFileSync(file, `${readFileSync(file, "utf8")}test: { format: phantoms, site: both, count: 2 }\n`);
  const plain = await loaded(file, false);
  expect(plain.map(({ count }) => count)).toEqual([people * each, people * each]);
  const kept = plain.flatMap((set) => Object.keys(set));
  expect(kept.filter((name) => ["ids", "patients"].includes(name))).toEqual([]);
});

test("patients with the same names in two datasets are other people, each in one fold", async () => {
  const sources = await loaded(manifestOf("two.yaml", { A: "clinic", B: "ward" }), true);
  const folds = await foldsOf(sources, 2, 3, 0);
  const pairs = sources.flatMap(({ patients = [] }, s) =>
    patients.map((patient, row) => ({ patient, fold: folds[s][row] })),
  );
  expect(new Set(pairs.map(({ patient }) => patient)).size).toBe(2 * people);
  expect(new Set(pairs.map(({ patient, fold }) => `${patient} ${fold}`)).size).toBe(2 * people);
  // They are dealt out apart.
  const foldsIn = (source: string): readonly number[] =>
    Array.from(
      { length: people },
      (_, i) => pairs.find(({ patient }) => patient === `${source}/p${i}`)?.fold ?? -1,
    );
  expect(foldsIn("A")).not.toEqual(foldsIn("B"));
});
