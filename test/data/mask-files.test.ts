// The kinds of files that masks come in, and that a mask lies as its image does: turned by EXIF, cropped, padded.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { catalogue } from "../../src/data/catalogue/catalogue.ts";
import type { SampleList } from "../../src/data/catalogue/sample-lists.ts";
import { fits } from "../../src/data/images/image.ts";
import { fitImage } from "../../src/data/images/fit.ts";
import { decodeImage } from "../../src/data/images/index.ts";
import { parseManifest } from "../../src/data/manifest/manifest.ts";
import { readMask } from "../../src/data/masks/mask-file.ts";
import { background, ignored } from "../../src/labels/label-map.ts";
import { temporaryFolder } from "./formats/idx-files.ts";
import { chunk, writePng } from "./images/image-files.ts";
import { writeBmp, writeTiff } from "./images/tiff-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const root = folder.path;
beforeEach(() => {
  rmSync(join(root, "set"), { recursive: true, force: true });
});

function write(name: string, content: Uint8Array | string): string {
  const file = join(root, "set", name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}
const numbersOf = async (bytes: Uint8Array, colours = false): Promise<number[]> => [
  ...(await readMask(write("mask", bytes), colours)).values,
];
const refusal = (bytes: Uint8Array, colours = false): Promise<string> =>
  readMask(write("mask", bytes), colours).then(
    () => "nothing is refused",
    (error: unknown) => (error as Error).message,
  );

const size = { width: 5, height: 3 };
const count = size.width * size.height;
const numbers = (depth: number, step = 1): number[] =>
  Array.from({ length: count }, (_, i) => (step * i) % 2 ** depth);

describe("the numbers of a PNG are those in the file", () => {
  for (const depth of [1, 2, 4, 8, 16]) {
    for (const interlaced of [false, true]) {
      test(`grey of ${depth} bits${interlaced ? ", interlaced" : ""}, whatever is transparent`, async () => {
        const stored = numbers(depth, depth === 16 ? 4999 : 1);
        const content = {
          ...{ ...size, depth, colorType: 0, interlaced },
          sample: (x: number, y: number) => stored[y * size.width + x],
        };
        expect(await numbersOf(writePng(content))).toEqual(stored);
        expect(await numbersOf(writePng({ ...content, transparency: [0, 1] }))).toEqual(stored);
      });
    }
  }
  for (const depth of [1, 2, 4, 8]) {
    test(`places in a palette of ${depth} bits; colours where they are asked for`, async () => {
      const stored = numbers(depth);
      // Two places of one colour are two numbers.
      const palette = Array.from({ length: 2 ** depth }, (_, i) => [7, 0, i >> 1]).flat();
      const content = {
        ...{ ...size, depth, colorType: 3, palette },
        sample: (x: number, y: number) => stored[y * size.width + x],
      };
      expect(await numbersOf(writePng(content))).toEqual(stored);
      expect(await numbersOf(writePng({ ...content, transparency: [0] }))).toEqual(stored);
      expect(await numbersOf(writePng(content), true)).toEqual(stored.map((i) => 0x070000 + (i >> 1)));
    });
  }

  test("not where pixels are transparent by themselves", async () => {
    const content = { ...size, depth: 8, colorType: 4 };
    const opaque = writePng({ ...content, sample: (x, _, channel) => (channel === 0 ? x : 255) });
    expect((await numbersOf(opaque)).slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
    const clear = writePng({ ...content, sample: (x, _, channel) => (channel === 0 ? x : 254) });
    expect(await refusal(clear)).toMatch(/mask: is a mask with transparent pixels.*: save it without$/u);
  });
});

describe("the numbers of other files", () => {
  test("TIFF: grey of 8 and 16 bits; RGB is colours", async () => {
    for (const bits of [8, 16] as const) {
      const values = numbers(bits, bits === 16 ? 4999 : 17);
      expect(await numbersOf(writeTiff({ ...size, samples: 1, bits, values }))).toEqual(values);
    }
    const values = Array.from({ length: 3 * count }, (_, i) => i);
    const inColours = writeTiff({ ...size, samples: 3, bits: 8, values });
    expect((await numbersOf(inColours, true)).slice(0, 2)).toEqual([0x000102, 0x030405]);
    expect(await refusal(inColours)).toMatch(/is a TIFF of RGB in 8 bits|is a mask in colours/u);
  });

  test("TIFF: what would be read as other numbers is refused", async () => {
    const grey = { ...size, samples: 1, bits: 8, values: numbers(8) } as const;
    expect(await refusal(writeTiff({ ...grey, photometric: 0 }))).toMatch(
      /is a TIFF of white as 0 in 8 bits/u,
    );
    expect(await refusal(writeTiff({ ...grey, bits: 32 }))).toMatch(/is a TIFF of grey in 32 bits/u);
    expect(await refusal(writeTiff({ ...grey, bits: 16, format: 2 }))).toMatch(/numbers with a sign/u);
    expect(await refusal(writeTiff({ ...grey, pages: 2 }))).toMatch(/is a TIFF of 2 pages/u);
  });

  test("TIFF: of two fields of one tag, the first counts", async () => {
    const values = numbers(16, 4999);
    const bytes = writeTiff({ ...size, samples: 1, bits: 16, values });
    // The tag behind the bits (258) and the photometric interpretation (262) becomes the bits again, and says 8.
    const directory = bytes.readUInt32LE(4) + 2;
    const fields = bytes.readUInt16LE(directory - 2);
    const entries = Array.from({ length: fields }, (_, i) => directory + 12 * i);
    const again = entries.find((at) => bytes.readUInt16LE(at) === 277) ?? 0;
    bytes.writeUInt16LE(258, again);
    bytes.writeUInt16LE(8, again + 8);
    expect(await numbersOf(bytes)).toEqual(values);
  });

  test("BMP: places in a palette of 1, 4 and 8 bits, from the bottom or the top", async () => {
    const palette = (colours: number): number[] =>
      Array.from({ length: colours }, (_, i) => [i, 9, 9, 0]).flat();
    const rows = [
      [0, 1, 2, 3, 15],
      [4, 0, 0, 0, 1],
      [9, 9, 9, 9, 2],
    ];
    const upsideDown = rows.toReversed();
    const bytes = { ...size, bits: 8, palette: palette(256) };
    expect(await numbersOf(writeBmp({ ...bytes, rows: upsideDown }))).toEqual(rows.flat());
    expect(await numbersOf(writeBmp({ ...bytes, rows, height: -3 }))).toEqual(rows.flat());
    const nibbles = upsideDown.map(([a, b, c, d, e]) => [16 * a + b, 16 * c + d, 16 * e]);
    const four = { ...size, bits: 4, palette: palette(16) };
    expect(await numbersOf(writeBmp({ ...four, rows: nibbles }))).toEqual(rows.flat());
    const one = { ...size, bits: 1, palette: palette(2), rows: [[0b01010000], [0b11111000], [0b10000000]] };
    expect(await numbersOf(writeBmp(one))).toEqual([1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0]);
  });

  const gifOf = (colours: number, progressive = false, shape = { height: 48, width: 40 }) => {
    const places = Array.from(
      { length: shape.height * shape.width },
      (_, i) => (Math.imul(i, 2654435761) >>> 11) % colours,
    );
    const pixels = Uint8Array.from(places.flatMap((place) => [200, 10 * place, 0]));
    const made = sharp(pixels, { raw: { ...shape, channels: 3 } }).gif({ dither: 0, progressive });
    return made
      .toBuffer()
      .then((bytes) => ({ bytes, expected: places.map((place) => 0xc80000 + 0xa00 * place) }));
  };

  test("GIF: its colours, in rows of any order, and the places of its palette", async () => {
    for (const progressive of [false, true]) {
      // So many that the table of codes is full more than once.
      const { bytes, expected } = await gifOf(20, progressive, { height: 150, width: 203 });
      expect(await numbersOf(bytes, true)).toEqual(expected);
      const places = await numbersOf(bytes);
      // A place is one colour.
      expect(new Set(places).size).toBe(20);
      expect(new Set(places.map((place, i) => `${place} ${expected[i]}`)).size).toBe(20);
    }
  });

  test("GIF: each pixel that is lost is told, instead of black", async () => {
    const { bytes } = await gifOf(2);
    for (let end = 13; end < bytes.length; end++) {
      expect(await refusal(bytes.subarray(0, end), true)).toMatch(/breaks off early/u);
    }
    const picture = bytes.indexOf(Buffer.from([0x2c, 0, 0, 0, 0, 40, 0, 48, 0]));
    const changed = (at: number, byte: number): Buffer => {
      const copy = Buffer.from(bytes);
      copy[at] = byte;
      return copy;
    };
    expect(await refusal(changed(picture + 5, 39), true)).toMatch(/picture does not fill its size/u);
    expect(await refusal(changed(picture + 1, 1), true)).toMatch(/picture does not fill its size/u);
    const taller = changed(picture + 7, 200);
    taller[8] = 200;
    expect(await refusal(taller, true)).toMatch(/damaged GIF: it holds fewer pixels than its header says/u);
    const codes =
      picture + 10 + ((bytes[picture + 9] & 0x80) === 0 ? 0 : 3 * 2 ** ((bytes[picture + 9] & 7) + 1));
    expect(await refusal(changed(codes, 9), true)).toMatch(/damaged GIF: its first codes have 9 bits/u);
    expect(await refusal(changed(codes + 3, 255), true)).toMatch(/damaged GIF: /u);
    const frame = bytes.subarray(picture, -1);
    const twice = Buffer.concat([bytes.subarray(0, -1), frame, bytes.subarray(-1)]);
    expect(await refusal(twice, true)).toMatch(/is a GIF of several frames/u);
  });
});

/** One source of images with masks, without a split. */
async function listOf(entry: string, image: string, more = ""): Promise<SampleList> {
  const text = `task: segmentation
classes: [Left, Right]
image: {${image}}
sources:
  - {name: clinic, ${entry}, split: {by: none}}
${more}`;
  const manifest = parseManifest(text, "m.yaml", () => false);
  return (await catalogue(manifest, { dataRoot: root, seed: 1 })).lists[0];
}
const inFolder = "format: folder, folder: set/images, masks: set/masks, values: {1: Left, 2: Right}";

describe("a mask lies as its image does", () => {
  /** EXIF that says: turn by a quarter to the right. */
  const quarterTurn = Buffer.from("49492a0008000000010012010300010000000600000000000000", "hex");
  const turnedPng = (of: {
    width: number;
    height: number;
    sample: (x: number, y: number) => number;
  }): Buffer => {
    const png = writePng({ ...of, depth: 8, colorType: 0 });
    return Buffer.concat([png.subarray(0, 33), chunk("eXIf", quarterTurn), png.subarray(33)]);
  };
  // 4 x 2 in the file, 2 x 4 as it is shown: the first row of the file is the right column.
  const lying = { width: 4, height: 2, sample: (_: number, y: number) => 1 + y };
  const standing = { width: 2, height: 4, sample: (x: number) => 2 - x };
  const shown = [1, 0, 1, 0, 1, 0, 1, 0];
  const map = async (image = "height: 4, width: 2"): Promise<number[]> => [
    ...((await listOf(inFolder, image)).masks?.maps ?? []),
  ];

  test("turned by EXIF, whether it was drawn on the pixels or on what is shown, or is turned itself", async () => {
    write("images/a.png", turnedPng(lying));
    write("masks/a.png", writePng({ ...lying, depth: 8, colorType: 0 }));
    expect(await map()).toEqual(shown);
    write("masks/a.png", writePng({ ...standing, depth: 8, colorType: 0 }));
    expect(await map()).toEqual(shown);
    write("masks/a.png", turnedPng(lying));
    expect(await map()).toEqual(shown);
  });

  test("and is refused where nobody can tell how it was drawn", async () => {
    const square = { width: 3, height: 3, sample: (x: number) => Math.min(2, x) };
    write("images/a.png", turnedPng(square));
    write("masks/a.png", writePng({ ...square, depth: 8, colorType: 0 }));
    await expect(map()).rejects.toThrow(
      /a\.png: does not say which side is up, and its image "a\.png" is turned by EXIF/u,
    );
  });

  test.each(fits.flatMap((fit) => [[fit, 40, 90] as const, [fit, 90, 40] as const]))(
    "%s of %i x %i: the map has the edges of the image",
    async (fit, height, width) => {
      // A bright disc aside of the middle: where the image is bright, the map says Left.
      const isInside = (x: number, y: number): boolean =>
        (x - 0.55 * width) ** 2 + (y - 0.45 * height) ** 2 < (0.35 * Math.min(height, width)) ** 2;
      const picture = { width, height, depth: 8, colorType: 0 };
      const bytes = writePng({ ...picture, sample: (x, y) => (isInside(x, y) ? 255 : 64) });
      write("images/a.png", bytes);
      write("masks/a.png", writePng({ ...picture, sample: (x, y) => (isInside(x, y) ? 1 : 0) }));
      const shape = { height: 31, width: 33 };
      const list = await listOf(inFolder, `height: 31, width: 33, fit: ${fit}`);
      const pixels = await fitImage(await decodeImage(bytes, "a.png"), { ...shape, channels: 1, fit });
      const maps = list.masks?.maps ?? new Uint8Array(0);
      let [left, beside] = [0, 0];
      for (const [i, level] of pixels.entries()) {
        if (level > 225) left++;
        if (level === 0) beside++;
        // Pixels on an edge are of both; what is black lies beside a padded image.
        if (level > 225) expect([i, maps[i]]).toEqual([i, 0]);
        else if (level === 0) expect([i, maps[i]]).toEqual([i, ignored]);
        else if (level < 94) expect([i, maps[i]]).toEqual([i, background]);
      }
      expect(left).toBeGreaterThan(50);
      expect(beside > 0).toBe(fit === "pad");
    },
  );
});

describe("masks of a table", () => {
  const grey = (value: number): Buffer => writePng({ ...size, depth: 8, colorType: 0, sample: () => value });
  beforeEach(() => {
    write("t.csv", "image,site,mask\na.png,north,one.png\nb.png,south,two.png\n");
    for (const name of ["a", "b"]) write(`images/${name}.png`, grey(9));
  });
  const table =
    "format: table, table: set/t.csv, images: set/images, image: image, values: {1: Left, 2: Right}";
  const states = async (masks: string): Promise<number[]> => [
    ...(await listOf(`${table}, masks: ${masks}`, "height: 3, width: 5")).states,
  ];

  test("are where a path with columns leads, or a column says", async () => {
    write("north/a_seg.png", grey(1));
    write("south/b_seg.png", grey(2));
    expect(await states('"set/{site}/{name}_seg.png"')).toEqual([1, 0, 0, 1]);
    write("elsewhere/one.png", grey(2));
    write("elsewhere/two.png", grey(1));
    expect(await states("{column: mask, folder: set/elsewhere}")).toEqual([0, 1, 1, 0]);
    write("images/one.png", grey(1));
    write("images/two.png", grey(1));
    expect(await states("{column: mask}")).toEqual([1, 0, 1, 0]);
  });

  test("are refused where a column is none, a cell is empty, or leads out of the folder", async () => {
    await expect(states("{column: maks}")).rejects.toThrow(
      /masks\.column is "?maks"?, which is no column .*did you mean "?mask"?/u,
    );
    await expect(states('"set/{sit}/{name}.png"')).rejects.toThrow(/sit/u);
    write("t.csv", "image,site,mask\na.png,north,\nb.png,south,../../up.png\n");
    await expect(states("{column: mask, folder: set/images}")).rejects.toThrow(/fit no image/u);
  });
});

test("a TIFF that is packed with losses, or has more than 8 bits a colour, is refused", async () => {
  const grey = { width: 32, height: 32, channels: 1 } as const;
  const level = sharp(new Uint8Array(1024), { raw: grey });
  expect(await refusal(await level.clone().tiff({ compression: "jpeg" }).toBuffer())).toMatch(
    /is a TIFF packed as JPEG, which may have changed/u,
  );
  expect(await numbersOf(await level.clone().tiff({ compression: "lzw" }).toBuffer())).toEqual(
    Array(1024).fill(0),
  );
  const deep = sharp(new Uint16Array(3072), { raw: { ...grey, channels: 3 } }).toColourspace("rgb16");
  expect(await refusal(await deep.tiff({ compression: "none" }).toBuffer(), true)).toMatch(
    /is a TIFF of colours in 16 bits/u,
  );
});
