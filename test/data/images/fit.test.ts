import { describe, expect, test } from "vitest";
import { ShapeError } from "../../../src/errors/errors.ts";
import { canonicalImage, decodeImage, fitImage, hashPixels } from "../../../src/data/images/index.ts";
import type { DecodedImage } from "../../../src/data/images/index.ts";
import { writePng } from "./image-files.ts";

function imageOf(
  height: number,
  width: number,
  channels: 1 | 3,
  of: (x: number, y: number, channel: number) => number,
): DecodedImage {
  const pixels = Uint8Array.from({ length: height * width * channels }, (_, i) => {
    const pixel = Math.floor(i / channels);
    return of(pixel % width, Math.floor(pixel / width), i % channels);
  });
  return { height, width, channels, pixels };
}

describe("fitImage", () => {
  test("returns the pixels themselves when size and channels agree", async () => {
    const image = imageOf(5, 7, 3, (x, y, c) => x * y + c);
    expect(await fitImage(image, { height: 5, width: 7, channels: 3 })).toBe(image.pixels);
  });

  test("grey of RGB is the luma of Rec. 601, RGB of grey is it three times", async () => {
    const colours = imageOf(1, 4, 3, (x, _y, c) => (x === 3 ? 255 : x === c ? 255 : 0));
    expect([...(await fitImage(colours, { height: 1, width: 4, channels: 1 }))]).toEqual([76, 150, 29, 255]);
    const grey = imageOf(1, 3, 1, (x) => 100 * x);
    expect([...(await fitImage(grey, { height: 1, width: 3, channels: 3 }))]).toEqual([
      0, 0, 0, 100, 100, 100, 200, 200, 200,
    ]);
  });

  test.each([1, 3] as const)("keeps a flat image flat at any size, with %i channels", async (channels) => {
    const flat = imageOf(13, 29, channels, (_x, _y, c) => 50 + 60 * c);
    for (const [height, width] of [
      [1, 1],
      [64, 64],
      [5, 100],
      [224, 7],
    ] as const) {
      const fitted = await fitImage(flat, { height, width, channels });
      expect([...fitted]).toEqual([...imageOf(height, width, channels, (_x, _y, c) => 50 + 60 * c).pixels]);
    }
  });

  test("squeezes the whole image, upright, and does not mix its channels", async () => {
    const ramp = imageOf(120, 90, 3, (x, y, c) => [2 * x, 2 * y, 7][c] ?? 0);
    const fitted = await fitImage(ramp, { height: 12, width: 30, channels: 3 });
    expect(fitted.length).toBe(12 * 30 * 3);
    for (const [x, y] of [
      [3, 2],
      [15, 6],
      [26, 9],
    ] as const) {
      const at = 3 * (y * 30 + x);
      // The centre of an output pixel lies at 3 x + 1 and 10 y + 4.5 of the input.
      expect(Math.abs(fitted[at] - 2 * (3 * x + 1))).toBeLessThanOrEqual(2);
      expect(Math.abs(fitted[at + 1] - 2 * (10 * y + 4.5))).toBeLessThanOrEqual(2);
      expect(fitted[at + 2]).toBe(7);
    }
  });

  test("does not alias: stripes finer than the output melt into their mean", async () => {
    const stripes = imageOf(256, 256, 1, (x) => (x % 2) * 200);
    const fitted = await fitImage(stripes, { height: 28, width: 28, channels: 1 });
    for (const value of fitted) expect(Math.abs(value - 100)).toBeLessThan(12);
  });

  test("gives the same with channels converted before or after", async () => {
    const ramp = imageOf(40, 40, 1, (x, y) => 3 * x + 2 * y);
    const one = await fitImage(ramp, { height: 10, width: 10, channels: 1 });
    const three = await fitImage(ramp, { height: 10, width: 10, channels: 3 });
    expect(one.length).toBe(100);
    expect([...three.filter((_, i) => i % 3 === 1)]).toEqual([...one]);
  });

  test("crops the middle part of the right shape, to the pixel, and scales it", async () => {
    const wide = imageOf(2, 5, 1, (x, y) => 10 * y + x);
    // Of 5 columns the 2 in the middle, and of an odd rest the one more is cut off at the end.
    expect([...(await fitImage(wide, { height: 2, width: 2, channels: 1, fit: "crop" }))]).toEqual([
      1, 2, 11, 12,
    ]);
    const tall = imageOf(6, 2, 3, (x, y, c) => 30 * y + 3 * x + c);
    const rows = [60, 61, 62, 63, 64, 65, 90, 91, 92, 93, 94, 95];
    expect([...(await fitImage(tall, { height: 2, width: 2, channels: 3, fit: "crop" }))]).toEqual(rows);
    // Scaled as its middle part alone would be.
    const ramp = imageOf(40, 80, 1, (x) => 3 * x);
    const part = imageOf(40, 40, 1, (x) => 3 * (x + 20));
    const size = { height: 10, width: 10, channels: 1 };
    expect(await fitImage(ramp, { ...size, fit: "crop" })).toEqual(await fitImage(part, size));
  });

  test("pads with black on both sides of the whole image, to any shape", async () => {
    const wide = imageOf(1, 3, 1, (x) => 50 + x);
    expect([...(await fitImage(wide, { height: 3, width: 3, channels: 1, fit: "pad" }))]).toEqual([
      0, 0, 0, 50, 51, 52, 0, 0, 0,
    ]);
    const tall = imageOf(4, 1, 3, (_x, y, c) => 10 * y + c + 1);
    const fitted = await fitImage(tall, { height: 4, width: 2, channels: 3, fit: "pad" });
    expect([...fitted]).toEqual([
      1, 2, 3, 0, 0, 0, 11, 12, 13, 0, 0, 0, 21, 22, 23, 0, 0, 0, 31, 32, 33, 0, 0, 0,
    ]);
    const flat = imageOf(20, 40, 1, () => 90);
    const small = await fitImage(flat, { height: 10, width: 10, channels: 1, fit: "pad" });
    expect([...small]).toEqual([...imageOf(10, 10, 1, (_x, y) => (y >= 2 && y < 7 ? 90 : 0)).pixels]);
    // So long that a line of it is left.
    const line = await fitImage(
      imageOf(1, 5000, 1, () => 90),
      { height: 4, width: 4, channels: 1, fit: "pad" },
    );
    expect([...line]).toEqual([0, 0, 0, 0, 90, 90, 90, 90, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test("where nothing is scaled, odd sizes are cut and padded to the pixel: the odd one is at the end", async () => {
    const seven = imageOf(3, 7, 1, (x, y) => 10 * y + x + 1);
    // 3 x 7 as 3 x 4: of 3 columns too many, one is cut in front and two behind.
    expect([...(await fitImage(seven, { height: 3, width: 4, channels: 1, fit: "crop" }))]).toEqual([
      2, 3, 4, 5, 12, 13, 14, 15, 22, 23, 24, 25,
    ]);
    // 7 x 3 as 4 x 3, in colour.
    const tall = imageOf(7, 3, 3, (x, y, c) => 30 * y + 3 * x + c);
    expect([...(await fitImage(tall, { height: 4, width: 3, channels: 3, fit: "crop" }))]).toEqual([
      ...tall.pixels.subarray(9, 45),
    ]);
    // 3 x 7 as 6 x 7: of 3 rows of black, one is above and two are below.
    const padded = await fitImage(seven, { height: 6, width: 7, channels: 1, fit: "pad" });
    expect([...padded]).toEqual([...new Uint8Array(7), ...seven.pixels, ...new Uint8Array(14)]);
    // 5 x 1 as 5 x 4: one column to the left, two to the right.
    const line = imageOf(5, 1, 1, (_x, y) => y + 1);
    expect([...(await fitImage(line, { height: 5, width: 4, channels: 1, fit: "pad" }))]).toEqual(
      [1, 2, 3, 4, 5].flatMap((level) => [0, level, 0, 0]),
    );
  });

  test.each(["stretch", "crop", "pad"] as const)(
    "%s does the same to an image of the right shape",
    async (fit) => {
      const ramp = imageOf(40, 60, 3, (x, y, c) => 2 * x + 3 * y + c);
      const size = { height: 20, width: 30, channels: 3 };
      expect(await fitImage(ramp, { ...size, fit })).toEqual(await fitImage(ramp, size));
      expect(await fitImage(ramp, { ...ramp, fit })).toBe(ramp.pixels);
    },
  );

  test.each([0, 2, 4])("refuses %i channels", async (channels) => {
    const image = imageOf(2, 2, 1, () => 0);
    await expect(fitImage(image, { height: 2, width: 2, channels })).rejects.toThrow(ShapeError);
  });
});

describe("hashPixels", () => {
  const grey = imageOf(4, 6, 1, (x, y) => x + 10 * y);

  test("is the same for one picture as grey, RGB, 16-bit and palette PNG, and as an array", async () => {
    const size = { width: 6, height: 4 };
    const sample = (x: number, y: number): number => x + 10 * y;
    const palette = Array.from({ length: 64 }, (_, i) => [i, i, i]).flat();
    const files = [
      writePng({ ...size, depth: 8, colorType: 0, sample }),
      writePng({ ...size, depth: 8, colorType: 2, sample, interlaced: true }),
      writePng({ ...size, depth: 16, colorType: 0, sample: (x, y) => 257 * sample(x, y) }),
      writePng({ ...size, depth: 8, colorType: 3, sample, palette }),
    ];
    const expected = hashPixels(grey);
    expect(expected).toMatch(/^[0-9a-f]{64}$/u);
    for (const file of files) expect(hashPixels(await decodeImage(file, "x.png"))).toBe(expected);
    expect(hashPixels(imageOf(4, 6, 3, sample))).toBe(expected);
  });

  test("differs by one level of one pixel, by the size, and by the channels", () => {
    const others = [
      imageOf(4, 6, 1, (x, y) => x + 10 * y + (x === 5 && y === 3 ? 1 : 0)),
      { ...grey, height: 6, width: 4 },
      { ...grey, height: 4, width: 2, channels: 3 as const },
    ];
    expect(new Set([grey, ...others].map(hashPixels)).size).toBe(4);
  });

  test("rests on a canonical form that never copies what is canonical", () => {
    expect(canonicalImage(4, 6, 1, grey.pixels).pixels).toBe(grey.pixels);
    const colour = imageOf(2, 2, 3, (_x, _y, c) => c);
    expect(canonicalImage(2, 2, 3, colour.pixels).pixels).toBe(colour.pixels);
    expect([...canonicalImage(1, 2, 3, Uint8Array.of(4, 4, 4, 9, 9, 9)).pixels]).toEqual([4, 9]);
  });
});
