// Every example manifest on the data that it names. The counts are those that were published with the data.
import { readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { afterAll, expect, test } from "vitest";
import { catalogue } from "../../src/data/catalogue/catalogue.ts";
import type { Catalogue } from "../../src/data/catalogue/catalogue.ts";
import type { SampleList } from "../../src/data/catalogue/sample-lists.ts";
import { parseManifest, readManifest } from "../../src/data/manifest/manifest.ts";
import { absent, negative, positive } from "../../src/labels/states.ts";
import { writeChexpert } from "./formats/chexpert-files.ts";
import { temporaryFolder } from "./formats/idx-files.ts";
import { chestFindings, cifarTest, cifarTrain, mnistTrain } from "./published-counts.ts";
import { chestManifest, chestSplit, dataRoot, repository, withData } from "./real-data.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const examples = readdirSync(join(repository, "examples")).filter((name) => name.endsWith(".yaml"));
test.each(examples)("%s is a valid manifest", async (name) => {
  expect((await readManifest(join(repository, "examples", name))).classes.length).toBeGreaterThan(0);
});

const load = async (
  name: string,
  root = dataRoot,
  seed = 1,
  { followLinks = false } = {},
): Promise<Catalogue> =>
  catalogue(await readManifest(join(repository, "examples", name)), { dataRoot: root, seed, followLinks });

const listsOf = ({ lists }: Catalogue, source: string): SampleList[] =>
  lists.filter((list) => list.source === source);
const sizesOf = (from: Catalogue, source: string): Record<string, number> =>
  Object.fromEntries(listsOf(from, source).map(({ part, samples }) => [part, samples.length]));

/** How many images of a source, in all its parts, have a state, by class. */
function count(from: Catalogue, source: string, state: number): Record<string, number> {
  const { classes } = from;
  const sums = classes.map((_, k) =>
    listsOf(from, source).reduce(
      (sum, { states }) => sum + states.filter((is, at) => at % classes.length === k && is === state).length,
      0,
    ),
  );
  return Object.fromEntries(classes.map((name, k) => [name, sums[k]]));
}
const patientsOf = ({ samples }: SampleList): Set<string | undefined> =>
  new Set(samples.map(({ patient }) => patient));

withData(["mnist"], "the examples on MNIST", () => {
  test("odd and even digits fall into two sources that share nothing", async () => {
    const made = await load("mnist-disjoint.yaml");
    expect(made.lists.map(({ source, part, samples }) => [source, part, samples.length])).toEqual([
      ["odd", "train", 30508],
      ["even", "train", 29492],
      ["test", "test", 10000],
    ]);
    const [odd, even] = [count(made, "odd", positive), count(made, "even", positive)];
    for (let digit = 0; digit < 10; digit++) {
      expect([odd[digit], even[digit]]).toEqual(
        digit % 2 === 1 ? [mnistTrain[digit], 0] : [0, mnistTrain[digit]],
      );
    }
    expect(count(made, "odd", absent)).toMatchObject({ 0: 30508, 1: 0, 4: 30508, 9: 0 });
    expect(count(made, "test", absent)).toMatchObject({ 0: 0, 1: 0 });
  }, 60_000);

  test.each([
    ["mnist-negatives-zero.yaml", "0", 5923, 980],
    ["mnist-negatives-three.yaml", "3", 6131, 1010],
  ])(
    "%s calls all other digits negatives",
    async (name, digit, inTrain, inTest) => {
      const made = await load(name);
      expect(made.classes).toEqual([digit]);
      expect([count(made, "MNIST", positive), count(made, "MNIST", negative)]).toEqual([
        { [digit]: inTrain },
        { [digit]: 60000 - inTrain },
      ]);
      expect([count(made, "test", positive), count(made, "test", negative)]).toEqual([
        { [digit]: inTest },
        { [digit]: 10000 - inTest },
      ]);
    },
    60_000,
  );

  test("two halves of seven digits know five of them each", async () => {
    const made = await load("mnist-overlap.yaml");
    const [a, b] = [count(made, "A", positive), count(made, "B", positive)];
    for (let digit = 3; digit <= 5; digit++) expect(a[digit] + b[digit]).toBe(mnistTrain[digit]);
    expect(sizesOf(made, "A")["train"] + sizesOf(made, "B")["train"]).toBe(
      mnistTrain.slice(1, 8).reduce((sum, n) => sum + n, 0),
    );
    expect(count(made, "A", absent)).toMatchObject({ 5: 0, 6: sizesOf(made, "A")["train"] });
    expect(sizesOf(made, "test")).toEqual({ test: 2000 });
  }, 60_000);
});

withData(["cifar10"], "the examples on CIFAR-10", () => {
  const names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
  const vehicles = ["airplane", "automobile", "ship", "truck"];

  test("animals and vehicles fall into two sources that share nothing", async () => {
    const made = await load("cifar-disjoint.yaml");
    const [animal, vehicle] = [count(made, "animals", positive), count(made, "vehicles", positive)];
    for (const [k, name] of names.entries()) {
      const isVehicle = vehicles.includes(name);
      expect([animal[name], vehicle[name]]).toEqual(isVehicle ? [0, cifarTrain[k]] : [cifarTrain[k], 0]);
      expect(count(made, "test", positive)[name]).toBe(cifarTest[k]);
    }
    expect(sizesOf(made, "animals")["train"] + sizesOf(made, "vehicles")["train"]).toBe(4000);
    expect(count(made, "vehicles", absent)["cat"]).toBe(sizesOf(made, "vehicles")["train"]);
  });

  test("cats are told from everything else", async () => {
    const made = await load("cifar-negatives-cat.yaml");
    expect([count(made, "CIFAR", positive), count(made, "CIFAR", negative)]).toEqual([
      { cat: 384 },
      { cat: 3616 },
    ]);
    expect(count(made, "test", positive)).toEqual({ cat: 103 });
  });
});

withData(["medmnist"], "the example on RetinaMNIST", () => {
  test("has the official split, and on each image the grade that the file has for it", async () => {
    const made = await load("retinamnist.yaml");
    expect(sizesOf(made, "RetinaMNIST")).toEqual({ train: 1080, validation: 120, test: 400 });
    // Read here by other means: one byte an image, behind the header of each array.
    const members = unzipSync(readFileSync(join(dataRoot, "medmnist/retinamnist.npz")));
    const published = [486, 128, 206, 194, 66];
    for (const [part, key] of [
      ["train", "train"] as const,
      ["validation", "val"] as const,
      ["test", "test"] as const,
    ]) {
      const list = listsOf(made, "RetinaMNIST").find((other) => other.part === part);
      if (list === undefined) throw new Error(`no ${part} part`);
      const grades = members[`${key}_labels.npy`].slice(-list.samples.length);
      const ofGrade = (grade: number): number => grades.filter((is) => is === grade).length;
      if (part === "train") expect([0, 1, 2, 3, 4].map(ofGrade)).toEqual(published);
      expect(list.samples.map(({ id }) => id)).toEqual(Array.from(grades, (_, i) => `${key}/${i}`));
      expect(list.states).toEqual(
        Uint8Array.from({ length: 5 * grades.length }, (_, at) =>
          grades[Math.floor(at / 5)] === at % 5 ? positive : negative,
        ),
      );
    }
  });
});

withData(["medmnist", "chestxray14", "covid-chestxray"], "the example of three chest datasets", () => {
  test("has the counts that were published with them", async () => {
    const made = await load("chest-assembly.yaml");
    expect(sizesOf(made, "PneumoniaMNIST")).toEqual({ train: 4708, validation: 524, test: 624 });
    expect(count(made, "PneumoniaMNIST", positive)["Pneumonia"]).toBe(3494 + 389 + 390);
    expect(count(made, "PneumoniaMNIST", negative)["Pneumonia"]).toBe(1214 + 135 + 234);
    expect(count(made, "PneumoniaMNIST", absent)).toMatchObject({
      "COVID-19": 5856,
      Hernia: 5856,
      Pneumonia: 0,
    });

    expect(count(made, "ChestX-ray14", positive)).toEqual({ ...chestFindings, "COVID-19": 0 });
    expect(count(made, "ChestX-ray14", negative)).toEqual({
      ...Object.fromEntries(Object.entries(chestFindings).map(([name, images]) => [name, 1000 - images])),
      "COVID-19": 0,
    });
    expect(count(made, "ChestX-ray14", absent)).toMatchObject({ "COVID-19": 1000, Pneumonia: 0 });
  });

  test("leaves the labels of the 84 images absent that say todo, and of the one that says Unknown", async () => {
    const made = await load("chest-assembly.yaml");
    expect(count(made, "COVID", positive)["COVID-19"]).toBe(192 + 9);
    expect(count(made, "COVID", absent)).toMatchObject({ "COVID-19": 84 + 1, Pneumonia: 360 });
    expect(count(made, "COVID", negative)["COVID-19"]).toBe(360 - 201 - 85);
  });

  test("leaves each patient in one part, comes near the fractions, and is the same for another seed", async () => {
    const made = await load("chest-assembly.yaml");
    for (const source of ["ChestX-ray14", "COVID"]) {
      const parts = listsOf(made, source);
      expect(parts.map(({ part }) => part)).toEqual(["train", "validation", "test"]);
      const patients = parts.map(patientsOf);
      const together = new Set(patients.flatMap((set) => [...set]));
      expect(patients.reduce((sum, set) => sum + set.size, 0)).toBe(together.size);
      const total = parts.reduce((sum, { samples }) => sum + samples.length, 0);
      for (const [i, fraction] of [0.7, 0.1, 0.2].entries()) {
        expect(Math.abs(parts[i].samples.length / total - fraction)).toBeLessThan(0.03);
      }
    }
    const again = await load("chest-assembly.yaml", dataRoot, 2);
    const ids = ({ lists }: Catalogue): string[][] => lists.map(({ samples }) => samples.map(({ id }) => id));
    expect(ids(again)).toEqual(ids(made));
  });

  test("reads the excerpt's own split as well, which tears patients apart", async () => {
    const manifest = parseManifest(chestManifest("Pneumonia", chestSplit), "leak.yaml");
    const made = await catalogue(manifest, { dataRoot, seed: 1 });
    expect(sizesOf(made, "NIH")).toEqual({ train: 600, validation: 200, test: 200 });
    const [train, validation, tested] = made.lists.map(patientsOf);
    const shared = (a: Set<string | undefined>, b: Set<string | undefined>): number =>
      [...a].filter((patient) => b.has(patient)).length;
    expect(shared(train, validation)).toBe(15);
    expect(shared(train, tested)).toBe(8);
    expect(shared(validation, tested)).toBe(9);
  });
});

withData(["chestxray14"], "the example of ChestX-ray14 and CheXpert", () => {
  test("knows five classes of each hospital, three of them of both", async () => {
    const root = folder.path;
    symlinkSync(join(dataRoot, "chestxray14"), join(root, "chestxray14"));
    writeChexpert(root);

    const made = await load("chestxray14-chexpert.yaml", root, 1, { followLinks: true });
    expect(sizesOf(made, "CheXpert")).toEqual({ train: 2 });
    const [chexpert] = listsOf(made, "CheXpert");
    // Atelectasis, Edema, Effusion, Cardiomegaly, Pneumonia, Consolidation, Pneumothorax
    expect([...chexpert.states.subarray(0, 7)]).toEqual([1, 1, 1, 150, 255, 255, 255]);
    expect([...chexpert.states.subarray(7)]).toEqual([0, 0, 255, 0, 1, 255, 255]);
    expect([...chexpert.uncertain]).toEqual([1, 1, 1, 1, 1, 0, 0]);
    expect(count(made, "ChestX-ray14", absent)).toEqual({
      ...{ Atelectasis: 0, Edema: 0, Effusion: 0, Consolidation: 0, Pneumothorax: 0 },
      ...{ Cardiomegaly: 1000, Pneumonia: 1000 },
    });
    expect(count(made, "ChestX-ray14", positive)).toMatchObject({
      Atelectasis: 95,
      Edema: 31,
      Effusion: 170,
    });
    expect(sizesOf(made, "CheXpert-valid")).toEqual({ test: 1 });
  });
});
