// Images that a browser decodes are those that Node decodes, bit for bit; what it cannot give so is refused by name. Where Chromium is not on this machine, `npm run test:chromium` says what to install.

import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import sharp, { type Sharp } from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { oneModule } from "../../scripts/one-module.mjs";
import { decodeImage } from "../../src/data/images/index.ts";
import { resize } from "../../src/data/images/resize-portable.ts";
import { idxBytes } from "../data/formats/idx-files.ts";
import { npy, npz } from "../data/formats/npz-files.ts";
import { chunk, pngSignature, writePng, type PngContent } from "../data/images/image-files.ts";
import { root } from "../entries/entries.ts";
import type { Decoded, decoded, loaded } from "./decode-page.ts";
import { chromiumProgram, useServedPages } from "./served-page.ts";

type OfPage = { program: { decoded: typeof decoded; loaded: typeof loaded } };

const noise = (x: number, y: number, channel: number): number =>
  (x * 73 + y * 151 + channel * 89 + ((x * y) % 11) * 17) % 256;
const png = (content: Partial<PngContent>): Buffer =>
  writePng({ ...{ width: 37, height: 23, depth: 8, colorType: 2 }, sample: noise, ...content });

/** Puts a chunk behind the header of a PNG. */
const withChunk = (file: Buffer, type: string, content: Uint8Array): Buffer =>
  Buffer.concat([file.subarray(0, 33), chunk(type, content), file.subarray(33)]);
const gamma = Uint8Array.of(0, 0, 0x27, 0x10); // 0.1
const upright = (orientation: number): Uint8Array =>
  Uint8Array.from([
    ...Buffer.from("II*\0"),
    8,
    0,
    0,
    0,
    1,
    0,
    0x12,
    1,
    3,
    0,
    1,
    0,
    0,
    0,
    orientation,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  ]);

/** A picture as cameras make them: smooth, with edges. */
const smooth = Uint8Array.from({ length: 64 * 48 * 3 }, (_, i) => {
  const [x, y, c] = [Math.floor(i / 3) % 64, Math.floor(i / 192), i % 3];
  return 128 + 90 * Math.sin(x / 9 + c) * Math.cos(y / 7) + (x > 30 && y > 20 ? 30 : 0);
});
const picture = (): Sharp => sharp(smooth, { raw: { width: 64, height: 48, channels: 3 } });

describe.runIf(chromiumProgram !== undefined)("images that Chromium decodes", () => {
  let script = "";
  const pages = useServedPages((path) =>
    path === "/program.js"
      ? script
      : '<!doctype html><meta charset="utf-8"><script src="/program.js"></script>',
  );
  let page: Page;
  beforeAll(async () => {
    const entry = join(root, "test/web/decode-page.ts");
    script = await oneModule({ lib: { entry, formats: ["iife"], name: "program", fileName: "program" } });
    page = await pages().context.newPage();
    await page.goto(`${pages().origin}/`);
  }, 120_000);
  const inPage = (file: Uint8Array): Promise<Decoded | string> =>
    page.evaluate(
      (base64) => (globalThis as unknown as OfPage).program.decoded(base64),
      Buffer.from(file).toString("base64"),
    );
  const inNode = async (file: Uint8Array): Promise<Decoded> => {
    const { height, width, channels, pixels } = await decodeImage(file, "an image");
    return { size: [height, width, channels], pixels: Array.from(pixels) };
  };

  const grey4 = (x: number, y: number): number => (x * 7 + y * 5) % 16;
  const palette = Array.from({ length: 48 }, (_, i) => (i * 67) % 256);
  test.each<[string, Buffer]>([
    ["grey", png({ colorType: 0 })],
    ["colours", png({})],
    ["colours that are grey", png({ sample: (x, y) => noise(x, y, 0) })],
    ["grey of 4 bits", png({ colorType: 0, depth: 4, sample: grey4 })],
    ["a palette", png({ colorType: 3, depth: 4, sample: grey4, palette, transparency: [0, 9, 130, 254] })],
    ["interlaced", png({ interlaced: true })],
    ["colours with opacity", png({ colorType: 6 })],
    ["grey with opacity", png({ colorType: 4 })],
    ["a gamma, which is not applied", withChunk(png({}), "gAMA", gamma)],
    ["a profile's gamma, which is not applied", withChunk(png({ colorType: 0 }), "gAMA", gamma)],
    ["on its side", withChunk(png({}), "eXIf", upright(6))],
    ["upside down", withChunk(png({}), "eXIf", upright(3))],
  ])("PNG, %s: the same bits", async (_, file) => {
    expect(await inPage(file)).toEqual(await inNode(file));
  });

  test("BMP: the same bits", async () => {
    const head = Buffer.alloc(54);
    head.write("BM");
    for (const [at, value] of [
      [2, 78],
      [10, 54],
      [14, 40],
      [18, 2],
      [22, 3],
    ])
      head.writeUInt32LE(value, at);
    head.writeUInt16LE(1, 26);
    head.writeUInt16LE(24, 28);
    const file = Buffer.concat([head, Buffer.from(Array.from({ length: 24 }, (_, i) => i * 9))]);
    expect(await inPage(file)).toEqual(await inNode(file));
  });

  // Chromium and sharp have the same decoders in them, libjpeg-turbo and libwebp; another browser may be a level or two away.
  test.each<[string, () => Sharp]>([
    ["JPEG, grey", () => picture().greyscale().jpeg({ quality: 90 })],
    ["JPEG, whole colours", () => picture().jpeg({ quality: 90, chromaSubsampling: "4:4:4" })],
    ["JPEG, halved colours", () => picture().jpeg({ quality: 80, chromaSubsampling: "4:2:0" })],
    ["JPEG, progressive", () => picture().jpeg({ quality: 80, progressive: true })],
    ["JPEG, on its side", () => picture().withMetadata({ orientation: 6 }).jpeg()],
    ["JPEG, a profile, which is not applied", () => picture().withIccProfile("p3").jpeg()],
    ["WebP, lossless", () => picture().webp({ lossless: true })],
    ["WebP, lossy", () => picture().webp({ quality: 80 })],
  ])("%s: the same bits", async (_, made) => {
    const file = await made().toBuffer();
    expect(await inPage(file)).toEqual(await inNode(file));
  });

  test("what a browser cannot give as it is, or is damaged, is said in one line", async () => {
    const jpeg = await picture().jpeg().toBuffer();
    const cases: readonly (readonly [Uint8Array, RegExp])[] = [
      [
        png({ depth: 16, sample: (x, y) => x * 257 + y }),
        /is a PNG of 16 bits a sample, which a browser does not/,
      ],
      [
        withChunk(png({ sample: (x) => x % 16 }), "sBIT", Uint8Array.of(4, 4, 4)),
        /is a PNG whose samples have 4 bits/,
      ],
      [
        await picture().tiff().toBuffer(),
        /is a TIFF, which a browser does not show as it is: save it as a PNG of 8 bits/,
      ],
      [await picture().gif().toBuffer(), /is a GIF, which/],
      [await picture().toColourspace("cmyk").jpeg().toBuffer(), /is a JPEG of 4 components, which/],
      [jpeg.subarray(0, jpeg.length - 200), /is a JPEG that breaks off early/],
      [png({}).subarray(0, 200), /is a PNG that breaks off early/],
      [
        Buffer.concat([pngSignature, png({}).subarray(8, 60).fill(7, 45), png({}).subarray(60)]),
        /is a damaged PNG|is damaged/,
      ],
      [Buffer.from("no image"), /is neither PNG, JPEG, WebP nor BMP: it looks like text$/],
    ];
    for (const [file, line] of cases) {
      const said = await inPage(file);
      expect(said).toMatch(/^DataError: an image: /);
      expect(said).toMatch(line);
    }
  });

  const inFiles = (
    files: Readonly<Record<string, Uint8Array>>,
    image: { height: number; width: number; channels: number },
  ): ReturnType<typeof loaded> =>
    page.evaluate(([given, size]) => (globalThis as unknown as OfPage).program.loaded(given, size), [
      Object.entries(files).map(([path, bytes]) => ({ path, base64: Buffer.from(bytes).toString("base64") })),
      image,
    ] as const);

  test("a folder a class, scaled as it is without Node", async () => {
    const files = {
      "pets/cat/1.png": png({ colorType: 0 }),
      "pets/dog/2.png.gz": gzipSync(png({ colorType: 0, height: 9 })),
    };
    const size = { height: 16, width: 12, channels: 1 };
    const [cat, dog] = await Promise.all(
      [png({ colorType: 0 }), png({ colorType: 0, height: 9 })].map(async (file) =>
        resize(await decodeImage(file, "an image"), size),
      ),
    );
    const expected = { size: [2], pixels: [...cat, ...dog], states: [1, 0, 0, 1] };
    expect(await inFiles(files, size)).toEqual(expected);
  });

  test("a table, IDX arrays and an .npz archive", async () => {
    const size = { height: 2, width: 2, channels: 1 };
    const small = (seed: number): Buffer =>
      png({ colorType: 0, width: 2, height: 2, sample: (x, y) => seed + x + 2 * y });
    const table = {
      "t.csv": Buffer.from('name,label\n"a.png","yes, well"\nb.png,no\n'),
      "a.png": small(1),
      "b.png": small(9),
    };
    const pixels = [1, 2, 3, 4, 9, 10, 11, 12];
    expect(await inFiles(table, size)).toEqual({ size: [2], pixels, states: [0, 1, 1, 0] });
    const images = Uint8Array.from(pixels);
    const arrays = {
      "images-idx3-ubyte": gzipSync(idxBytes([2, 2, 2], images)),
      "labels-idx1-ubyte": idxBytes([2], Uint8Array.of(1, 0)),
    };
    expect(await inFiles(arrays, size)).toEqual({ size: [2], pixels, states: [0, 1, 1, 0] });
    const archive = npz({ train_images: npy([2, 2, 2], pixels), train_labels: npy([2], [1, 0]) });
    expect(await inFiles({ "a.npz": archive }, size)).toEqual({ size: [2], pixels, states: [0, 1, 1, 0] });
  });
});
