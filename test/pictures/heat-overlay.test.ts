// Heat over an image: where nothing speaks for a class the image is as it was, and more is lighter.

import { PNG } from "pngjs";
import { describe, expect, test } from "vitest";
import { heatOverlay, heatSize } from "../../src/pictures/heat-overlay.ts";
import { heatSheet } from "../../src/pictures/heat-sheet.ts";

const image = { height: 2, width: 3, channels: 1, pixels: Uint8Array.of(10, 20, 30, 40, 50, 60) };
const pixel = (pixels: Uint8Array, at: number): number[] => [...pixels.subarray(3 * at, 3 * at + 3)];

describe("heat over an image", () => {
  test("leaves what speaks against the class as it was, and is lighter where more speaks for it", () => {
    const { pixels, channels } = heatOverlay(image, Float32Array.of(-5, 0, 1, 2, 4, 8), 1);
    expect(channels).toBe(3);
    expect([pixel(pixels, 0), pixel(pixels, 1)]).toEqual([
      [10, 10, 10],
      [20, 20, 20],
    ]);
    const luma = [2, 3, 4, 5].map((at) => {
      const [red, green, blue] = pixel(pixels, at);
      return 0.3 * red + 0.59 * green + 0.11 * blue;
    });
    expect(luma.toSorted((a, b) => a - b)).toEqual(luma);
    // The lightest colour at 72 % over 60.
    expect(pixel(pixels, 5)).toEqual([252, 255, 164].map((value) => Math.round(0.28 * 60 + 0.72 * value)));
  });

  test("is the same for a multiple of the map, and nothing where nothing is above 0", () => {
    const heat = Float32Array.of(-5, 0, 1, 2, 4, 8);
    expect(
      heatOverlay(
        image,
        heat.map((value) => 100 * value),
        1,
      ),
    ).toEqual(heatOverlay(image, heat, 1));
    const against = heatOverlay(
      image,
      heat.map((value) => value - 9),
      1,
    );
    expect([...against.pixels]).toEqual([...image.pixels].flatMap((value) => [value, value, value]));
  });

  test("has the size of the picture, large images shrunk and small ones enlarged", () => {
    expect(heatSize({ height: 48, width: 64 }, 320)).toEqual({ zoom: 5, size: [240, 320] });
    const { zoom, size } = heatSize({ height: 225, width: 225 }, 100);
    expect([zoom, size]).toEqual([1 / 3, [75, 75]]);
    const large = { height: 225, width: 225, channels: 3, pixels: new Uint8Array(225 * 225 * 3) };
    expect(heatOverlay(large, new Float32Array(75 * 75).fill(1), zoom).pixels).toHaveLength(75 * 75 * 3);
    expect(() => heatOverlay(image, new Float32Array(5), 1)).toThrow(
      /5 values of heat are not those of a picture of 2 x 3/u,
    );
  });

  test("a sheet has the image and a panel for each class", () => {
    const panel = { heat: new Float32Array(6).fill(1), caption: [] };
    const [one, two] = [1, 2].map((count) =>
      PNG.sync.read(heatSheet(image, [], Array(count).fill(panel), 1)),
    );
    expect(two.width).toBeGreaterThan(one.width);
    expect(two.height).toBe(one.height);
  });
});
