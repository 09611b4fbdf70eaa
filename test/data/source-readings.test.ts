// What a manifest says of the numbers in image files and arrays, from its words to the pixels that training sees, through the cache.
import { setTimeout } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { pixelsInMemory } from "../../src/data/assembly/assembly.ts";
import { decodeAssembly } from "../../src/data/assembly/pixels.ts";
import { catalogue } from "../../src/data/catalogue/catalogue.ts";
import { parseManifest } from "../../src/data/manifest/manifest.ts";
import { complaint, temporaryFolder, writeFiles } from "./formats/list-files.ts";
import { idxBytes } from "./formats/idx-files.ts";
import { npy, npz } from "./formats/npz-files.ts";
import { writeDicom } from "./images/dicom-files.ts";
import { writePng } from "./images/image-files.ts";
import { writeTiff } from "./images/tiff-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const size = { height: 1, width: 4 };
const numbers = [0, 1365, 2730, 4095];
const png = writePng({ ...size, depth: 16, colorType: 0, sample: (x) => numbers[x] });
const tiff = writeTiff({ ...size, samples: 1, bits: 16, values: numbers });
const dicom = writeDicom({ ...size, allocated: 16, stored: 12, values: numbers });

/** A test image that no source holds: 8 bits, and read once. */
const tested = writePng({ ...size, depth: 8, colorType: 0, sample: (x) => 7 * x });

/** The pixels of each image, by source, in the order of their names; and how many images were decoded for them. */
async function pixelsOf(
  ...sources: readonly string[]
): Promise<{ pixels: Record<string, number[][]>; decoded: number }> {
  const text = `
classes: [cat, dog]
image: { height: 1, width: 4 }
sources: [${sources.map((source, i) => `{ name: S${i}, ${source}, knows: [cat, dog] }`).join(", ")}]
test: { format: folder, folder: tested }`;
  writeFiles(folder.path, { "tested/cat/0.png": tested });
  const selected = await catalogue(parseManifest(text, "m.yaml"), { dataRoot: folder.path, seed: 1 });
  const cache = `${folder.path}/cache`;
  const { sets, decoded } = await decodeAssembly(selected, {
    cache,
    memory: 2 ** 26,
    workers: 1,
    skipBad: false,
  });
  const pixels = selected.lists.flatMap(({ source, part, samples }, i): [string, number[][]][] => {
    if (part !== "train") return [];
    const all = [...pixelsInMemory(sets[i])];
    const named = samples.map(({ id }, at) => [id, all.slice(4 * at, 4 * at + 4)] as const);
    return [[source, named.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each)]];
  });
  return { pixels: Object.fromEntries(pixels), decoded: decoded.images };
}

const films = "format: folder, folder: films";

test("one file that two sources read in two ways is two images; another word in the manifest is another image", async () => {
  writeFiles(folder.path, { "films/cat/a.png": png, "films/cat/b.tif": tiff, "films/dog/c.dcm": dicom });
  await setTimeout(80); // until the files' times are trusted
  const asIs = [0, 5, 11, 16];
  const twelve = [0, 85, 170, 255];
  const first = await pixelsOf(films, `${films}, bits: 12`, `${films}, window: [1365, 2730]`);
  // DICOM says itself that 12 of its bits count.
  expect(first.pixels).toEqual({
    S0: [asIs, asIs, twelve],
    S1: [twelve, twelve, twelve],
    S2: Array(3).fill([0, 0, 255, 255]),
  });
  expect(first.decoded).toBe(10); // with the one that is tested
  // 4,095 of 8,191, and so on.
  const halved = [0, 42, 85, 127];
  const changed = await pixelsOf(films, `${films}, bits: 13`);
  expect(changed.pixels).toEqual({ S0: [asIs, asIs, twelve], S1: [halved, halved, halved] });
  expect(changed.decoded).toBe(3);
  const again = await pixelsOf(`${films}, bits: 12`, `${films}, bits: 13`, films);
  expect(again.pixels).toEqual({ S0: first.pixels["S1"], S1: changed.pixels["S1"], S2: first.pixels["S0"] });
  expect(again.decoded).toBe(0);
});

test("a column of bits goes before the bits of the source, which are for the other rows; a window goes before both", async () => {
  writeFiles(folder.path, {
    "t/a.png": png,
    "t/b.png": png,
    "t/t.csv": "file,depth,dx\na.png,13,cat\nb.png,,dog\n",
  });
  const table = "format: table, table: t/t.csv, image: file, label: dx, bitsColumn: depth";
  const { pixels } = await pixelsOf(table, `${table}, bits: 12`, `${table}, bits: 12, window: [0, 2730]`);
  expect(pixels).toEqual({
    S0: [
      [0, 42, 85, 127],
      [0, 5, 11, 16],
    ],
    S1: [
      [0, 42, 85, 127],
      [0, 85, 170, 255],
    ],
    S2: Array(2).fill([0, 128, 255, 255]),
  });
});

describe("arrays", () => {
  const idx = "format: idx, images: images, labels: labels, labelNames: [cat, dog]";
  const medmnist = "format: medmnist, file: a.npz, labelNames: [cat, dog], split: { by: none }";
  const cifar = "format: cifar, files: [batch.bin]";
  const listed = (source: string): Promise<unknown> => {
    const classes = source.includes("phantoms") ? "nodule, effusion" : "cat, dog";
    const text = `
classes: [${classes}]
image: { height: 32, width: 32 }
sources:
  - { name: S, ${source}, knows: [${classes}] }`;
    return catalogue(parseManifest(text, "m.yaml"), { dataRoot: folder.path, seed: 1 });
  };
  const write = (): void =>
    writeFiles(folder.path, {
      images: idxBytes([2, 1, 4], Uint8Array.of(0, 50, 100, 150, 0, 10, 20, 30)),
      labels: idxBytes([2], Uint8Array.of(0, 1)),
      "a.npz": npz({
        train_images: npy([2, 1, 4], [0, 50, 100, 150, 0, 10, 20, 30]),
        train_labels: npy([2, 1], [0, 1]),
      }),
      "batch.bin": Uint8Array.from({ length: 3073 }, (_, at) => (at === 0 ? 3 : at % 256)),
    });

  test.each([idx, medmnist])("take a window: %s", async (source) => {
    write();
    expect((await pixelsOf(`${source}, window: [0, 100]`)).pixels).toEqual({
      S0: [
        [0, 128, 255, 255],
        [0, 26, 51, 77],
      ],
    });
  });

  test.each([
    ["bits", `${idx}, bits: 8`, /the images of idx are in arrays; window: \[low, high\] says/u],
    ["bits", `${medmnist}, bits: 8`, /the images of medmnist are in arrays; window/u],
    ["bits", `${cifar}, bits: 8`, /the images of cifar are in arrays$/u],
    ["window", `${cifar}, window: [0, 9]`, /the images of cifar are in arrays$/u],
    ["bits", "format: phantoms, site: A, count: 4, bits: 8", /the images of phantoms are in arrays$/u],
    ["window", "format: phantoms, site: A, count: 4, window: [0, 9]", /of phantoms are in arrays$/u],
  ])("refuse %s with its line where it cannot be meant: %s", async (field, source, reason) => {
    write();
    const said = await complaint(listed(source), folder.path);
    expect(said).toMatch(reason);
    expect(said).toMatch(new RegExp(`^m\\.yaml:5: sources\\[0\\]\\.${field} is about image files`, "u"));
  });
});
