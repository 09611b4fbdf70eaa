import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { decodeImage } from "../../../src/data/images/index.ts";
import type { DecodedImage } from "../../../src/data/images/index.ts";
import { complaint } from "./complaint.ts";

const width = 40;
const height = 24;
/** Smooth, so that JPEG keeps it to a few levels; red rises to the right, green downwards. */
const smooth = Buffer.from(
  Array.from({ length: height * width }, (_, i) => [
    40 + 4 * (i % width),
    40 + 6 * Math.floor(i / width),
    90,
  ]).flat(),
);
const picture = sharp(smooth, { raw: { width, height, channels: 3 } });
const decode = (bytes: Uint8Array): Promise<DecodedImage> => decodeImage(bytes, "x.jpg");

function largestDifference(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i])), 0);
}

describe("JPEG", () => {
  test.each([
    ["baseline", { progressive: false, chromaSubsampling: "4:4:4" }],
    ["progressive", { progressive: true, chromaSubsampling: "4:4:4" }],
    ["with halved colour", { progressive: false, chromaSubsampling: "4:2:0" }],
  ])("%s is read", async (_kind, options) => {
    const jpeg = await picture
      .clone()
      .jpeg({ quality: 98, ...options })
      .toBuffer();
    expect(jpeg.includes(Buffer.from([0xff, options.progressive ? 0xc2 : 0xc0]))).toBe(true);
    const image = await decode(jpeg);
    expect(image).toMatchObject({ height, width, channels: 3 });
    expect(largestDifference(image.pixels, smooth)).toBeLessThan(8);
  });

  test("grey has one channel, and so has colour whose channels are equal", async () => {
    const grey = await picture.clone().toColourspace("b-w").jpeg({ quality: 98 }).toBuffer();
    const image = await decode(grey);
    expect(image).toMatchObject({ height, width, channels: 1 });
    expect(image.pixels.length).toBe(height * width);
    const flat = sharp({ create: { width, height, channels: 3, background: "#808080" } });
    expect((await decode(await flat.jpeg().toBuffer())).channels).toBe(1);
  });

  test("CMYK becomes RGB", async () => {
    const colours = { width, height, channels: 3, background: "#c03020" } as const;
    const jpeg = await sharp({ create: colours }).toColourspace("cmyk").jpeg({ quality: 98 }).toBuffer();
    expect((await sharp(jpeg).metadata()).space).toBe("cmyk");
    const { channels, pixels } = await decode(jpeg);
    expect(channels).toBe(3);
    const [red = 0, green = 0, blue = 0] = pixels;
    expect(red).toBeGreaterThan(150);
    expect(green).toBeLessThan(90);
    expect(blue).toBeLessThan(90);
  });

  test("is turned upright as its EXIF orientation says", async () => {
    const lying = await picture.clone().jpeg({ quality: 98 }).withMetadata({ orientation: 6 }).toBuffer();
    const image = await decode(lying);
    expect(image).toMatchObject({ height: width, width: height, channels: 3 });
    // Turned clockwise: what was at the left is at the top, what was below is at the left.
    const at = (x: number, y: number): number => image.pixels[3 * (y * height + x)] ?? 0;
    expect(at(0, width - 1) - at(0, 0)).toBeGreaterThan(120);
    const greenAt = (x: number, y: number): number => image.pixels[3 * (y * height + x) + 1] ?? 0;
    expect(greenAt(0, 0) - greenAt(height - 1, 0)).toBeGreaterThan(100);
  });

  test("is the same with and without a colour profile", async () => {
    const plain = await picture.clone().jpeg().toBuffer();
    const tagged = await picture.clone().jpeg().withIccProfile("p3").toBuffer();
    expect((await sharp(tagged).metadata()).icc).toBeDefined();
    const wide = await sharp(tagged, { ignoreIcc: true }).raw().toBuffer();
    expect(Buffer.compare((await decode(tagged)).pixels, wide)).toBe(0);
    expect((await decode(plain)).channels).toBe(3);
  });

  test("that is cut or damaged is refused", async () => {
    const jpeg = await picture.clone().jpeg({ quality: 98 }).toBuffer();
    for (const length of [3, 4, 21, 160, 200, jpeg.length >> 1, jpeg.length - 40]) {
      expect(await complaint(decode(jpeg.subarray(0, length)), "x.jpg")).toContain("breaks off early");
    }
    const headless = Buffer.concat([
      jpeg.subarray(0, 2),
      jpeg.subarray(jpeg.indexOf(Buffer.from([0xff, 0xda]))),
    ]);
    expect(await complaint(decode(headless), "x.jpg")).toContain("damaged JPEG");
    const garbage = Buffer.concat([jpeg.subarray(0, 20), Buffer.alloc(100, 1)]);
    expect(await complaint(decode(garbage), "x.jpg")).toContain("damaged JPEG");
  });
});

describe("what is of no kind that is read", () => {
  const bytesOf = (text: string): Buffer => Buffer.from(text, "latin1");
  test.each([
    ["an empty file", Buffer.alloc(0)],
    ["HEIC or AVIF", bytesOf("\0\0\0\x1cftypavif")],
    ["NIfTI", Buffer.concat([Buffer.alloc(344), bytesOf("n+1\0")])],
    ["a web page", bytesOf("\n <!DOCTYPE html><title>404</title>")],
    ["SVG or other XML", bytesOf('\xef\xbb\xbf<?xml version="1.0"?><Error/>')],
    ["a Git LFS pointer", bytesOf("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")],
    ["a PNG damaged by a transfer as text", bytesOf("\x89PNG\n\x1a\n\0\0\0\rIHDR")],
    ["nothing but zeros", Buffer.alloc(4000)],
    ["text", bytesOf("Image Index,Finding Labels\n")],
    ["something unknown (its first bytes are 01 02 03 00)", Buffer.from([1, 2, 3, 0])],
  ])("is called what it looks like: %s", async (words, bytes) => {
    expect(await complaint(decode(bytes), "x.jpg")).toMatch(
      /^is neither PNG, JPEG, TIFF, WebP, GIF, BMP nor DICOM: it looks like /u,
    );
    expect(await complaint(decode(bytes), "x.jpg")).toContain(`it looks like ${words}`);
  });
});
