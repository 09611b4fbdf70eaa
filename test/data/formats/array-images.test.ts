// Images in arrays of numbers: which axis is which, and which numbers are black and white.
import { window } from "../../../src/data/manifest/fields.ts";
import { afterAll, describe, expect, test } from "vitest";
import type { Listing, PixelArray } from "../../../src/data/catalogue/listing.ts";
import { temporaryFolder } from "./idx-files.ts";
import { contextIn, expectRefusal, expectWhole, remarksOf } from "./listing-checks.ts";
import { npy } from "./npz-files.ts";
import { images, npzListing } from "./npz-listing.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const { listWith } = npzListing(folder.path);

/** The arrays that the images of a listing lie in, in their order. */
const arraysOf = ({ records }: Listing): PixelArray[] => [
  ...new Set(
    records.map(({ image }) =>
      image.kind === "array" ? image.array : expect.fail("the image is not in an array"),
    ),
  ),
];

describe("images of an array", () => {
  const levels = Array.from({ length: 60 }, (_, i) => (i === 59 ? 255 : (i * 37) % 256));
  const floats = (shape: readonly number[], of: (level: number) => number, descr = "<f4"): Uint8Array =>
    npy(
      shape,
      levels
        .slice(
          0,
          shape.reduce((product, side) => product * side, 1),
        )
        .map(of),
      { descr },
    );
  const three = (of: (level: number) => number, descr?: string): Record<string, Uint8Array> => ({
    train_images: floats([3, 4, 5], of, descr),
    val_images: floats([2, 4, 5], of, descr),
    test_images: floats([1, 4, 5], of, descr),
  });

  test("of an axis of one channel are grey, last or second", async () => {
    const grey = { train_images: images([3, 4, 5, 1]), val_images: images([2, 1, 4, 5]) };
    const { remarks, context } = remarksOf(contextIn(folder.path));
    const listing = await listWith(grey, {}, context);
    expectWhole(listing);
    expect(arraysOf(listing).map(({ height, width, channels }) => [height, width, channels])).toEqual([
      [4, 5, 1],
      [4, 5, 1],
      [4, 5, 1],
    ]);
    expect([...arraysOf(listing)[1].pixels.subarray(0, 3)]).toEqual([0, 37, 74]);
    expect(remarks.map(({ cases }) => cases[0].name.replace(folder.path, ""))).toEqual([
      "val_images.npy of /changed.npz",
    ]);
    await expectRefusal(
      listWith({ train_images: images([3, 1, 5, 1]) }),
      /has the shape \(3, 1, 5, 1\).*either the second axis or the last may be the channels: drop it with np\.squeeze/u,
    );
  });

  test("of floats from 0 to 1 are scaled to 255, and it is said", async () => {
    for (const descr of ["<f4", ">f8"]) {
      const { remarks, context } = remarksOf(contextIn(folder.path));
      const listing = await listWith(
        three((level) => level / 255, descr),
        {},
        context,
      );
      expect([...arraysOf(listing)[0].pixels]).toEqual(levels);
      expect([...arraysOf(listing)[2].pixels]).toEqual(levels.slice(0, 20));
      expect(remarks).toHaveLength(1);
      expect(remarks[0]).toMatchObject({ kind: "guess", cases: [{ count: 3 }, { count: 2 }, { count: 1 }] });
      expect(remarks[0].sentence).toMatch(
        /for grey levels from 0 \(black\) to 1 \(white\), since all of them fit; window: \[0, 1\]/u,
      );
    }
  });

  test("of floats that are whole numbers up to 255 are grey levels, decided by all parts together", async () => {
    const listing = await listWith(three((level) => level));
    expect([...arraysOf(listing)[0].pixels]).toEqual(levels);
    // A part of zeros and ones alone is as dark as the others.
    const dark = await listWith({
      ...three((level) => level),
      test_images: floats([1, 4, 5], (level) => level % 2),
    });
    expect(Math.max(...arraysOf(dark)[2].pixels)).toBe(1);
  });

  test("of other floats and wider integers need a window", async () => {
    await expectRefusal(
      listWith(three((level) => level / 127.5 - 1)),
      /member train_images\.npy holds 32-bit floats from -1 to 1: say which .* such as window: \[-1, 1\]/u,
    );
    await expectRefusal(
      listWith(three((level) => level / 2)),
      /holds 32-bit floats from 0 to 127\.5: say which/u,
    );
    await expectRefusal(
      listWith(three((level) => 16 * level)),
      /whole numbers in 32-bit floats from 0 to 4080/u,
    );
    await expectRefusal(
      listWith(three((level) => 16 * level, "<u2")),
      /holds unsigned 16-bit integers from 0 to 4080: say/u,
    );
    const { remarks, context } = remarksOf(contextIn(folder.path));
    const centred = await listWith(
      three((level) => level / 127.5 - 1, "<f8"),
      { window: [-1, 1] },
      context,
    );
    expect([...arraysOf(centred)[0].pixels]).toEqual(levels);
    expect(remarks).toEqual([]);
    const deep = await listWith(
      three((level) => 16 * level, "<u2"),
      { window: [80, 2080] },
    );
    // 0 and 80 are black; 37 * 16 = 592 is 65.28; 74 * 16 = 1184 is 140.76; 148 * 16 = 2368 is beyond white.
    expect([0, 1, 2, 4].map((i) => arraysOf(deep)[0].pixels[i])).toEqual([0, 65, 141, 255]);
  });

  test("of numbers of two types cannot have one window", async () => {
    await expectRefusal(
      listWith({ train_images: floats([3, 4, 5], (level) => level / 255) }, { window: [0, 1] }),
      /member val_images\.npy holds unsigned bytes, but train_images\.npy 32-bit floats: one window cannot be meant for both/u,
    );
  });

  test("of booleans are black and white", async () => {
    const masks = {
      train_images: npy(
        [3, 4, 5],
        levels.map((level) => level % 2),
        { descr: "|b1" },
      ),
    };
    expect([...arraysOf(await listWith(masks))[0].pixels.subarray(0, 4)]).toEqual([0, 255, 0, 255]);
  });

  test("with a pixel that is no number are refused, with the record", async () => {
    await expectRefusal(
      listWith(three((level) => (level === 222 ? NaN : level / 255))), // 222 = 37 * 6
      /record 0: member train_images\.npy has NaN among its pixels/u,
    );
    const late = npy(
      [3, 4, 5],
      levels.map((_, i) => (i === 59 ? Infinity : 0)),
      { descr: "<f4" },
    );
    await expectRefusal(listWith({ train_images: late }), /record 2: member train_images\.npy has Infinity/u);
  });

  test("and a window are two numbers that rise", () => {
    const said = (value: unknown): string => window.safeParse(value).error?.message ?? "nothing";
    expect(said([0, 4095])).toBe("nothing");
    expect(said([1])).toContain("must be two numbers");
    expect(said([1, 1])).toContain("must rise");
  });
});
