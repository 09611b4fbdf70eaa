import { deflateSync } from "node:zlib";
import { PNG } from "pngjs";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { decodeImage } from "../../../src/data/images/index.ts";
import { chunk, header, mutated, pngSignature, withRightChecksums, writePng } from "./image-files.ts";
import { complaint } from "./complaint.ts";

const decode = (bytes: Uint8Array) => decodeImage(bytes, "x.png");
const width = 11;
const height = 9;
/** Different in every pixel and channel, within 8 bits. */
const value = (x: number, y: number, channel: number): number => (x * 23 + y * 7 + channel * 61) & 255;

/** [height, width, channels] of the function above. */
function expected(
  channels: 1 | 3,
  of: (x: number, y: number, channel: number) => number,
  size = { width, height },
): number[] {
  return Array.from({ length: size.height * size.width * channels }, (_, i) => {
    const pixel = Math.floor(i / channels);
    return of(pixel % size.width, Math.floor(pixel / size.width), i % channels);
  });
}

describe("PNG", () => {
  test.each([false, true])(
    "grey of 1, 2, 4 and 8 bits is stretched to 0..255 (interlaced: %s)",
    async (interlaced) => {
      for (const depth of [1, 2, 4, 8]) {
        const most = 2 ** depth - 1;
        const sample = (x: number, y: number): number => value(x, y, 0) & most;
        const image = await decode(writePng({ width, height, depth, colorType: 0, interlaced, sample }));
        expect(image).toMatchObject({ height, width, channels: 1 });
        expect([...image.pixels]).toEqual(expected(1, (x, y) => (sample(x, y) * 255) / most));
      }
    },
  );

  test.each([false, true])("16 bits are rounded to 8, not cut (interlaced: %s)", async (interlaced) => {
    // 128 * 257 - 129 lies just nearer to 127 than to 128: cutting the low byte off would give 127 for the next too.
    const levels = [0, 128, 129, 255, 256, 32767, 32768, 65407, 65535, 128 * 257 - 129, 128 * 257 - 128];
    const sample = (x: number, y: number, channel: number): number =>
      levels[(x + y + channel) % levels.length] ?? 0;
    const rounded = (x: number, y: number, channel: number): number =>
      Math.round((sample(x, y, channel) * 255) / 65535);
    const grey = await decode(writePng({ width, height, depth: 16, colorType: 0, interlaced, sample }));
    expect(grey.channels).toBe(1);
    expect([...grey.pixels]).toEqual(expected(1, rounded));
    const colour = await decode(writePng({ width, height, depth: 16, colorType: 2, interlaced, sample }));
    expect(colour.channels).toBe(3);
    expect([...colour.pixels]).toEqual(expected(3, rounded));
  });

  test("RGB stays RGB, unless its channels are equal everywhere", async () => {
    const colour = await decode(writePng({ width, height, depth: 8, colorType: 2, sample: value }));
    expect(colour.channels).toBe(3);
    expect([...colour.pixels]).toEqual(expected(3, value));
    const sample = (x: number, y: number): number => value(x, y, 0);
    const grey = await decode(writePng({ width, height, depth: 8, colorType: 2, sample }));
    expect(grey.channels).toBe(1);
    expect([...grey.pixels]).toEqual(expected(1, sample));
    const last = (x: number, y: number, channel: number): number =>
      x === width - 1 && y === height - 1 && channel === 2 ? 1 : 0;
    expect((await decode(writePng({ width, height, depth: 8, colorType: 2, sample: last }))).channels).toBe(
      3,
    );
  });

  test("transparency is put on black, at 8 and 16 bits", async () => {
    for (const [depth, scale] of [
      [8, 1],
      [16, 257],
    ] as const) {
      const sample = (x: number, y: number, channel: number): number => value(x, y, channel) * scale;
      const over = (v: number, alpha: number): number => Math.round((v * alpha) / 255);
      const grey = await decode(writePng({ width, height, depth, colorType: 4, sample }));
      expect(grey.channels).toBe(1);
      expect([...grey.pixels]).toEqual(expected(1, (x, y) => over(value(x, y, 0), value(x, y, 1))));
      const colour = await decode(writePng({ width, height, depth, colorType: 6, sample }));
      expect(colour.channels).toBe(3);
      expect([...colour.pixels]).toEqual(
        expected(3, (x, y, channel) => over(value(x, y, channel), value(x, y, 3))),
      );
    }
  });

  test("the one transparent colour of grey and RGB becomes black", async () => {
    const sample = (x: number): number => x % 4;
    const grey = writePng({ width, height, depth: 2, colorType: 0, sample, transparency: [0, 3] });
    expect([...(await decode(grey)).pixels]).toEqual(expected(1, (x) => [0, 85, 170, 0][x % 4] ?? 0));
    const colour = writePng({
      width,
      height,
      depth: 8,
      colorType: 2,
      sample: (x, _y, channel) => 10 * (x % 2) + channel,
      transparency: [0, 10, 0, 11, 0, 12],
    });
    expect([...(await decode(colour)).pixels]).toEqual(
      expected(3, (x, _y, channel) => (x % 2 === 1 ? 0 : channel)),
    );
  });

  test.each([false, true])(
    "a palette of 1 to 8 bits is looked up, with its transparency (interlaced: %s)",
    async (interlaced) => {
      for (const depth of [1, 2, 4, 8]) {
        const colours = 2 ** depth;
        const palette = Array.from({ length: 3 * colours }, (_, i) => (i * 37 + 5) & 255);
        const sample = (x: number, y: number): number => value(x, y, 0) % colours;
        const png = writePng({
          width,
          height,
          depth,
          colorType: 3,
          interlaced,
          sample,
          palette,
          transparency: [128],
        });
        const image = await decode(png);
        expect(image.channels).toBe(3);
        expect([...image.pixels]).toEqual(
          expected(3, (x, y, channel) => {
            const colour = palette[3 * sample(x, y) + channel] ?? 0;
            return sample(x, y) === 0 ? Math.round((colour * 128) / 255) : colour;
          }),
        );
      }
    },
  );

  test("reads what pngjs and libpng write, with their row filters", async () => {
    const size = { width: 40, height: 30 };
    const rgba = Buffer.from(expected(3, value, size).flatMap((v, i) => (i % 3 === 2 ? [v, 255] : [v])));
    const png = new PNG(size);
    png.data = rgba;
    for (const filterType of [0, 1, 2, 3, 4]) {
      const image = await decode(PNG.sync.write(png, { filterType, colorType: 2 }));
      expect([...image.pixels]).toEqual(expected(3, value, size));
    }
    const raw = sharp(Buffer.from(expected(3, value, size)), { raw: { ...size, channels: 3 } });
    const written = await raw.png({ adaptiveFiltering: true, progressive: true }).toBuffer();
    expect([...(await decode(written)).pixels]).toEqual(expected(3, value, size));
  });

  test("of an animation, the image that every viewer shows is taken, and no other frame", async () => {
    const grey = { width: 2, height: 1, depth: 8, colorType: 0 };
    const still = writePng({ ...grey, sample: (x) => 10 + x });
    const control = (sequence: number): Buffer => {
      const content = Buffer.alloc(26);
      content.writeUInt32BE(sequence, 0);
      content.writeUInt32BE(2, 4);
      content.writeUInt32BE(1, 8);
      return chunk("fcTL", content);
    };
    const frame = Buffer.concat([Buffer.from([0, 0, 0, 1]), deflateSync(Buffer.from([0, 200, 201]))]);
    const animated = Buffer.concat([
      still.subarray(0, 33),
      chunk("acTL", Buffer.from([0, 0, 0, 1, 0, 0, 0, 0])),
      still.subarray(33, -12),
      control(0),
      chunk("fdAT", frame),
      still.subarray(-12),
    ]);
    expect([...(await decodeImage(animated, "x.png")).pixels]).toEqual([10, 11]);
  });

  test("an image of one pixel, and bytes after the last chunk, are no trouble", async () => {
    const one = writePng({ width: 1, height: 1, depth: 1, colorType: 0, interlaced: true, sample: () => 1 });
    expect([...(await decode(Buffer.concat([one, Buffer.from("tail")]))).pixels]).toEqual([255]);
  });
});

describe("damaged PNG", () => {
  const good = { width, height, depth: 8, colorType: 2, sample: value };
  const png = writePng(good);
  const parts = (...chunks: readonly Buffer[]): Buffer =>
    Buffer.concat([pngSignature, ...chunks, chunk("IEND", Buffer.alloc(0))]);
  const pixels = Buffer.from(png.subarray(33, png.length - 12));

  test("is told apart: cut, checksum, header, palette, no pixels, too few and too many of them", async () => {
    const flipped = Buffer.from(png);
    flipped[60] ^= 1;
    const cases: readonly [Uint8Array, RegExp][] = [
      [png.subarray(0, 8), /breaks off early/u],
      [png.subarray(0, 30), /breaks off early/u],
      [png.subarray(0, png.length - 40), /breaks off early/u],
      [png.subarray(0, png.length - 12), /breaks off early/u],
      [flipped, /damaged PNG: /u],
      [
        Buffer.concat([png.subarray(0, png.length - 20), Buffer.alloc(4), png.subarray(png.length - 16)]),
        /PNG/u,
      ],
      [parts(pixels), /does not start with its header/u],
      [parts(header(good)), /holds no pixels/u],
      [parts(header({ ...good, colorType: 5 }), pixels), /colour type 5/u],
      [parts(header({ ...good, depth: 3 }), pixels), /3 bits a sample/u],
      [parts(header({ ...good, height: height + 1 }), pixels), /fewer pixels than its header says/u],
      [parts(header({ ...good, height: height - 1 }), pixels), /more pixels than its header says/u],
      [parts(header(good), header({ ...good, width: 30_000, height: 30_000 }), pixels), /header is wrong/u],
      [writePng({ ...good, colorType: 3, sample: () => 2 }), /damaged PNG/u],
      [writePng({ ...good, colorType: 3, palette: [1, 2, 3], sample: () => 2 }), /damaged PNG/u],
      [writePng({ ...good, transparency: [1] }), /damaged PNG/u],
      [parts(header(good), chunk("ABCD", Buffer.alloc(4)), pixels), /damaged PNG/u],
    ];
    for (const [bytes, reason] of cases) expect(await complaint(decode(bytes), "x.png")).toMatch(reason);
  });

  test("with packed pixels that do not unpack never shows what memory held before", async () => {
    const nonsense = parts(header(good), chunk("IDAT", Buffer.alloc(200, 0x5a)));
    expect(await complaint(decode(nonsense), "x.png")).toContain("its packed pixels are wrong");
  });
});

describe("claims", () => {
  test.each([
    [0, 5],
    [5, 0],
    [32_769, 1],
    [1, 32_769],
    [10_001, 10_000],
    [4_294_967_295, 4_294_967_295],
  ])("a PNG of %i x %i pixels is refused before anything is allocated", async (w, h) => {
    for (const colorType of [0, 6]) {
      for (const interlaced of [false, true]) {
        const png = Buffer.concat([
          pngSignature,
          header({ width: w, height: h, depth: 16, colorType, interlaced }),
        ]);
        const before = process.memoryUsage();
        expect(await complaint(decode(png), "x.png")).toContain(`claims ${w} x ${h} pixels`);
        expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(2 ** 22);
      }
    }
  });

  test("a PNG that takes over 960 MiB to decode is refused", async () => {
    const png = Buffer.concat([pngSignature, header({ width: 9000, height: 9000, depth: 16, colorType: 6 })]);
    expect(await complaint(decode(png), "x.png")).toMatch(/claims 9000 x 9000 pixels, which take \d+ MiB/u);
  });

  test.each([false, true])(
    "a small PNG that unpacks without end is bounded (interlaced: %s)",
    async (interlaced) => {
      const small = writePng({ width: 4, height: 4, depth: 8, colorType: 0, interlaced });
      const rows = chunk("IDAT", deflateSync(Buffer.alloc(2 ** 26)));
      const png = Buffer.concat([small.subarray(0, 33), rows, chunk("IEND", Buffer.alloc(0))]);
      const before = process.memoryUsage.rss();
      expect(await complaint(decode(png), "x.png")).toContain("more pixels than its header says");
      expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 25);
    },
  );

  test("a JPEG's are read from its header too", async () => {
    const jpeg = await sharp({ create: { width: 8, height: 8, channels: 3, background: "red" } })
      .jpeg()
      .toBuffer();
    const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
    for (const [w, h] of [
      [0, 8],
      [8, 0],
      [65_535, 8],
      [20_000, 20_000],
    ] as const) {
      const claimed = Buffer.from(jpeg);
      claimed.writeUInt16BE(h, frame + 5);
      claimed.writeUInt16BE(w, frame + 7);
      expect(await complaint(decode(claimed), "x.png")).toContain(`claims ${w} x ${h} pixels`);
    }
  });
});

describe("mutated copies", () => {
  const shade = (x: number, y: number, channel: number): number => (x * x + 3 * y + 80 * channel) & 255;
  const size = { width: 48, height: 40 };

  async function allEndWell(
    original: Uint8Array,
    mend: (bytes: Buffer) => Buffer = (bytes) => bytes,
  ): Promise<number> {
    let refused = 0;
    for (let seed = 0; seed < 300; seed++) {
      const outcome = await decode(mend(mutated(original, seed))).catch((cause: unknown) => cause);
      if (outcome instanceof Error) {
        await complaint(Promise.reject(outcome), "x.png");
        refused++;
      } else {
        const image = outcome as Awaited<ReturnType<typeof decode>>;
        expect(image.pixels.length).toBe(image.height * image.width * image.channels);
      }
    }
    return refused;
  }

  test("of a PNG are refused or read, with wrong and with right checksums", async () => {
    const png = writePng({ ...size, depth: 8, colorType: 2, sample: shade });
    expect(await allEndWell(png)).toBeGreaterThan(250);
    const interlaced = writePng({ ...size, depth: 16, colorType: 6, interlaced: true, sample: shade });
    expect(await allEndWell(interlaced, withRightChecksums)).toBeGreaterThan(150);
  });

  test("of a JPEG are refused or read", async () => {
    const raw = sharp(Buffer.from(expected(3, shade, size)), { raw: { ...size, channels: 3 } });
    for (const progressive of [false, true]) {
      const refused = await allEndWell(await raw.jpeg({ progressive }).toBuffer());
      expect(refused).toBeGreaterThan(75);
    }
  });
});
