// TIFF, WebP, GIF and BMP: the pixels that were put in, and by name what is not read.
import sharp, { type Sharp } from "sharp";
import { describe, expect, test } from "vitest";
import { decodeImage, readImage } from "../../../src/data/images/index.ts";
import { complaint } from "./complaint.ts";
import { mutated } from "./image-files.ts";
import { writeBmp, writeTiff } from "./tiff-files.ts";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../cache/pictures.ts";

const decode = (bytes: Uint8Array, reading = {}) => decodeImage(bytes, "x", reading);
const grey = { width: 3, height: 2, samples: 1 } as const;

describe("TIFF", () => {
  test("of 8 bits: grey, white as zero, RGB, and opacity on black", async () => {
    const values = [0, 10, 20, 30, 40, 255];
    expect(await decode(writeTiff({ ...grey, bits: 8, values }))).toEqual({
      ...{ height: 2, width: 3, channels: 1 },
      pixels: Uint8Array.from(values),
    });
    const turned = await decode(writeTiff({ ...grey, bits: 8, values, photometric: 0 }));
    expect([...turned.pixels]).toEqual([255, 245, 235, 225, 215, 0]);
    const colours = [1, 2, 3, 40, 50, 60];
    const rgb = await decode(writeTiff({ width: 2, height: 1, samples: 3, bits: 8, values: colours }));
    expect(rgb).toMatchObject({ channels: 3, pixels: Uint8Array.from(colours) });
    const shown = await decode(
      writeTiff({ width: 2, height: 1, samples: 4, bits: 8, values: [200, 100, 50, 255, 200, 100, 50, 51] }),
    );
    expect([...shown.pixels]).toEqual([200, 100, 50, 40, 20, 10]); // 51 is a fifth of 255
  });

  test("of 16 bits keeps all of them until it is read: bits and windows act on its own numbers", async () => {
    const tiff = writeTiff({ ...grey, bits: 16, values: [0, 1365, 2730, 4095, 1000, 3000] });
    expect([...(await decode(tiff)).pixels]).toEqual([0, 5, 11, 16, 4, 12]);
    expect([...(await decode(tiff, { bits: 12 })).pixels]).toEqual([0, 85, 170, 255, 62, 187]);
    expect([...(await decode(tiff, { window: [1000, 3000] })).pixels]).toEqual([0, 47, 221, 255, 0, 255]);
    expect(await complaint(decode(tiff, { bits: 11 }), "x")).toMatch(/value 4095, more than 2047/u);
  });

  test("of 1 and 4 bits, of tiles, and packed with a prediction, gives what was put in", async () => {
    const black = [0, 255, 255, 0, 255, 0, 0, 255];
    const levels = [0, 17, 34, 51, 204, 221, 238, 255];
    const of = (values: readonly number[]): Sharp =>
      sharp(Buffer.from(values), { raw: { width: 4, height: 2, channels: 1 } }).toColourspace("b-w");
    for (const [values, options] of [
      [black, { bitdepth: 1, compression: "ccittfax4" }],
      [black, { bitdepth: 1, compression: "none" }],
      [levels, { bitdepth: 4, compression: "none" }],
      [levels, { compression: "lzw", tile: true, predictor: "horizontal" }],
      [levels, { compression: "packbits" }],
    ] as const) {
      expect([...(await decode(await of(values).tiff(options).toBuffer())).pixels]).toEqual(values);
    }
    const deep = sharp(Uint16Array.of(0, 1000, 1500, 2000, 4095, 65535), {
      raw: { width: 3, height: 2, channels: 1 },
    });
    const tiff = await deep
      .toColourspace("grey16")
      .tiff({ compression: "deflate", predictor: "horizontal" })
      .toBuffer();
    expect([...(await decode(tiff, { window: [1000, 2000] })).pixels]).toEqual([0, 0, 128, 255, 255, 255]);
  });

  test("is turned upright, and its size is that", async () => {
    const tiff = writeTiff({ ...grey, bits: 8, values: [1, 2, 3, 4, 5, 6], orientation: 6 });
    const file = join(temporaryFolder(), "x.tif");
    writeFileSync(file, tiff);
    expect(await readImage(file)).toMatchObject({ height: 3, width: 2 });
    expect([...(await decode(tiff)).pixels]).toEqual([4, 1, 5, 2, 6, 3]);
  });

  test("that is no image of grey levels or colours, or several, is refused by name", async () => {
    const values = [0, 0.5, 1, 0, 0.5, 1];
    const refused = [
      [writeTiff({ ...grey, bits: 32, format: 3, values }), /TIFF whose samples are floating-point numbers/u],
      [
        writeTiff({ ...grey, bits: 32, values: [1, 2, 3, 4, 5, 6] }),
        /TIFF whose samples are numbers of 32 bits/u,
      ],
      [writeTiff({ ...grey, bits: 8, values: [1, 2, 3, 4, 5, 6], pages: 2 }), /TIFF of 2 pages/u],
      [writeTiff({ ...grey, bits: 8, values: [1, 2, 3, 4, 5, 6] }).subarray(0, 40), /TIFF/u],
    ] as const;
    for (const [bytes, reason] of refused) expect(await complaint(decode(bytes), "x")).toMatch(reason);
  });

  test("of CMYK becomes RGB", async () => {
    const red = sharp({ create: { width: 4, height: 4, channels: 3, background: { r: 200, g: 30, b: 40 } } });
    const { channels, pixels } = await decode(
      await red.toColourspace("cmyk").tiff({ compression: "lzw" }).toBuffer(),
    );
    expect(channels).toBe(3);
    expect(pixels[0]).toBeGreaterThan(pixels[1] + 100);
  });
});

describe("WebP and GIF", () => {
  test("WebP is turned upright as its EXIF says", async () => {
    const six = Buffer.from([10, 20, 30, 40, 50, 60].flatMap((level) => [level, level, level]));
    for (const [orientation, height, pixels] of [
      [1, 2, [10, 20, 30, 40, 50, 60]],
      [3, 2, [60, 50, 40, 30, 20, 10]],
      [6, 3, [40, 10, 50, 20, 60, 30]],
      [8, 3, [30, 60, 20, 50, 10, 40]],
    ] as const) {
      const webp = sharp(six, { raw: { width: 3, height: 2, channels: 3 } }).withMetadata({ orientation });
      const image = await decode(await webp.webp({ lossless: true }).toBuffer());
      expect([image.height, ...image.pixels]).toEqual([height, ...pixels]);
    }
  });

  const colours = Buffer.from(Array.from({ length: 24 }, (_, i) => (i % 3 === 0 ? 250 : 10 * (i % 2))));
  const raw = (): Sharp => sharp(colours, { raw: { width: 4, height: 2, channels: 3 } });

  test("without loss give the pixels that were put in", async () => {
    expect([...(await decode(await raw().webp({ lossless: true }).toBuffer())).pixels]).toEqual([...colours]);
    expect([...(await decode(await raw().gif().toBuffer())).pixels]).toEqual([...colours]);
  });

  test("put transparency on black", async () => {
    const clear = sharp({
      create: { width: 2, height: 2, channels: 4, background: { r: 200, g: 90, b: 9, alpha: 0.2 } },
    });
    expect([
      ...(await decode(await clear.clone().webp({ lossless: true }).toBuffer())).pixels.subarray(0, 3),
    ]).toEqual([40, 18, 2]);
    const gone = clear.clone().ensureAlpha(0).gif();
    expect(new Set((await decode(await gone.toBuffer())).pixels)).toEqual(new Set([0]));
  });

  test.each(["gif", "webp"] as const)("of several frames are refused: %s", async (kind) => {
    const frames = sharp(Buffer.from(Array.from({ length: 48 }, (_, i) => (i < 24 ? 0 : 200))), {
      raw: { width: 4, height: 4, channels: 3, pageHeight: 2 },
    });
    const bytes = await frames.toFormat(kind).toBuffer();
    expect(await complaint(decode(bytes), "x")).toMatch(/of 2 frames/u);
  });
});

describe("BMP", () => {
  const palette = [30, 20, 10, 0, 60, 50, 40, 0]; // blue, green, red

  test("of 1, 4 and 8 bits looks its palette up, from the bottom row or the top", async () => {
    const two = [10, 20, 30];
    const one = [40, 50, 60];
    const expected = [...two, ...one, ...one, ...one, ...two, ...one];
    const kinds = [
      { bits: 1, rows: [[0b10100000], [0b01100000]] },
      {
        bits: 4,
        rows: [
          [0x10, 0x10],
          [0x01, 0x10],
        ],
      },
      {
        bits: 8,
        rows: [
          [1, 0, 1],
          [0, 1, 1],
        ],
      },
    ];
    for (const { bits, rows } of kinds) {
      const image = await decode(writeBmp({ width: 3, height: 2, bits, rows, palette }));
      expect([...image.pixels]).toEqual(expected);
      const top = await decode(writeBmp({ width: 3, height: -2, bits, rows: rows.toReversed(), palette }));
      expect([...top.pixels]).toEqual(expected);
    }
  });

  test("of 24 and 32 bits has its colours; opacity counts where bit fields name it", async () => {
    const rgb = [1, 2, 3, 40, 50, 60];
    const plain = await decode(writeBmp({ width: 2, height: 1, bits: 24, rows: [[3, 2, 1, 60, 50, 40]] }));
    expect([...plain.pixels]).toEqual(rgb);
    const rows = [[3, 2, 1, 0, 60, 50, 40, 0]];
    expect([...(await decode(writeBmp({ width: 2, height: 1, bits: 32, rows }))).pixels]).toEqual(rgb);
    const masks = [0x00ff0000, 0x0000ff00, 0x000000ff, 0xff000000];
    const half = [[30, 20, 10, 255, 30, 20, 10, 51]];
    const shown = await decode(
      writeBmp({ width: 2, height: 1, bits: 32, rows: half, masks, compression: 3 }),
    );
    expect([...shown.pixels]).toEqual([10, 20, 30, 2, 4, 6]);
  });

  test("takes a window, and grey palettes are grey", async () => {
    const greys = [0, 0, 0, 0, 100, 100, 100, 0];
    const bmp = writeBmp({ width: 2, height: 1, bits: 8, rows: [[0, 1]], palette: greys });
    expect(await decode(bmp, { window: [0, 200] })).toMatchObject({
      channels: 1,
      pixels: Uint8Array.of(0, 128),
    });
  });

  test("that is compressed, damaged or too large is refused by name", async () => {
    const row = { width: 3, height: 1, bits: 8, rows: [[0, 1, 1]], palette };
    const refused = [
      [writeBmp({ ...row, compression: 1 }), /compressed by RLE8/u],
      [writeBmp({ ...row, compression: 4 }), /compressed by JPEG/u],
      [writeBmp({ ...row, bits: 16 }), /BMP of 16 bits a pixel/u],
      [writeBmp({ ...row, rows: [[0, 1, 2]] }), /colour that its palette lacks/u],
      [writeBmp({ ...row, palette: [] }), /no palette/u],
      [writeBmp({ ...row, height: 2 }), /breaks off early/u],
      [writeBmp(row).subarray(0, 20), /breaks off early/u],
      [writeBmp({ ...row, height: -2_147_483_648 }), /claims 3 x 2147483648 pixels/u],
      [writeBmp({ ...row, width: -3 }), /width is negative/u],
    ] as const;
    for (const [bytes, reason] of refused) expect(await complaint(decode(bytes), "x")).toMatch(reason);
  });
});

describe("damaged copies are refused or read", () => {
  const shades = Uint8Array.from({ length: 24 * 20 * 3 }, (_, i) => (i * i) & 255);
  const raw = (): Sharp => sharp(shades, { raw: { width: 24, height: 20, channels: 3 } });
  const kinds = {
    "TIFF, plain": () => raw().tiff({ compression: "none" }).toBuffer(),
    "TIFF, LZW": () => raw().tiff({ compression: "lzw" }).toBuffer(),
    WebP: () => raw().webp().toBuffer(),
    GIF: () => raw().gif().toBuffer(),
    BMP: () =>
      Promise.resolve(
        writeBmp({
          ...{ width: 24, height: 20, bits: 24 },
          rows: Array.from({ length: 20 }, (_, y) => [...shades.subarray(72 * y, 72 * (y + 1))]),
        }),
      ),
  };
  test.each(Object.keys(kinds) as (keyof typeof kinds)[])("%s", async (kind) => {
    const original = await kinds[kind]();
    let refused = 0;
    for (let seed = 0; seed < 60; seed++) {
      const outcome = await decode(mutated(original, seed)).catch((cause: unknown) => cause);
      if (outcome instanceof Error) {
        await complaint(Promise.reject(outcome), "x");
        refused++;
      } else {
        const image = outcome as Awaited<ReturnType<typeof decode>>;
        expect(image.pixels.length).toBe(image.height * image.width * image.channels);
      }
    }
    expect(refused).toBeGreaterThan(10);
  });
});
