import { describe, expect, test } from "vitest";
import { drawPhantom } from "../../../src/data/phantoms/index.ts";
import { resize as portable } from "../../../src/data/images/resize-portable.ts";
import { resize as bySharp } from "../../../src/data/images/resize.ts";
import type { DecodedImage } from "../../../src/data/images/image.ts";

const side = 96;
const grey = new Uint8Array(side * side);
drawPhantom({ seed: 1, site: "A", index: 0, present: ["nodule"], size: side }, grey);
const colour = Uint8Array.from(
  { length: 3 * side * side },
  (_, i) => (grey[Math.floor(i / 3)] * (1 + (i % 3))) / 3,
);

const images: readonly (readonly [string, DecodedImage])[] = [
  ["grey", { height: side, width: side, channels: 1, pixels: grey }],
  ["colour", { height: side, width: side, channels: 3, pixels: colour }],
  ["wide", { height: side / 2, width: 2 * side, channels: 1, pixels: grey }],
];

describe.each(images)("an image, %s,", (_, image) => {
  test.each([
    [48, 48],
    [64, 64],
    [31, 77],
    [20, 20],
    [10, 10],
    [150, 190],
    [96, 50],
  ])("is scaled to %i x %i nearly as by sharp", async (height, width) => {
    const ours = await portable(image, { height, width });
    const theirs = await bySharp(image, { height, width });
    expect(ours.length).toBe(theirs.length);
    const apart = Array.from(ours, (value, i) => Math.abs(value - theirs[i]));
    const mean = apart.reduce((sum, each) => sum + each, 0) / apart.length;
    expect(mean).toBeLessThan(0.35);
    // Enlarged, by the rounding of libvips' table of weights.
    expect(Math.max(...apart)).toBeLessThanOrEqual(5);
  });
});
