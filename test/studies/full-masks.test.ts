// Full labels of sources with masks: what the arm that learns from them sees, and where masks do not say enough for it.

import { afterAll, describe, expect, test } from "vitest";
import { parseTrainingManifest } from "../../src/assemble/training-manifest.ts";
import { imagesOf } from "../../src/cli/study-images.ts";
import { mapsInMemory, type Assembly, type ImageSet } from "../../src/data/assembly/assembly.ts";
import { background, ignored } from "../../src/labels/label-map.ts";
import { absent } from "../../src/labels/states.ts";
import { fullLabels } from "../../src/studies/full-labels.ts";
import { temporaryFolder, writeFiles } from "../data/formats/list-files.ts";
import { writePng } from "../data/images/image-files.ts";
import { niftiBytes, straight } from "../data/volumes/nifti-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

/** A grey PNG of one row. */
const row = (...numbers: readonly number[]): Uint8Array =>
  writePng({ width: numbers.length, height: 1, depth: 8, colorType: 0, sample: (x) => numbers[x] });
/** A volume of one slice of four voxels, whose first one is drawn at the right. */
const slice = (...values: readonly number[]): Uint8Array =>
  niftiBytes({ shape: [4, 1, 1], values: [...values], sform: straight(1, 1, 1) });

writeFiles(folder.path, {
  "a/images/one.png": row(9, 8, 7, 6),
  "a/images/two.png": row(5, 6, 7, 8),
  "a/masks/one.png": row(1, 5, 0, 7),
  "a/masks/two.png": row(1, 1, 0, 0),
  "b/images/three.png": row(1, 2, 3, 4),
  "b/masks/three.png": row(0, 5, 5, 1),
  "b/spleens/three.png": row(0, 1, 1, 0),
  "v/images/four.nii": slice(10, 20, 30, 40),
  "v/masks/four.nii": slice(5, 0, 0, 1),
  "test/images/t.png": row(4, 3, 2, 1),
  "test/masks/t.png": row(1, 5, 0, 0),
  "skin/images/x.png": row(1, 1, 2, 2),
  "skin/images/y.png": row(2, 2, 1, 1),
  "skin/masks/x.png": row(1, 1, 0, 0),
  "skin/masks/y.png": row(0, 0, 1, 1),
  "skin/said.csv": "image,dx\nx,mel\ny,nv\n",
  "skin/unsaid.csv": "image,dx\nx,mel\ny,\n",
});

const organs = "values: {1: Liver, 5: Spleen}, ignore: [7]";
const testOrgans = `{format: folder, folder: test/images, masks: test/masks, ${organs}}`;
const manifest = (classes: string, test: string, ...sources: readonly string[]) =>
  parseTrainingManifest(
    `task: segmentation\nmodel: {backbone: unet, width: 8, levels: 1}\nclasses: [${classes}]\nexclusive: true\nimage: {height: 1, width: 4, channels: 1}\n` +
      `sources:\n${sources.map((source) => `  - {${source}}\n`).join("")}test: ${test}\n`,
    "it.yaml",
  );
const ofOrgans = (...sources: readonly string[]) => manifest("Liver, Spleen", testOrgans, ...sources);
const images = (from: ReturnType<typeof manifest>) =>
  imagesOf(
    from,
    { dataRoot: folder.path, memory: 2 ** 24, cache: `${folder.path}/cache`, skipBad: false, quiet: true },
    { say: () => undefined, warn: () => undefined },
    new AbortController().signal,
  )(0);
const rows = ({ sources }: Assembly): [number[], number[]][] =>
  sources.map(({ maps = new Uint8Array(0), states }: ImageSet) => [[...mapsInMemory(maps)], [...states]]);

const livers = `name: livers, format: folder, folder: a/images, masks: a/masks, knows: [Liver], ${organs}`;
const spleens = `name: spleens, format: folder, folder: b/images, masks: b/masks, knows: [Spleen], ${organs}`;

describe("the arm with full labels", () => {
  test("has maps of all classes, and no absent label, where masks have a number for each class", async () => {
    const scan = `name: scan, format: nifti, volumes: v/images, masks: v/masks, axis: axial, window: [0, 100], values: {1: Liver, 5: Spleen}, knows: [Spleen]`;
    const { images: found, whyNoFullLabels } = await images(ofOrgans(livers, spleens, scan));
    expect(whyNoFullLabels).toBeUndefined();
    expect(rows(found.given)).toEqual([
      [
        [0, background, background, ignored, 0, 0, background, background],
        [1, absent, 1, absent],
      ],
      [
        [background, 1, 1, background],
        [absent, 1],
      ],
      [
        [background, background, background, 1],
        [absent, 1],
      ],
    ]);
    expect(found.full === undefined ? undefined : rows(found.full)).toEqual([
      [
        [0, 1, background, ignored, 0, 0, background, background],
        [1, 1, 1, 0],
      ],
      [
        [background, 1, 1, 0],
        [1, 1],
      ],
      [
        [0, background, background, 1],
        [1, 1],
      ],
    ]);
  });

  test("has the word for what a mask is inside of", async () => {
    const skin = (table: string) =>
      manifest(
        "mel, nv",
        "{format: folder, folder: test/images, masks: test/masks, values: {1: mel, 5: nv}}",
        `name: melanoma alone, format: table, table: skin/${table}, images: skin/images, image: image, suffix: .png, ` +
          "masks: skin/masks, inside: dx, knows: [mel]",
        "name: other, format: folder, folder: b/images, masks: b/masks, values: {1: mel, 5: nv}, knows: [nv]",
      );
    const said = await images(skin("said.csv"));
    expect(rows(said.images.given)[0]).toEqual([
      [0, 0, background, background, background, background, background, background],
      [1, absent, 0, absent],
    ]);
    expect(said.images.full === undefined ? undefined : rows(said.images.full)[0]).toEqual([
      [0, 0, background, background, background, background, 1, 1],
      [1, 0, 0, 1],
    ]);
    // Nobody says what is inside of one of the masks.
    const unsaid = await images(skin("unsaid.csv"));
    expect(unsaid.images.full).toBeUndefined();
    expect(unsaid.whyNoFullLabels).toMatch(
      /^source "melanoma alone" has no label of (mel|nv) on some images\.$/u,
    );
  });
});

describe("full labels are not known", () => {
  test("where the masks of one source have no number for a class, though another source has masks of the same images", async () => {
    const other =
      "name: spleens alone, format: folder, folder: b/images, masks: b/spleens, values: {1: Spleen}";
    const found = ofOrgans(livers, spleens, other);
    const reason = 'the masks of source "spleens alone" have no number for some of the classes.';
    expect(fullLabels(found)).toBe(reason);
    const { images: loaded, whyNoFullLabels } = await images(found);
    expect(whyNoFullLabels).toBe(reason);
    expect(loaded).toMatchObject({ full: undefined });
    // Both masks are learned from as they are: the one of all organs says nothing of livers either.
    expect(rows(loaded.given).slice(1)).toEqual([
      [
        [background, 1, 1, background],
        [absent, 1],
      ],
      [
        [background, 1, 1, background],
        [absent, 1],
      ],
    ]);
  });
});
