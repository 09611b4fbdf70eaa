// `tessera inspect` on every example whose data is at hand: the counts are those of the tables that were published with
// the data.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Inspection } from "../../src/data/inspection/findings.ts";
import type { LabelCount } from "../../src/data/inspection/counts.ts";
import type { SizeCount } from "../../src/data/inspection/sizes.ts";
import { writeChexpert } from "../data/formats/chexpert-files.ts";
import { chestFindings, mnistTest, mnistTrain } from "../data/published-counts.ts";
import { chestManifest, chestSplit, dataRoot, repository, withData } from "../data/real-data.ts";
import { own, runBuilt } from "./built.ts";

const examples = join(repository, "examples");

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "tessera-examples-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Report extends Pick<Inspection, "findings"> {
  readonly classes: readonly string[];
  readonly lists: readonly {
    readonly source: string;
    readonly part: string;
    readonly images: number;
    readonly unlabelled: number;
    readonly classes: Readonly<Record<string, LabelCount & { readonly pixels?: number }>>;
  }[];
  readonly sizes: Readonly<Record<string, readonly SizeCount[]>>;
  readonly decoding: { readonly undecodable: number };
}

async function inspected(manifest: string, root = dataRoot, ...more: readonly string[]): Promise<Report> {
  const parameters = ["inspect", manifest, "--data-root", root, "--json", "--quiet", ...more];
  const { code, output, errors } = await runBuilt(folder, parameters);
  expect([code, own(errors)]).toEqual([0, ""]);
  const report = JSON.parse(output) as Report;
  expect(report.decoding.undecodable).toBe(0);
  return report;
}

/** The same of a manifest of the test's own. */
function inspectedText(text: string): Promise<Report> {
  const manifest = join(folder, "own.yaml");
  writeFileSync(manifest, text);
  return inspected(manifest);
}

const listsOf = ({ lists }: Report, source: string): Report["lists"] =>
  lists.filter((list) => list.source === source);

/** Images of a source with a label, in all its parts, by class; classes without any are left out. */
function labels(report: Report, source: string, kind: "positive" | "negative" | "absent"): object {
  const sums = report.classes.map((name): [string, number] => [
    name,
    listsOf(report, source).reduce((sum, { classes }) => sum + (classes[name]?.[kind] ?? 0), 0),
  ]);
  return Object.fromEntries(sums.filter(([, images]) => images > 0));
}

/** Pixels of a source that its masks give to each class, at their own size; classes without any are left out. */
function pixels(report: Report, source: string): Readonly<Record<string, number>> {
  const sums = report.classes.map((name): [string, number] => [
    name,
    listsOf(report, source).reduce((sum, { classes }) => sum + (classes[name]?.pixels ?? 0), 0),
  ]);
  return Object.fromEntries(sums.filter(([, count]) => count > 0));
}

const images = (report: Report, source: string): object =>
  Object.fromEntries(listsOf(report, source).map(({ part, images: count }) => [part, count]));

const findings = (report: Report, kind: string): Inspection["findings"] =>
  report.findings.filter((finding) => finding.kind === kind);

const byDigit = (counts: readonly number[], ...which: number[]): object =>
  Object.fromEntries(which.map((digit) => [digit, counts[digit]]));

const animals = { bird: 420, cat: 384, deer: 422, dog: 393, frog: 414, horse: 385 };
const vehicles = { airplane: 396, automobile: 366, ship: 407, truck: 413 };
const cifarTest = {
  ...{ airplane: 103, automobile: 89, bird: 100, cat: 103, deer: 90 },
  ...{ dog: 86, frog: 112, horse: 102, ship: 106, truck: 109 },
};

const sumOf = (counts: object): number =>
  Object.values(counts as Record<string, number>).reduce((sum, count) => sum + count, 0);

/** What must hold of each example: what its data is, and a check of its report. */
const checks: Readonly<
  Record<string, { readonly needs: readonly string[]; readonly check: (report: Report) => void }>
> = {
  "mnist-disjoint.yaml": {
    needs: ["mnist"],
    check(report) {
      expect(labels(report, "odd", "positive")).toEqual(byDigit(mnistTrain, 1, 3, 5, 7, 9));
      expect(labels(report, "even", "positive")).toEqual(byDigit(mnistTrain, 0, 2, 4, 6, 8));
      expect(labels(report, "test", "positive")).toEqual(byDigit(mnistTest, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
      expect(findings(report, "leaked-image")).toEqual([]);
      expect(findings(report, "lonely-source")).toHaveLength(2);
    },
  },
  "mnist-overlap.yaml": {
    needs: ["mnist"],
    check(report) {
      const [a, b] = ["A", "B"].map((source) => listsOf(report, source)[0].classes);
      for (const digit of [3, 4, 5]) expect(a[digit].positive + b[digit].positive).toBe(mnistTrain[digit]);
      expect(listsOf(report, "A")[0].images + listsOf(report, "B")[0].images).toBe(42_277);
      expect([a[6].absent, b[1].absent]).toEqual(["A", "B"].map((name) => listsOf(report, name)[0].images));
      expect(findings(report, "leaked-image")).toEqual([]);
    },
  },
  "mnist-overlap-own.yaml": {
    needs: ["mnist"],
    check(report) {
      for (const [source, own, others] of [
        ["A", [1, 2, 3, 4, 5], [6, 7]],
        ["B", [3, 4, 5, 6, 7], [1, 2]],
      ] as const) {
        expect(images(report, source)).toEqual({ train: 70 });
        const counts = labels(report, source, "positive");
        expect(Object.keys(counts)).toEqual(own.map(String));
        expect(sumOf(counts)).toBe(70); // each image is of one of them
        expect(labels(report, source, "absent")).toEqual(
          Object.fromEntries(others.map((digit) => [digit, 70])),
        );
      }
      expect(images(report, "test")).toEqual({ test: 2000 });
    },
  },
  "mnist-overlap-all.yaml": {
    needs: ["mnist"],
    check(report) {
      for (const source of ["A", "B"]) {
        expect(images(report, source)).toEqual({ train: 70 });
        expect(sumOf(labels(report, source, "positive"))).toBeLessThan(70); // some are of digits it does not know
      }
      expect(labels(report, "A", "absent")).toEqual({ 6: 70, 7: 70 });
      expect(labels(report, "B", "absent")).toEqual({ 1: 70, 2: 70 });
      expect(images(report, "test")).toEqual({ test: 2000 });
    },
  },
  "mnist-300.yaml": {
    needs: ["mnist"],
    check(report) {
      expect(images(report, "MNIST")).toEqual({ train: 300 });
      expect(sumOf(labels(report, "MNIST", "positive"))).toBe(300);
      expect(sumOf(labels(report, "test", "positive"))).toBe(2000);
    },
  },
  "mnist-disjoint-small.yaml": {
    needs: ["mnist"],
    check(report) {
      const [odd, even] = ["odd", "even"].map((source) => labels(report, source, "positive"));
      expect([sumOf(odd), sumOf(even)]).toEqual([150, 150]);
      expect([...Object.keys(odd), ...Object.keys(even)]).toEqual([
        ...[1, 3, 5, 7, 9, 0, 2, 4, 6, 8].map(String),
      ]);
    },
  },
  "chest-baselines.yaml": {
    needs: ["chestxray14", "covid-chestxray"],
    check(report) {
      const { Pneumonia: _, Hernia: __, Pleural_Thickening: ___, ...frequent } = chestFindings;
      expect(labels(report, "ChestX-ray14", "positive")).toEqual(frequent);
      expect(Math.min(...Object.values(frequent))).toBeGreaterThanOrEqual(30);
      expect(labels(report, "COVID", "positive")).toEqual({ "COVID-19": 192 + 9 });
      expect(findings(report, "leaked-patient")).toEqual([]);
    },
  },
  "chest-beginnings.yaml": {
    needs: ["chestxray14", "covid-chestxray"],
    check(report) {
      expect(labels(report, "COVID", "positive")).toEqual({ "COVID-19": 192 + 9 });
      const both = ["ChestX-ray14", "COVID"].map((source) => Object.keys(images(report, source)));
      expect(both).toEqual([
        ["train", "test"],
        ["train", "test"],
      ]);
    },
  },
  "pneumonia.yaml": {
    needs: ["medmnist"],
    check(report) {
      expect(images(report, "PneumoniaMNIST")).toEqual({ train: 4708, validation: 524, test: 624 });
    },
  },
  "derma-recipes.yaml": {
    needs: ["medmnist"],
    check(report) {
      // The lesions of each class that the clinic knows, in its half of the 3,002.
      expect(Object.keys(labels(report, "clinic A", "positive"))).toEqual([
        "akiec",
        "bcc",
        "bkl",
        "df",
        "mel",
      ]);
      expect(Object.keys(labels(report, "clinic B", "positive"))).toEqual(["bkl", "mel", "nv", "vasc"]);
      expect(images(report, "clinic A")).toEqual({ train: 1041, validation: 154, test: 306 });
    },
  },
  "mnist-negatives-three.yaml": {
    needs: ["mnist"],
    check(report) {
      expect(labels(report, "MNIST", "positive")).toEqual({ 3: 6131 });
      expect(labels(report, "MNIST", "negative")).toEqual({ 3: 60_000 - 6131 });
    },
  },
  "mnist-negatives-zero.yaml": {
    needs: ["mnist"],
    check(report) {
      expect(labels(report, "MNIST", "positive")).toEqual({ 0: 5923 });
      expect(labels(report, "test", "positive")).toEqual({ 0: 980 });
    },
  },
  "cifar-disjoint.yaml": {
    needs: ["cifar10"],
    check(report) {
      expect(labels(report, "animals", "positive")).toEqual(animals);
      expect(labels(report, "vehicles", "positive")).toEqual(vehicles);
      expect(labels(report, "test", "positive")).toEqual(cifarTest);
    },
  },
  "cifar-nine.yaml": {
    needs: ["cifar10"],
    check(report) {
      const { truck: _, ...nine } = cifarTest;
      expect(labels(report, "test", "positive")).toEqual(nine);
      expect(images(report, "CIFAR")).toEqual({ train: 1808 });
    },
  },
  "cifar-tenth.yaml": {
    needs: ["cifar10"],
    check(report) {
      expect(labels(report, "test", "positive")).toEqual({ truck: cifarTest.truck });
      expect(images(report, "CIFAR")).toEqual({ train: 200 });
    },
  },
  "cifar-grey.yaml": {
    needs: ["cifar10"],
    check(report) {
      expect(labels(report, "test", "positive")).toEqual(cifarTest);
      expect(labels(report, "CIFAR", "positive")).toEqual({ ...animals, ...vehicles });
    },
  },
  "cifar-resnet18.yaml": {
    needs: ["cifar10"],
    check(report) {
      expect(labels(report, "animals", "positive")).toEqual(animals);
      expect(labels(report, "vehicles", "positive")).toEqual(vehicles);
      expect(labels(report, "test", "positive")).toEqual(cifarTest);
    },
  },
  "cifar-negatives-cat.yaml": {
    needs: ["cifar10"],
    check(report) {
      expect(labels(report, "CIFAR", "positive")).toEqual({ cat: 384 });
      expect(labels(report, "CIFAR", "negative")).toEqual({ cat: 3616 });
      expect(labels(report, "test", "positive")).toEqual({ cat: 103 });
    },
  },
  "retinamnist.yaml": {
    needs: ["medmnist"],
    check(report) {
      expect(images(report, "RetinaMNIST")).toEqual({ train: 1080, validation: 120, test: 400 });
      expect(report.sizes["RetinaMNIST"]).toEqual([{ height: 28, width: 28, images: 1600 }]);
    },
  },
  "chest-assembly.yaml": {
    needs: ["medmnist", "chestxray14", "covid-chestxray"],
    check(report) {
      expect(images(report, "PneumoniaMNIST")).toEqual({ train: 4708, validation: 524, test: 624 });
      expect(labels(report, "PneumoniaMNIST", "positive")).toEqual({ Pneumonia: 3494 + 389 + 390 });
      expect(labels(report, "PneumoniaMNIST", "negative")).toEqual({ Pneumonia: 1214 + 135 + 234 });
      expect(labels(report, "ChestX-ray14", "positive")).toEqual(chestFindings);
      expect(labels(report, "ChestX-ray14", "absent")).toEqual({ "COVID-19": 1000 });
      // 84 are still to do, and of one it is not known; 192 and 9 with ARDS have it.
      expect(labels(report, "COVID", "positive")).toEqual({ "COVID-19": 192 + 9 });
      expect(labels(report, "COVID", "absent")).toMatchObject({ "COVID-19": 84 + 1, Pneumonia: 360 });
      expect(listsOf(report, "COVID").reduce((sum, { unlabelled }) => sum + unlabelled, 0)).toBe(84 + 1);
      expect(report.sizes["COVID"]).toEqual([{ height: 128, width: 128, images: 360 }]);
      expect(findings(report, "leaked-patient")).toEqual([]);
      const copies = findings(report, "duplicate-images").map(({ sentence }) => sentence);
      expect(copies.filter((sentence) => sentence.includes("PneumoniaMNIST"))).toEqual([
        '18 images in "PneumoniaMNIST" (train) are exact copies of another there: 4,690 of 4,708 are different.',
        '3 images in "PneumoniaMNIST" (test) are exact copies of another there: 621 of 624 are different.',
      ]);
    },
  },
  "camvid-partial.yaml": {
    needs: ["camvid"],
    check(report) {
      // 367 frames to train on by CamVid's own split, of which each team outlined a half.
      expect(["roads and riders", "all the rest"].map((name) => images(report, name))).toEqual([
        { train: 197 },
        { train: 170 },
      ]);
      expect(images(report, "validation")).toEqual({ validation: 101 });
      expect(images(report, "Seq05VD")).toEqual({ test: 171 });
      expect(Object.keys(pixels(report, "all the rest"))).toEqual(
        Object.keys(labels(report, "all the rest", "positive")),
      );
      expect(labels(report, "roads and riders", "absent")).toMatchObject({ Sky: 197, Pedestrian: 197 });
    },
  },
  "ham10000-melanoma.yaml": {
    needs: ["ham10000-lesions"],
    check(report) {
      const lesions = { mel: 100, nv: 100, bkl: 83, bcc: 50, akiec: 33, vasc: 20, df: 13 };
      expect(labels(report, "test", "positive")).toEqual(lesions);
      const melanomas = ["melanoma alone", "seven diagnoses"].map((name) => labels(report, name, "positive"));
      expect(melanomas).toMatchObject([{ mel: 106 }, { mel: 200 - 106, df: 18 }]);
      expect(Object.keys(melanomas[0])).toEqual(["mel"]);
    },
  },
  "covid-lungs.yaml": {
    needs: ["covid-chestxray"],
    check(report) {
      expect(images(report, "radiographs")).toEqual({ train: 122, validation: 22, test: 55 });
      expect(labels(report, "radiographs", "positive")).toEqual({ Lung: 199 });
    },
  },
  "totalseg-organs.yaml": {
    needs: ["totalseg-nifti"],
    check(report) {
      // The voxels of classes.csv.
      expect(pixels(report, "Organs")).toEqual({
        ...{ Liver: 38634, Spleen: 9452, "Right kidney": 3947, "Left kidney": 3676 },
        ...{ Gallbladder: 1333, Stomach: 4675, Colon: 12993, Aorta: 997 },
      });
      expect(images(report, "Liver only")).toEqual({ train: 14 });
      expect(Object.keys(pixels(report, "Liver only"))).toEqual(["Liver"]);
      const [validation, test] = ["validation", "test"].map((name) => pixels(report, name));
      expect({ liver: validation["Liver"] + test["Liver"] }).toEqual({ liver: 18480 });
    },
  },
};

/** Examples on drawn images, and the one that needs a table of its own. */
const others = [
  ...["densenet121.yaml", "two-sites.yaml", "third-site.yaml", "chestxray14-chexpert.yaml"],
  ...["phantom-outlines.yaml", "phantom-places.yaml"],
];

test("every example is inspected", () => {
  const all = readdirSync(examples).filter((name) => name.endsWith(".yaml"));
  expect([...Object.keys(checks), ...others].sort()).toEqual(all.sort());
});

describe("tessera inspect", () => {
  for (const [name, { needs, check }] of Object.entries(checks)) {
    withData(needs, name, () => {
      test("is counted as published", async () => check(await inspected(join(examples, name))), 90_000);
    });
  }

  withData(["chestxray14"], "ChestX-ray14 and a table in the place of CheXpert's", () => {
    test("is counted as chestxray14-chexpert.yaml selects", async () => {
      const root = join(folder, "root");
      mkdirSync(root);
      symlinkSync(join(dataRoot, "chestxray14"), join(root, "chestxray14"));
      writeChexpert(root);
      const report = await inspected(join(examples, "chestxray14-chexpert.yaml"), root, "--follow-links");
      expect(images(report, "CheXpert")).toEqual({ train: 2 }); // the third one is lateral
      expect(labels(report, "CheXpert", "positive")).toEqual({
        Atelectasis: 1,
        Edema: 1,
        Effusion: 1,
        Pneumonia: 1,
      });
      expect(labels(report, "CheXpert", "absent")).toEqual({
        ...{ Effusion: 1, Pneumonia: 1, Consolidation: 2, Pneumothorax: 2 },
      });
      expect(listsOf(report, "CheXpert")[0].classes["Cardiomegaly"]).toMatchObject({ soft: 1, uncertain: 1 });
      const { Atelectasis, Edema, Effusion, Consolidation, Pneumothorax } = chestFindings;
      expect(labels(report, "ChestX-ray14", "positive")).toEqual({
        ...{ Atelectasis, Edema, Effusion, Consolidation, Pneumothorax },
      });
      expect(labels(report, "ChestX-ray14", "absent")).toEqual({ Cardiomegaly: 1000, Pneumonia: 1000 });
      expect(images(report, "CheXpert-valid")).toEqual({ test: 1 });
    }, 90_000);
  });

  withData(["chestxray14"], "the excerpt of ChestX-ray14", () => {
    test("has 499 images without a finding", async () => {
      const split = "split: { by: patient, train: 0.7, test: 0.3 }";
      const report = await inspectedText(chestManifest("No Finding", "knows: [No Finding]", split));
      expect(labels(report, "NIH", "positive")).toEqual({ "No Finding": 499 });
      expect(labels(report, "NIH", "negative")).toEqual({ "No Finding": 501 });
    }, 90_000);

    test("has patients that its own split tears apart", async () => {
      const report = await inspectedText(chestManifest("Effusion, Hernia", chestSplit));
      const leaks = findings(report, "leaked-patient");
      expect(leaks.map(({ cases }) => cases.length)).toEqual([15, 8, 9]);
      expect(leaks.map(({ sentence }) => sentence.replace(/^.*: /u, ""))).toEqual([
        ...["train and validation.", "train and test.", "validation and test."],
      ]);
      expect(findings(report, "leaked-image")).toEqual([]);
    }, 90_000);
  });

  withData(["medmnist"], "PneumoniaMNIST", () => {
    test("has exact duplicates", async () => {
      const report = await inspectedText(`
classes: [pneumonia]
image: { height: 28, width: 28 }
sources: [{ name: P, format: medmnist, file: medmnist/pneumoniamnist.npz }]
`);
      expect(findings(report, "duplicate-images").map(({ sentence }) => sentence)).toEqual([
        '18 images in "P" (train) are exact copies of another there: 4,690 of 4,708 are different.',
        '3 images in "P" (test) are exact copies of another there: 621 of 624 are different.',
      ]);
    }, 90_000);
  });
});
