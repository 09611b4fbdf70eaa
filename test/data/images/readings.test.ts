// How the numbers of a file become grey levels: what a manifest says, what a chunk sBIT says, and which way up a PNG is.
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { decodeImage } from "../../../src/data/images/index.ts";
import { complaint } from "./complaint.ts";
import { chunk, writePng } from "./image-files.ts";

const decode = (bytes: Uint8Array, reading = {}) => decodeImage(bytes, "x.png", reading);

/** A PNG of one row, with chunks behind its header. */
function row(
  values: readonly number[],
  depth: number,
  chunks: readonly Buffer[] = [],
  colorType = 0,
): Buffer {
  const samples = [1, 0, 3, 1, 2, 0, 4][colorType] ?? 0;
  const width = values.length / samples;
  const sample = (x: number, _y: number, channel: number): number => values[x * samples + channel];
  const png = writePng({ width, height: 1, depth, colorType, sample });
  return Buffer.concat([png.subarray(0, 33), ...chunks, png.subarray(33)]);
}
const sBIT = (...bits: readonly number[]): Buffer => chunk("sBIT", Buffer.from(bits));
const pixels = async (bytes: Uint8Array, reading = {}): Promise<number[]> => [
  ...(await decode(bytes, reading)).pixels,
];

describe("sBIT", () => {
  test("of values that are stored as they are: its largest number is white", async () => {
    expect(await pixels(row([0, 1365, 2730, 4095], 16, [sBIT(12)]))).toEqual([0, 85, 170, 255]);
    expect(await pixels(row([0, 341, 1023], 16, [sBIT(10)]))).toEqual([0, 85, 255]);
    expect(await pixels(row([0, 5, 15], 8, [sBIT(4)]))).toEqual([0, 85, 255]);
  });

  test("of values that are scaled up to the depth, as PNG has it, changes nothing", async () => {
    // 12 bits with their upper 4 bits repeated below: 0xabc is 0xabca.
    const scaled = [0, 0x1231, 0xabca, 0xffff];
    expect(await pixels(row(scaled, 16, [sBIT(12)]))).toEqual(await pixels(row(scaled, 16)));
    expect(await pixels(row([0, 85, 170], 8, [sBIT(2)]))).toEqual([0, 85, 170]);
  });

  test("of colours is that of the finest, and opacity has its own", async () => {
    expect(await pixels(row([4095, 0, 819], 16, [sBIT(12, 10, 8)], 2))).toEqual([255, 0, 51]);
    expect(await pixels(row([4095, 15, 4095, 3], 16, [sBIT(12, 4)], 4))).toEqual([255, 51]);
    expect(await pixels(row([4095, 65_535], 16, [sBIT(12, 12)], 4))).toEqual([255]);
  });

  test("that is wrong is refused, unless the manifest says what counts", async () => {
    for (const wrong of [sBIT(17), sBIT(0), sBIT(12, 12)]) {
      expect(await complaint(decode(row([0, 9], 16, [wrong])), "x.png")).toMatch(
        /its chunk sBIT is wrong; `bits`/u,
      );
      expect(await pixels(row([0, 4095], 16, [wrong]), { bits: 12 })).toEqual([0, 255]);
    }
    const flipped = sBIT(12);
    flipped[8] ^= 1;
    expect(await complaint(decode(row([0, 9], 16, [flipped])), "x.png")).toContain(
      "a checksum does not agree",
    );
  });
});

describe("bits and window", () => {
  const film = row([0, 1000, 2000, 4095], 16);

  test("say which numbers are black and white; the window goes before bits, and both before the file", async () => {
    expect(await pixels(film)).toEqual([0, 4, 8, 16]);
    expect(await pixels(film, { bits: 12 })).toEqual([0, 62, 125, 255]);
    expect(await pixels(film, { window: [1000, 2000] })).toEqual([0, 0, 255, 255]);
    expect(await pixels(film, { bits: 12, window: [0, 2000] })).toEqual([0, 128, 255, 255]);
    expect(await pixels(row([0, 4095], 16, [sBIT(12)]), { bits: 13 })).toEqual([0, 127]);
  });

  test("a window acts on all 16 bits: one that is narrower than a level of 8 bits still has its grey", async () => {
    expect(await pixels(row([1000, 1001, 1002, 1003], 16), { window: [1000, 1003] })).toEqual([
      0, 85, 170, 255,
    ]);
  });

  test("act on 8 bits, on JPEG and on palettes too", async () => {
    expect(await pixels(row([0, 10, 15], 8), { bits: 4 })).toEqual([0, 170, 255]);
    const flat = sharp(Buffer.alloc(64, 60), { raw: { width: 8, height: 8, channels: 1 } });
    const jpeg = await flat.jpeg({ quality: 100 }).toBuffer();
    expect(new Set(await pixels(jpeg, { window: [40, 80] }))).toEqual(new Set([128]));
    const palette = writePng({
      width: 2,
      height: 1,
      depth: 1,
      colorType: 3,
      palette: [0, 0, 0, 50, 50, 50],
      sample: (x) => x,
    });
    expect(await pixels(palette, { window: [0, 100] })).toEqual([0, 128]);
  });

  test("a value of more bits than are said, and bits that a file does not have, are errors", async () => {
    expect(await complaint(decode(film, { bits: 11 }), "x.png")).toMatch(
      /value 4095, more than 2047, the most of 11 bits/u,
    );
    expect(await complaint(decode(row([0, 9], 8), { bits: 12 }), "x.png")).toMatch(
      /has 8 bits a sample, fewer than the 12/u,
    );
  });
});

describe("eXIf", () => {
  /** EXIF of one field, the orientation, in either order of bytes. */
  function exif(orientation: number, little: boolean): Buffer {
    const bytes = Buffer.alloc(26);
    bytes.write(little ? "II" : "MM", 0, "latin1");
    const [u16, u32] = little
      ? [bytes.writeUInt16LE.bind(bytes), bytes.writeUInt32LE.bind(bytes)]
      : [bytes.writeUInt16BE.bind(bytes), bytes.writeUInt32BE.bind(bytes)];
    u16(42, 2);
    u32(8, 4);
    u16(1, 8);
    u16(0x0112, 10);
    u16(3, 12);
    u32(1, 14);
    u16(orientation, 18);
    return chunk("eXIf", bytes);
  }
  // 1 2 3      What a viewer shows of the file's rows, as EXIF 2.3 defines the values.
  // 4 5 6
  const shown: readonly (readonly number[][])[] = [
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    [
      [3, 2, 1],
      [6, 5, 4],
    ],
    [
      [6, 5, 4],
      [3, 2, 1],
    ],
    [
      [4, 5, 6],
      [1, 2, 3],
    ],
    [
      [1, 4],
      [2, 5],
      [3, 6],
    ],
    [
      [4, 1],
      [5, 2],
      [6, 3],
    ],
    [
      [6, 3],
      [5, 2],
      [4, 1],
    ],
    [
      [3, 6],
      [2, 5],
      [1, 4],
    ],
  ];

  test.each([1, 2, 3, 4, 5, 6, 7, 8])("orientation %i is heeded", async (orientation) => {
    for (const little of [true, false]) {
      const png = writePng({ width: 3, height: 2, depth: 8, colorType: 0, sample: (x, y) => 3 * y + x + 1 });
      const turned = Buffer.concat([png.subarray(0, 33), exif(orientation, little), png.subarray(33)]);
      const image = await decode(turned);
      const rows = shown[orientation - 1];
      expect([image.height, image.width]).toEqual([rows.length, rows[0].length]);
      expect([...image.pixels]).toEqual(rows.flat());
      // Another decoder, which knows EXIF, shows the same.
      expect([...image.pixels]).toEqual([
        ...(await sharp(turned).autoOrient().toColourspace("b-w").raw().toBuffer()),
      ]);
    }
  });

  test("that says nothing of it, or is damaged, turns nothing", async () => {
    for (const odd of [
      exif(0, true),
      exif(9, true),
      chunk("eXIf", Buffer.from("MM")),
      chunk("eXIf", Buffer.alloc(40, 7)),
    ]) {
      expect(await pixels(row([1, 2, 3], 8, [odd]))).toEqual([1, 2, 3]);
    }
  });
});
