// Image operators: that each change does what its name says.

import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/device/index.ts";
import {
  augmentImages,
  normaliseImages,
  type AugmentImagesOptions,
} from "../../src/operators/functions/images.ts";
import { imageOperators } from "../../src/operators/images/index.ts";
import type { Engine } from "../../src/runtime/index.ts";
import { useEngine } from "../engines.ts";
import { integers, normal, uniform } from "./sample.ts";

const backends = [
  ["the reference", useEngine({ device: "reference" })],
  ["WebGPU", useEngine({ device: "webgpu" })],
] as const;
const plain = { mean: [0], deviation: [1] };
/** Draws at the middle of their range: nothing changes. */
const middle = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5];

/** One grey image of the given size, augmented with the given draws; grey levels of 255. */
async function view(
  engine: Engine,
  [height, width]: readonly [number, number],
  pixels: Uint8Array,
  draws: Readonly<Record<number, number>>,
  options: Partial<AugmentImagesOptions>,
): Promise<number[]> {
  const shape = [1, height, width, 1];
  const drawn = middle.map((value, i) => draws[i] ?? value);
  const result = augmentImages(
    engine.tensor(pixels, shape),
    engine.tensor(drawn, [1, 8]),
    engine.zeros(shape),
    { ...plain, ...options },
  );
  return Array.from(await result.read(), (value) => Math.round(value * 255e3) / 1e3);
}

describe.each(backends)("on %s", (_, engine) => {
  const pixels = Uint8Array.from([10, 20, 30, 40, 50, 60, 70, 80, 90]);
  const square = [3, 3] as const;
  const flat = (...rows: number[][]): number[] => rows.flat();

  test("without changes a view is the normalised image", async () => {
    const { data } = integers([3, 5, 7, 3], 256, 1, "u8");
    const images = engine().tensor(data, [3, 5, 7, 3]);
    const colour = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };
    const draws = engine().tensor(uniform([3, 8], 2).data, [3, 8]);
    const noise = engine().tensor(normal([3, 5, 7, 3], 3).data, [3, 5, 7, 3]);
    const expected = await normaliseImages(images, colour).read();
    const actual = await augmentImages(images, draws, noise, colour).read();
    actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
    expected.forEach((value, i) => {
      const k = i % 3;
      expect(value).toBeCloseTo((data[i] / 255 - colour.mean[k]) / colour.deviation[k], 5);
    });
  });

  test("a shift moves the image down and right, black comes in", async () => {
    const moved = await view(engine(), square, pixels, { 0: 0.75, 1: 0.25 }, { shift: 2 });
    expect(moved).toEqual(flat([0, 0, 0], [20, 30, 0], [50, 60, 0]));
    const half = await view(engine(), square, pixels, { 1: 0.75 }, { shift: 1 });
    expect(half).toEqual(flat([5, 15, 25], [20, 45, 55], [35, 75, 85]));
  });

  test("a quarter turn turns the image about its centre", async () => {
    const turned = await view(engine(), square, pixels, { 2: 0.75 }, { rotation: 180 });
    const back = await view(engine(), square, pixels, { 2: 0.25 }, { rotation: 180 });
    const clockwise = flat([70, 40, 10], [80, 50, 20], [90, 60, 30]);
    const near = (actual: number[], expected: number[]): void =>
      actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 1));
    near(turned, clockwise);
    near(back, clockwise.toReversed());
    const half = await view(engine(), square, pixels, { 2: 0 }, { rotation: 180 });
    near(half, Array.from(pixels).toReversed());
  });

  test("a change of scale keeps the centre", async () => {
    const [larger, smaller] = await Promise.all([
      view(engine(), square, pixels, { 3: 0.75 }, { scale: 0.5 }),
      view(engine(), square, pixels, { 3: 0 }, { scale: 0.75 }),
    ]);
    expect(larger[4]).toBe(50);
    // At 1.25 times the size the corner shows what lies 0.8 of the way out.
    expect(larger[0]).toBeCloseTo(50 - 0.8 * 40, 2);
    expect(smaller[4]).toBe(50);
    expect(smaller[0]).toBe(0);
  });

  test("a flip mirrors left and right exactly when its draw is below one half", async () => {
    const mirrored = flat([30, 20, 10], [60, 50, 40], [90, 80, 70]);
    expect(await view(engine(), square, pixels, { 4: 0.49 }, { flip: true })).toEqual(mirrored);
    expect(await view(engine(), square, pixels, { 4: 0.5 }, { flip: true })).toEqual(Array.from(pixels));
    expect(await view(engine(), square, pixels, { 4: 0.49 }, { flip: false })).toEqual(Array.from(pixels));
  });

  test("brightness scales, contrast stretches about the mean, and both stay within black and white", async () => {
    const row = [1, 4] as const;
    const bytes = Uint8Array.from([0, 51, 102, 204]);
    expect(await view(engine(), row, bytes, { 5: 0.75 }, { brightness: 1 })).toEqual([0, 76.5, 153, 255]);
    const raised = await view(
      engine(),
      row,
      bytes,
      { 6: 0.75 },
      { contrast: 1, mean: [0.4], deviation: [1] },
    );
    expect(raised.map((value) => Math.round(value + 102))).toEqual([0, 26, 102, 255]);
  });

  test("noise has the deviation asked for", async () => {
    const shape = [4, 32, 32, 1];
    const images = engine().tensor(new Uint8Array(4096).fill(128), shape);
    const draws = engine().tensor(uniform([4, 8], 1).data, [4, 8]);
    const noise = engine().tensor(normal(shape, 2).data, shape);
    const values = Array.from(await augmentImages(images, draws, noise, { ...plain, noise: 10 }).read());
    const spread = values.map((value) => value * 255 - 128);
    const deviation = Math.sqrt(spread.reduce((sum, each) => sum + each ** 2, 0) / spread.length);
    expect(deviation).toBeGreaterThan(9.5);
    expect(deviation).toBeLessThan(10.5);
  });

  test("erasing hides .02 to .2 of an image, in about the share of images asked for", async () => {
    const [count, side] = [200, 32];
    const shape = [count, side, side, 1];
    const images = engine().tensor(new Uint8Array(count * side * side).fill(255), shape);
    const draws = engine().tensor(uniform([count, 8], 9).data, [count, 8]);
    const options = { mean: [0.25], deviation: [0.5], erase: 0.3 };
    const values = await augmentImages(images, draws, engine().zeros(shape), options).read();
    let erased = 0;
    const places = new Set<number>();
    for (let image = 0; image < count; image++) {
      const one = Array.from(values.subarray(image * side * side, (image + 1) * side * side));
      // Erased pixels become the mean colour, which is 0 once normalised; all others are white.
      const hidden = one.filter((value) => value === 0).length;
      expect(one.filter((value) => Math.abs(value - 1.5) < 1e-5).length).toBe(one.length - hidden);
      if (hidden === 0) continue;
      erased++;
      places.add(one.indexOf(0));
      expect(hidden / one.length).toBeGreaterThan(0.012);
      expect(hidden / one.length).toBeLessThanOrEqual(0.2);
    }
    expect(erased).toBeGreaterThan(40);
    expect(erased).toBeLessThan(80);
    expect(places.size).toBeGreaterThan(erased / 2);
  });
});

test("images and limits that do not fit are named in words", () => {
  const { normaliseImages: normalise, augmentImages: augment } = imageOperators;
  const u8 = (...shape: number[]) => ({ shape, dtype: "u8" as const });
  const f32 = (...shape: number[]) => ({ shape, dtype: "f32" as const });
  const still = {
    shift: 0,
    rotation: 0,
    scale: 0,
    flip: false,
    brightness: 0,
    contrast: 0,
    noise: 0,
    erase: 0,
  };
  expect(() => normalise.infer([f32(1, 2, 2, 1)], plain)).toThrow(ShapeError);
  expect(() => normalise.infer([u8(1, 2, 2, 5)], plain)).toThrow("channels up to 4");
  expect(() => normalise.infer([u8(1, 2, 2, 3)], plain)).toThrow(
    "3 channels take 3 means and positive deviations",
  );
  const inputs = [u8(2, 3, 3, 1), f32(2, 8), f32(2, 3, 3, 1)];
  expect(() => augment.infer(inputs, { ...plain, ...still, erase: 1.5 })).toThrow(
    "erase must be a probability, got 1.5",
  );
  expect(() => augment.infer(inputs, { ...plain, ...still, scale: 1 })).toThrow("scale must be in [0, 1)");
  expect(() => augment.infer([u8(2, 3, 3, 1), f32(2, 7), f32(2, 3, 3, 1)], { ...plain, ...still })).toThrow(
    "augmentImages: draws must be f32 [2, 8], got f32 [2, 7]",
  );
});
