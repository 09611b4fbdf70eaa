// Masks of a segmentation manifest: which image each belongs to, what their numbers mean, and what is refused.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { catalogue, type Catalogue, type CatalogueOptions } from "../../src/data/catalogue/catalogue.ts";
import { parseManifest } from "../../src/data/manifest/manifest.ts";
import { background, ignored } from "../../src/labels/label-map.ts";
import { temporaryFolder } from "./formats/idx-files.ts";
import { writeBelow, writeGrey as grey } from "./grey-masks.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const root = folder.path;
beforeEach(() => {
  rmSync(join(root, "set"), { recursive: true, force: true });
});

const writeGrey = (name: string, numbers: readonly number[], width?: number): void =>
  grey(root, name, numbers, width);
const write = (name: string, content: Uint8Array | string): void => writeBelow(root, name, content);
function writeColours(name: string, colours: readonly (readonly [number, number, number])[]): void {
  const png = new PNG({ width: 4, height: colours.length / 4 });
  for (const [i, colour] of colours.entries()) png.data.set([...colour, 255], 4 * i);
  write(name, PNG.sync.write(png, { colorType: 2 }));
}

const manifestOf = (entry: string, top = ""): string => `task: segmentation
classes: [Liver, Spleen]
image: {height: 2, width: 4}
${top}
sources:
  - {name: clinic, format: folder, folder: set/images, split: {by: none}, ${entry}}
`;
const read = (entry: string, top = "", options: Partial<CatalogueOptions> = {}): Promise<Catalogue> => {
  const manifest = parseManifest(
    `${manifestOf(entry, top)}test: {format: folder, folder: set/test, masks: set/test-masks, values: {1: Liver, 5: Spleen}}\n`,
    "m.yaml",
  );
  return catalogue(manifest, { dataRoot: root, seed: 1, ...options });
};
const refusal = async (entry: string, top = ""): Promise<string> => {
  try {
    await read(entry, top);
  } catch (error) {
    return (error as Error).message.replaceAll(`${root}/`, "");
  }
  return "nothing is refused";
};

const plain = "masks: set/masks, values: {1: Liver, 5: Spleen}";
beforeEach(() => {
  writeGrey("set/test/t.png", [0, 0, 0, 0, 0, 0, 0, 0]);
  writeGrey("set/test-masks/t.png", [0, 1, 5, 0, 0, 0, 0, 0]);
  for (const name of ["a", "b"]) writeGrey(`set/images/${name}.png`, [9, 8, 7, 6, 5, 4, 3, 2]);
  writeGrey("set/masks/a.png", [0, 1, 1, 0, 5, 5, 5, 5]);
  writeGrey("set/masks/b.png", [0, 0, 0, 0, 0, 0, 1, 1]);
});

describe("masks in a folder", () => {
  test("become label maps, and say of each image which classes it shows", async () => {
    const { lists } = await read(plain);
    const [list] = lists;
    expect([...(list.masks?.maps ?? [])]).toEqual([
      254, 0, 0, 254, 1, 1, 1, 1, 254, 254, 254, 254, 254, 254, 0, 0,
    ]);
    expect([...list.states]).toEqual([1, 1, 1, 0]);
    expect(list.masks?.pixels).toEqual({ classes: [4, 4], ignored: 0, total: 16 });
  });

  test("leak nothing of a class that the source does not know", async () => {
    const manifest = parseManifest(manifestOf(`${plain}, knows: [Liver]`), "m.yaml", () => false);
    const [list] = (await catalogue(manifest, { dataRoot: root, seed: 1 })).lists;
    expect([...(list.masks?.maps ?? [])].slice(0, 8)).toEqual([254, 0, 0, 254, 254, 254, 254, 254]);
    expect([...list.states]).toEqual([1, 255, 1, 255]);
  });

  test("ignore what nobody labelled, and take other numbers for background when told", async () => {
    writeGrey("set/masks/a.png", [255, 1, 3, 0, 5, 5, 5, 5]);
    const { lists } = await read(`${plain}, ignore: [255], background: [3]`);
    expect([...(lists[0].masks?.maps ?? [])].slice(0, 4)).toEqual([ignored, 0, background, background]);
    expect(lists[0].masks?.pixels.ignored).toBe(1);
  });

  test("say nothing of an image of whose labelled pixels none is left at the size of the assembly", async () => {
    writeGrey("set/images/a.png", Array<number>(32).fill(9), 8);
    writeGrey("set/masks/a.png", [1, ...Array<number>(31).fill(255)], 8);
    const { lists } = await read(`${plain}, ignore: [255]`);
    expect([...(lists[0].masks?.maps ?? [])].slice(0, 8)).toEqual(Array<number>(8).fill(ignored));
    expect([...lists[0].states]).toEqual([255, 255, 1, 0]);
  });

  test("let 0 be a class where it is named", async () => {
    const { lists } = await read("masks: set/masks, values: {0: Liver, 1: Spleen, 5: Spleen}");
    expect([...(lists[0].masks?.maps ?? [])].slice(0, 4)).toEqual([0, 1, 1, 0]);
  });
});

describe("one clear line refuses", () => {
  const cases: readonly (readonly [what: string, entry: string, line: RegExp, prepare?: () => void])[] = [
    [
      "a number that nothing names",
      "masks: set/masks, values: {1: Liver, 7: Spleen}",
      /values leave out what masks hold: 5 \(25\.00 % of the pixels, in 1 of 2 masks\), the first in set\/masks\/a\.png; write values: \{5: CLASS\}, or ignore: \[5\]/u,
    ],
    [
      "a mask of another size",
      plain,
      /set\/masks\/b\.png: is a mask of 2 x 2 pixels, and its image "b\.png" has 4 x 2: a mask has the size of its image/u,
      () => writeGrey("set/masks/b.png", [0, 0, 0, 1], 2),
    ],
    [
      "an image without a mask",
      plain,
      /set\/images\/b\.png: has no mask: none in set\/masks is called as it is/u,
      () => rmSync(join(root, "set/masks/b.png")),
    ],
    [
      "masks that are called otherwise, with a way to say it",
      plain,
      /did you mean masks: "set\/masks\/\{name\}_seg\.png"\?/u,
      () => {
        for (const name of ["a", "b"]) {
          rmSync(join(root, `set/masks/${name}.png`));
          writeGrey(`set/masks/${name}_seg.png`, [0, 0, 0, 0, 0, 0, 1, 1]);
        }
      },
    ],
    [
      "colours without their meaning",
      plain,
      /a\.png: is a mask in colours, not in numbers: say under colours .* colours: \{"#804080": \.\.\.\}/u,
      () =>
        writeColours(
          "set/masks/a.png",
          Array.from({ length: 8 }, () => [128, 64, 128] as const),
        ),
    ],
    [
      "a JPEG",
      plain,
      /a\.png: is a JPEG, whose losses change the numbers of a mask at every edge: save the mask as PNG/u,
      () => write("set/masks/a.png", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0)),
    ],
    ["an entry without masks", "values: {1: Liver}", /has no masks, which task: segmentation needs/u],
    ["masks without a meaning", "masks: set/masks", /does not say what its masks mean/u],
    [
      "a class that is none",
      "masks: set/masks, values: {1: Livr}",
      /values\.1 names "Livr", which is not one of the classes/u,
    ],
    [
      "a number with two meanings",
      `${plain}, ignore: [5]`,
      /ignore\[0\] names 5, which means "?Spleen"? already/u,
    ],
    [
      "a known class without a number",
      "masks: set/masks, values: {1: Liver}, knows: [Spleen]",
      /knows\[0\] names "?Spleen"?, which none of its values means/u,
    ],
  ];
  for (const [what, entry, line, prepare] of cases) {
    test(what, async () => {
      prepare?.();
      expect(await refusal(entry)).toMatch(line);
    });
  }

  test("fields of masks in a classification, and exclusive classes that are none or there twice", async () => {
    expect(() => parseManifest(manifestOf(plain).replace("task: segmentation\n", ""), "m.yaml")).toThrow(
      /masks is about segmentation: say task: segmentation/u,
    );
    expect(await refusal(plain, "exclusive: [[Liver, Splen]]")).toMatch(
      /exclusive\[0\]\[1\] names "Splen", which is not one/u,
    );
    expect(await refusal(plain, "exclusive: [[Liver, Liver]]")).toMatch(
      /exclusive\[0\]\[1\] names "?Liver"? a second time/u,
    );
    expect(await refusal(plain, "exhaustive: true")).toMatch(/exhaustive gives each pixel one class/u);
    const classification = manifestOf(plain, "exhaustive: true").replace("task: segmentation\n", "");
    expect(() => parseManifest(classification, "m.yaml")).toThrow(/exhaustive is about segmentation/u);
  });
});

test("a bad mask is left out with --skip-bad, and its image with it", async () => {
  writeGrey("set/masks/b.png", [0, 0, 0, 1], 2);
  const { lists, skipped } = await read(plain, "", { skipBad: true });
  expect(lists[0].samples.map(({ id }) => id)).toEqual(["a.png"]);
  expect(lists[0].masks?.maps).toHaveLength(8);
  expect(skipped).toHaveLength(1);
});

test("masks that fit no image, and a class that no mask shows, are told", async () => {
  writeGrey("set/masks/c.png", [0, 0, 0, 0, 0, 0, 0, 0]);
  writeGrey("set/masks/a.png", [0, 1, 1, 0, 0, 0, 0, 0]);
  const { remarks } = await read(plain);
  expect(remarks.map(({ kind }) => kind)).toEqual(["masks-without-image", "class-without-outline"]);
});

test("background is told where each pixel is said to be of a class, and a source outlines all of them", async () => {
  const told = async (top: string): Promise<string[]> =>
    (await read(plain, top)).remarks
      .filter(({ kind }) => kind === "background-in-masks")
      .map(({ sentence }) => sentence);
  expect(await told("exclusive: true")).toEqual([]);
  const [sentence] = await told("exclusive: true\nexhaustive: true");
  expect(sentence).toMatch(/outlines all classes.*%.* are background/u);
});

test("colours mean classes where they are named", async () => {
  const road = [128, 64, 128] as const;
  const black = [0, 0, 0] as const;
  for (const name of ["a", "b"])
    writeColours(`set/masks/${name}.png`, [road, black, black, road, [1, 2, 3], black, black, black]);
  const { lists } = await read('masks: set/masks, colours: {"#804080": Liver, "#010203": Spleen}');
  expect([...(lists[0].masks?.maps ?? [])].slice(0, 5)).toEqual([0, 254, 254, 0, 1]);
});

test("what is inside a mask, a column of the table says", async () => {
  write("set/t.csv", "image,dx\na.png,Liver\nb.png,nothing known\n");
  writeGrey("set/masks/a.png", [0, 255, 255, 0, 0, 0, 0, 0]);
  writeGrey("set/masks/b.png", [0, 255, 255, 0, 0, 0, 0, 0]);
  const manifest = parseManifest(
    `task: segmentation
classes: [Liver]
image: {height: 2, width: 4}
sources:
  - {name: t, format: table, table: set/t.csv, images: set/images, image: image, masks: "set/masks/{name}.png", inside: dx, others: [nothing known]}
`,
    "m.yaml",
    () => false,
  );
  const [list] = (await catalogue(manifest, { dataRoot: root, seed: 1 })).lists;
  expect([...list.states]).toEqual([1, 0]);
  expect([...(list.masks?.maps ?? [])]).toEqual([
    254,
    0,
    0,
    254,
    254,
    254,
    254,
    254,
    ...Array<number>(8).fill(254),
  ]);
});
