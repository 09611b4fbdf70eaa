// What cannot be read of a segmentation: it is named where something is then missing, and nothing false is told because of it.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { catalogue, type Catalogue, type CatalogueOptions } from "../../src/data/catalogue/catalogue.ts";
import { parseManifest } from "../../src/data/manifest/manifest.ts";
import { temporaryFolder } from "./formats/idx-files.ts";
import { writeBelow, writeGrey } from "./grey-masks.ts";
import { niftiBytes, straight } from "./volumes/nifti-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const root = folder.path;
beforeEach(() => {
  rmSync(join(root, "set"), { recursive: true, force: true });
  for (const name of ["a", "b"]) {
    writeGrey(root, `set/images/${name}.png`, [9, 8, 7, 6, 5, 4, 3, 2]);
    writeGrey(root, `set/masks/${name}.png`, [0, 1, 1, 0, 5, 5, 5, 5]);
  }
});
const small = [0, 0, 0, 1];

const read = (
  entries: string,
  options: Partial<CatalogueOptions> & { readonly fit?: string } = {},
): Promise<Catalogue> => {
  const text = `task: segmentation
classes: [Liver, Spleen]
image: {height: 2, width: 4, fit: ${options.fit ?? "stretch"}}
${entries}
`;
  return catalogue(
    parseManifest(text, "m.yaml", () => false),
    { dataRoot: root, seed: 1, skipBad: options.skipBad ?? true },
  );
};
const source = (more: string): string =>
  `sources:\n  - {name: clinic, format: folder, folder: set/images, masks: set/masks, values: {1: Liver, 5: Spleen}, ${more}}`;

test("where no mask can be read, the first fault is told", async () => {
  for (const name of ["a", "b"]) writeGrey(root, `set/masks/${name}.png`, small, 2);
  await expect(read(source("split: {by: none}"))).rejects.toThrow(
    /leave the train part empty: of 2 masks none can be read; the first fault: .*set\/masks\/a\.png: is a mask of 2 x 2 pixels/u,
  );
});

test("where no mask of a part can be read, the part is named", async () => {
  const split = "split: {by: image, train: 0.5, test: 0.5}";
  const { lists } = await read(source(split));
  const [held] = lists.find(({ part }) => part === "test")?.samples ?? [];
  writeGrey(root, `set/masks/${held.id}`, small, 2);
  await expect(read(source(split))).rejects.toThrow(
    /leave the test part empty: of 1 mask none can be read; the first fault: .*is a mask of 2 x 2 pixels/u,
  );
});

test("where bad volumes leave a part of a split empty, they are counted and the first is named", async () => {
  const volume = (values: Uint8Array, side = 1): Uint8Array =>
    niftiBytes({ shape: [4, 4, 2], values, sform: straight(side, 1, 1) });
  const grey = new Uint8Array(32).map((_, i) => i);
  const labels = grey.map((value) => value % 2);
  for (const name of ["p1", "p2", "p3", "p4", "p5", "p6"]) {
    writeBelow(root, `set/ct/${name}.nii`, volume(grey));
    writeBelow(root, `set/seg/${name}.nii`, volume(labels));
  }
  const entry = `sources:
  - {name: scans, format: nifti, volumes: set/ct, masks: set/seg, values: {1: Liver}, axis: axial, window: [0, 255], split: {by: patient, train: 0.5, test: 0.5}}`;
  const { lists } = await read(entry);
  const held = lists.flatMap(({ part, samples }) =>
    part === "test" ? samples.map(({ patient }) => patient ?? "") : [],
  );
  expect(held).not.toHaveLength(0);
  for (const name of new Set(held)) writeBelow(root, `set/seg/${name}.nii`, volume(labels, 2));
  const count = new Set(held).size;
  await expect(read(entry)).rejects.toThrow(
    new RegExp(
      `leaves the test part empty: ${count} bad records? (is|are) left out, and no patient .*; the first fault: .*nii: lies elsewhere`,
      "u",
    ),
  );
});

const inside = `sources:
  - {name: t, format: table, table: set/t.csv, images: set/images, image: image, masks: "set/masks/{name}.png", inside: dx, others: [normal]}`;

test("a blank word beside an empty mask says nothing, and a word beside one is a contradiction", async () => {
  writeBelow(root, "set/t.csv", "image,dx\na.png,Liver\nb.png,\nc.png,Spleen\nd.png,normal\n");
  writeGrey(root, "set/masks/a.png", [0, 255, 255, 0, 0, 0, 0, 0]);
  writeGrey(root, "set/masks/b.png", [0, 0, 0, 0, 0, 0, 0, 0]);
  for (const file of ["images/c", "masks/c", "images/d", "masks/d"]) {
    writeGrey(root, `set/${file}.png`, [0, 0, 0, 0, 0, 0, 0, 0]);
  }
  const { lists, skipped } = await read(inside);
  expect(lists[0].samples.map(({ id }) => id)).toEqual(["a.png", "b.png", "d.png"]);
  expect([...lists[0].states]).toEqual([1, 0, 255, 255, 0, 0]);
  expect(skipped.map(({ message }) => message.replaceAll(`${root}/`, ""))).toEqual([
    'set/masks/c.png: outlines nothing, and column dx has "Spleen" for its image "c.png": draw the outline, or empty the cell',
  ]);
});

test("under a crop, the share of a number that means nothing is of the whole mask", async () => {
  writeGrey(root, "set/images/a.png", [...Array(32).keys()], 16);
  writeGrey(root, "set/masks/a.png", [...Array<number>(12).fill(7), ...Array<number>(20).fill(0)], 16);
  rmSync(join(root, "set/images/b.png"));
  await expect(read(source("split: {by: none}"), { fit: "crop" })).rejects.toThrow(
    /hold: 7 \(37\.50 % of the pixels/u,
  );
});

test("a class that no mask shows is told of the masks that say anything, and of what is seen of them", async () => {
  const told = async (fit: string): Promise<string[]> =>
    (await read(source("split: {by: none}, ignore: [255]"), { fit })).remarks.flatMap(({ kind, sentence }) =>
      kind === "class-without-outline" ? [sentence] : [],
    );
  for (const name of ["a", "b"]) writeGrey(root, `set/masks/${name}.png`, Array<number>(8).fill(255));
  expect(await told("stretch")).toEqual([]);
  writeGrey(root, "set/masks/b.png", [0, 0, 1, 0, 0, 0, 0, 0]);
  expect(await told("stretch")).toEqual([
    '"clinic" is said to outline Spleen, and its only mask has no pixel of it: its image is negative there.',
  ]);
  rmSync(join(root, "set/images/a.png"));
  writeGrey(root, "set/images/b.png", [...Array(16).keys()], 8);
  writeGrey(root, "set/masks/b.png", [5, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 8);
  expect(await told("crop")).toEqual([
    '"clinic" is said to outline Spleen, and its only mask has no pixel of it in the part that is seen: its image is negative there.',
  ]);
});
