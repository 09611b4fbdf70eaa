// Blank images and slivers of the range: found where they are, and not where images are as they should be.
import { expect, test } from "vitest";
import type { ImageSet } from "../../../src/data/assembly/assembly.ts";
import type { Catalogue } from "../../../src/data/catalogue/catalogue.ts";
import type { Fit } from "../../../src/data/images/index.ts";
import { pixelRemarks } from "../../../src/data/inspection/grey-ranges.ts";
import { decodeAssembly } from "../../../src/data/assembly/pixels.ts";
import { catalogue } from "../../../src/data/catalogue/catalogue.ts";
import { parseManifest } from "../../../src/data/manifest/manifest.ts";
import { temporaryFolder } from "../cache/pictures.ts";
import { dataRoot, withData } from "../real-data.ts";

const side = 8;
type Picture = (i: number) => number;

function sourceOf(pictures: readonly Picture[], kind: "file" | "array" = "file", fit: Fit = "stretch") {
  const pixels = Uint8Array.from(
    pictures.flatMap((level) => Array.from({ length: side * side }, (_, i) => level(i))),
  );
  const array = {
    file: "a",
    count: pictures.length,
    height: side,
    width: side,
    channels: 1 as const,
    pixels,
  };
  const samples = pictures.map((_, at) => ({
    id: `${at}.png`,
    image: kind === "file" ? { kind, file: `/${at}.png` } : { kind, array, at },
  }));
  const states = new Uint8Array(pictures.length);
  const image = { height: side, width: side, channels: 1, fit };
  const list = { source: "A", part: "train" as const, samples, states, uncertain: new Uint32Array(1) };
  const catalogue: Catalogue = { classes: ["a"], image, lists: [list], skipped: [], remarks: [] };
  const set: ImageSet = { source: "A", count: pictures.length, ...image, pixels, states };
  return { catalogue, decoded: { sets: [set], kept: [Uint32Array.from(samples.keys())] } };
}
const remarksOf = ({ catalogue, decoded }: ReturnType<typeof sourceOf>) => pixelRemarks(catalogue, decoded);
const good: Picture = (i) => 4 * i;

test("nothing is said of images that use the range", async () => {
  expect(await remarksOf(sourceOf([good, (i) => 255 - 3 * i]))).toEqual([]);
});

test("blank images are counted and named; a pixel that differs is enough not to be one", async () => {
  const [remark, ...others] = await remarksOf(
    sourceOf([good, () => 0, (i) => (i === 63 ? 1 : 0), () => 255]),
  );
  expect(others).toEqual([]);
  expect(remark).toMatchObject({
    kind: "blank-images",
    source: "A",
    cases: [{ name: "1.png" }, { name: "3.png" }],
  });
  expect(remark.sentence).toBe('"A": 2 of 4 images are blank: one level each, everywhere, such as 1.png.');
});

test("where most are blank, files may hold fewer bits than they claim", async () => {
  expect((await remarksOf(sourceOf([() => 1, () => 1, good])))[0].sentence).toMatch(
    /2 of 3 .* bits, or which numbers/u,
  );
});

test.each([
  ["12 of 16 bits", (i: number) => i % 17, "levels 0 to 16"],
  ["14 of 16 bits", (i: number) => i, "levels 0 to 63"],
  ["little contrast", (i: number) => 100 + (i % 30), "levels 100 to 129"],
])("a source is narrow: %s", async (_, level, words) => {
  const [remark, ...others] = await remarksOf(sourceOf([level, level, level]));
  expect(others).toEqual([]);
  expect(remark).toMatchObject({ kind: "narrow-range", cases: [{ name: words, count: 3 }] });
  expect(remark.sentence).toMatch(/bits: 12.*window: \[low, high\]/u);
  const inArray = await remarksOf(sourceOf([level], "array"));
  expect(inArray[0].sentence).toMatch(/scale them/u);
});

test("a letter that is white does not hide a sliver; a share of bright pixels does end it", async () => {
  const dark = (bright: number): Picture[] => [
    (i) => (i < bright ? 255 : i % 16),
    ...Array<Picture>(31).fill((i) => i % 16),
  ];
  // Of 2,048 pixels, a thousandth is 2.
  expect(await remarksOf(sourceOf(dark(2)))).toHaveLength(1);
  expect(await remarksOf(sourceOf(dark(3)))).toHaveLength(0);
});

test("padding is not looked at, whichever sides it is on", async () => {
  const row = (i: number): number => Math.floor(i / side);
  const column = (i: number): number => i % side;
  const padded =
    (at: (i: number) => number): Picture =>
    (i) =>
      at(i) < 2 || at(i) >= 5 ? 0 : 90;
  const [blank] = await remarksOf(sourceOf([good, padded(row), padded(column)], "file", "pad"));
  expect(blank.cases.map(({ name }) => name)).toEqual(["1.png", "2.png"]);
  expect(await remarksOf(sourceOf([good, padded(row)]))).toEqual([]);
});

async function remarksOn(label: string, source: string): Promise<unknown[]> {
  const manifest = parseManifest(
    `classes: [${label}]\nimage: { height: 32, width: 32 }\nsources:\n  - { name: A, split: { by: image, test: 0.5 }, ${source} }\n`,
    "m.yaml",
  );
  const selected = await catalogue(manifest, { dataRoot, seed: 1 });
  const decoded = await decodeAssembly(selected, {
    cache: temporaryFolder(),
    memory: 2 ** 28,
    skipBad: false,
  });
  expect(decoded.sets.reduce((sum, { count }) => sum + count, 0)).toBe(300);
  return await pixelRemarks(selected, decoded);
}

test("nothing is said of 300 phantoms", async () => {
  expect(await remarksOn("effusion", "format: phantoms, site: both, count: 300")).toEqual([]);
});

withData(["chestxray14"], "ChestX-ray14", () => {
  test("nothing is said of 300 films", async () => {
    const files = "table: chestxray14/Data_Entry_subset.csv, images: chestxray14/images_64";
    expect(await remarksOn("Effusion", `format: chestxray14, ${files}, rows: { from: 1, to: 300 }`)).toEqual(
      [],
    );
  });
});
