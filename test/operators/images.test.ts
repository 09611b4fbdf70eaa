// Image operators: that each change does what its name says.

import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors/errors.ts";
import { augmentImages, normaliseImages, type AugmentImagesOptions } from "../../src/functions/images.ts";
import { aspectRoots, erasedRectangle } from "../../src/operators/images/decisions.ts";
import { imageOperators, type ViewSettings } from "../../src/operators/images/index.ts";
import { philox } from "../../src/operators/random/index.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { useEngine } from "../engines.ts";
import { integers } from "./sample.ts";

const backends = [
  ["the reference", useEngine({ device: "reference" })],
  ["WebGPU", useEngine({ device: "webgpu" })],
] as const;
const plain = { mean: [0], deviation: [1] };
type Engines = (typeof backends)[number][1];

/** What image 0 draws: sixteen words, as the kernel's comment counts them. */
function drawnWords(seed: readonly number[], view = 0): Uint32Array {
  const words = new Uint32Array(16);
  for (let i = 0; i < 4; i++) {
    const four = words.subarray(4 * i, 4 * i + 4);
    four.set([i, 4 * view, seed[2], seed[3]]);
    philox(four, seed[0], seed[1]);
  }
  return words;
}

/** A word as a number in [-1, 1). */
const eitherWay = (word: number): number => (word >>> 8) / 2 ** 23 - 1;

/** A seed whose image 0 draws words that a test wants. */
function seedThat(fits: (words: Uint32Array) => boolean): number[] {
  for (let i = 0; ; i++) if (fits(drawnWords([i, 0, 0, 0]))) return [i, 0, 0, 0];
}

/** One grey image of the given size under the given seed; grey levels of 255. */
async function view(
  engine: Engine,
  [height, width]: readonly [number, number],
  pixels: ArrayLike<number>,
  seed: readonly number[],
  options: Partial<AugmentImagesOptions>,
): Promise<number[]> {
  const shape = [1, height, width, pixels.length / (height * width)];
  const images = engine.tensor(Uint8Array.from(pixels), shape);
  const result = augmentImages(images, engine.tensor(Uint32Array.from(seed)), { ...plain, ...options });
  return Array.from(await result.read(), (value) => Math.round(value * 255e3) / 1e3);
}

/** Views of `count` equal images of one colour, normalised. */
async function flatViews(
  engine: Engine,
  [count, side]: readonly [number, number],
  colour: number,
  options: Partial<AugmentImagesOptions>,
): Promise<Float32Array[]> {
  const images = engine.tensor(new Uint8Array(count * side * side).fill(colour), [count, side, side, 1]);
  const seed = engine.tensor(Uint32Array.of(5, 6, 7, 8));
  const values = await augmentImages(images, seed, { ...plain, ...options }).read();
  return Array.from({ length: count }, (_, i) =>
    Float32Array.from(values.subarray(i * side * side, (i + 1) * side * side)),
  );
}

function near(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 1));
}

describe.each(backends)("on %s", (_, engine: Engines) => {
  const pixels = [10, 20, 30, 40, 50, 60, 70, 80, 90];
  const square = [3, 3] as const;
  const any = [1, 2, 3, 4];

  test("without changes a view is the normalised image", async () => {
    const { data } = integers([3, 5, 7, 3], 256, 1, "u8");
    const images = engine().tensor(data, [3, 5, 7, 3]);
    const colour = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };
    const expected = await normaliseImages(images, colour).read();
    const actual = await augmentImages(images, engine().tensor(Uint32Array.from(any)), colour).read();
    actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
    expected.forEach((value, i) => {
      const k = i % 3;
      expect(value).toBeCloseTo((data[i] / 255 - colour.mean[k]) / colour.deviation[k], 5);
    });
  });

  test("a shift moves the image down and right by what it draws, black comes in", async () => {
    // A limit that makes the shift down one pixel; the shift right is then a fraction.
    const seed = seedThat((drawn) => eitherWay(drawn[0]) > 0.5 && Math.abs(eitherWay(drawn[1])) < 0.5);
    const [down, right] = Array.from(drawnWords(seed), eitherWay);
    const limit = 1 / down;
    const across = right * limit;
    const moved = await view(engine(), square, pixels, seed, { shift: limit });
    const at = (row: number, column: number): number =>
      row < 0 || row > 2 || column < 0 || column > 2 ? 0 : pixels[row * 3 + column];
    const expected = pixels.map((_, i) => {
      const [row, column] = [Math.floor(i / 3) - 1, (i % 3) - across];
      const left = Math.floor(column);
      return at(row, left) * (left + 1 - column) + at(row, left + 1) * (column - left);
    });
    near(moved, expected);
    expect(moved.slice(0, 3)).toEqual([0, 0, 0]);
  });

  test("a rotation by 90 degrees turns the image about its centre, clockwise for a draw above the middle", async () => {
    const clockwise = [70, 40, 10, 80, 50, 20, 90, 60, 30];
    for (const [sign, expected] of [
      [1, clockwise],
      [-1, clockwise.toReversed()],
    ] as const) {
      const seed = seedThat((words) => sign * eitherWay(words[2]) > 0.6);
      const rotation = 90 / Math.abs(eitherWay(drawnWords(seed)[2]));
      near(await view(engine(), square, pixels, seed, { rotation }), expected);
    }
  });

  test("a change of scale keeps the centre", async () => {
    const seed = seedThat((words) => eitherWay(words[3]) > 0.5);
    const larger = await view(engine(), square, pixels, seed, {
      scale: 0.25 / eitherWay(drawnWords(seed)[3]),
    });
    expect(larger[4]).toBe(50);
    // At 1.25 times the size the corner shows what lies 0.8 of the way out.
    expect(larger[0]).toBeCloseTo(50 - 0.8 * 40, 2);
  });

  test("a flip mirrors left and right, always, never, or as often as asked", async () => {
    const mirrored = [30, 20, 10, 60, 50, 40, 90, 80, 70];
    expect(await view(engine(), square, pixels, any, { flip: 1 })).toEqual(mirrored);
    expect(await view(engine(), square, pixels, any, { flip: 0 })).toEqual(pixels);
    const rare = seedThat((words) => words[4] >>> 8 < 0.25 * 2 ** 24);
    const often = seedThat((words) => words[4] >>> 8 >= 0.25 * 2 ** 24);
    expect(await view(engine(), square, pixels, rare, { flip: 0.25 })).toEqual(mirrored);
    expect(await view(engine(), square, pixels, often, { flip: 0.25 })).toEqual(pixels);
  });

  test("brightness scales, contrast stretches about the mean, and both stay within black and white", async () => {
    const row = [1, 4] as const;
    const bytes = [0, 51, 102, 204];
    const brighter = seedThat((words) => eitherWay(words[5]) > 0.5);
    const brightness = 0.5 / eitherWay(drawnWords(brighter)[5]);
    near(await view(engine(), row, bytes, brighter, { brightness }), [0, 76.5, 153, 255]);
    const harder = seedThat((words) => eitherWay(words[6]) > 0.5);
    const contrast = 0.5 / eitherWay(drawnWords(harder)[6]);
    const raised = await view(engine(), row, bytes, harder, { contrast, mean: [0.4] });
    near(raised, [0 - 102, 25.5 - 102, 0, 255 - 102]);
  });

  test("saturation of -1 leaves the grey of each pixel, above 0 it moves colours away from it", async () => {
    const colour = { mean: [0, 0, 0], deviation: [1, 1, 1] };
    const bytes = [200, 100, 50, 0, 255, 128];
    const greys = [0.299 * 200 + 0.587 * 100 + 0.114 * 50, 0.587 * 255 + 0.114 * 128];
    const duller = seedThat((words) => eitherWay(words[7]) < -0.5);
    const saturation = -1 / eitherWay(drawnWords(duller)[7]);
    near(await view(engine(), [1, 2], bytes, duller, { ...colour, saturation }), [
      ...[greys[0], greys[0], greys[0]],
      ...[greys[1], greys[1], greys[1]],
    ]);
    const bolder = seedThat((words) => eitherWay(words[7]) > 0.5);
    const vivid = await view(engine(), [1, 2], bytes, bolder, {
      ...colour,
      saturation: 0.5 / eitherWay(drawnWords(bolder)[7]),
    });
    near(vivid.slice(0, 2), [200 + 0.5 * (200 - greys[0]), 100 + 0.5 * (100 - greys[0])]);
    expect(vivid.slice(3, 5)).toEqual([0, 255]);
  });

  test("noise has the moments asked for, in the share of images asked for, and is the same in all channels", async () => {
    const views = await flatViews(engine(), [64, 16], 128, { noise: 10, noiseProbability: 0.5 });
    const spreads = views.map((values) => Array.from(values, (value) => value * 255 - 128));
    const noisy = spreads.filter((values) => values.some((value) => Math.abs(value) > 0.01));
    // 64 coins: 32 +- 4 standard deviations of 4.
    expect(Math.abs(noisy.length - 32)).toBeLessThanOrEqual(16);
    const all = noisy.flat();
    const mean = all.reduce((sum, each) => sum + each, 0) / all.length;
    const deviation = Math.sqrt(all.reduce((sum, each) => sum + each ** 2, 0) / all.length);
    const fourth = all.reduce((sum, each) => sum + (each / 10) ** 4, 0) / all.length;
    expect(Math.abs(mean)).toBeLessThan(40 / Math.sqrt(all.length));
    expect(Math.abs(deviation - 10)).toBeLessThan(40 / Math.sqrt(2 * all.length));
    expect(Math.abs(fourth - 3)).toBeLessThan(4 * Math.sqrt(96 / all.length));
    expect(new Set(all.slice(0, 256)).size).toBeGreaterThan(250);

    const grey = new Uint8Array(60).fill(99);
    const colours = await view(engine(), [4, 5], grey, any, {
      mean: [0, 0, 0],
      deviation: [1, 1, 1],
      noise: 20,
    });
    for (let i = 0; i < 60; i += 3) expect(new Set(colours.slice(i, i + 3)).size).toBe(1);
    expect(new Set(colours).size).toBe(20);
  });

  test("salt and pepper turn the share of pixels asked for black and white, half of them each", async () => {
    const views = await flatViews(engine(), [32, 16], 128, {
      saltAndPepper: 0.3,
      saltAndPepperProbability: 0.5,
    });
    const spoilt = views.filter((values) => values.some((value) => value === 0 || value === 1));
    expect(Math.abs(spoilt.length - 16)).toBeLessThanOrEqual(11);
    const all = spoilt.flatMap((values) => Array.from(values));
    const [white, black] = [1, 0].map((extreme) => all.filter((value) => value === extreme).length);
    // Four standard deviations of each count.
    const bound = 4 * Math.sqrt(all.length * 0.15 * 0.85);
    expect(Math.abs(white - 0.15 * all.length)).toBeLessThan(bound);
    expect(Math.abs(black - 0.15 * all.length)).toBeLessThan(bound);
    for (const value of all) if (value !== 0 && value !== 1) expect(value).toBeCloseTo(128 / 255, 6);
  });

  test("erasing hides .02 to .33 of an image, in about the share of images asked for", async () => {
    const [count, side] = [200, 32];
    const options = { mean: [0.25], deviation: [0.5], erase: 0.3 };
    const views = await flatViews(engine(), [count, side], 255, options);
    const areas: number[] = [];
    const places = new Set<number>();
    for (const values of views) {
      // Erased pixels become the mean colour, which is 0 once normalised; all others are white.
      const hidden = values.filter((value) => value === 0).length;
      expect(values.filter((value) => Math.abs(value - 1.5) < 1e-5).length).toBe(values.length - hidden);
      if (hidden === 0) continue;
      areas.push(hidden / values.length);
      places.add(values.indexOf(0));
    }
    expect(areas.length).toBeGreaterThan(40);
    expect(areas.length).toBeLessThan(80);
    expect(places.size).toBeGreaterThan(areas.length / 2);
    // Sides are rounded to whole pixels, half of one at most.
    expect(Math.min(...areas)).toBeGreaterThan(0.015);
    expect(Math.max(...areas)).toBeLessThan(0.36);
    const mean = areas.reduce((sum, area) => sum + area, 0) / areas.length;
    // Uniform between .02 and .33: a deviation of .09.
    expect(Math.abs(mean - 0.175)).toBeLessThan((4 * 0.09) / Math.sqrt(areas.length));
  });

  test("the same seed, view and place give the same pixels, whatever else is in the batch or ran before", async () => {
    const limits: Partial<ViewSettings> = {
      ...{ flip: 0.5, rotation: 20, shift: 1, noise: 9, saltAndPepper: 0.2, erase: 0.5 },
    };
    const { data } = integers([3, 9, 7, 1], 256, 1, "u8");
    const of = async (count: number, number: number, seed: readonly number[]): Promise<number[]> => {
      const images = engine().tensor(data.slice(0, count * 63), [count, 9, 7, 1]);
      const words = engine().tensor(Uint32Array.from(seed));
      const values = await augmentImages(images, words, { ...plain, ...limits, view: number }).read();
      return Array.from(values);
    };
    const first = await of(3, 0, any);
    const others = [
      await of(3, 1, any),
      ...(await Promise.all(any.map((_, i) => of(3, 0, any.with(i, 99))))),
    ];
    for (const other of others) expect(other).not.toEqual(first);
    expect(await of(3, 0, any)).toEqual(first);
    expect(await of(2, 0, any)).toEqual(first.slice(0, 126));
  });
});

describe("erased rectangles", () => {
  const limits = { erase: 1, eraseArea: [0.1, 0.3], eraseAspect: [0.5, 2] } as const;

  test("have the area and the aspect that are drawn, and lie anywhere in the image", () => {
    const words = new Uint32Array(4);
    const seen = { aspects: [] as number[], tops: new Set<number>(), lefts: new Set<number>() };
    for (let i = 0; i < 500; i++) {
      words.set([i, 1, 2, 3]);
      philox(words, 7, 8);
      const found = erasedRectangle(words, 200, 150, limits);
      if (found === undefined) throw new Error("erase of 1 always erases");
      const { top, left, bottom, right } = found;
      const [high, wide] = [bottom - top, right - left];
      const area = (0.1 + (0.2 * (words[1] >>> 16)) / 65536) * 30000;
      expect(Math.abs(high * wide - area)).toBeLessThan(high + wide);
      seen.aspects.push(high / wide);
      seen.tops.add(top);
      seen.lefts.add(left);
      expect(Math.min(top, left)).toBeGreaterThanOrEqual(0);
      expect(bottom).toBeLessThanOrEqual(200);
      expect(right).toBeLessThanOrEqual(150);
    }
    expect(Math.min(...seen.aspects)).toBeGreaterThan(0.48);
    expect(Math.max(...seen.aspects)).toBeLessThan(2.1);
    // Evenly by logarithm: as many are higher than wide as wider than high, 250 +- 4 standard deviations.
    expect(Math.abs(seen.aspects.filter((aspect) => aspect > 1).length - 250)).toBeLessThan(45);
    expect(seen.tops.size).toBeGreaterThan(80);
    expect(seen.lefts.size).toBeGreaterThan(40);
  });

  test("of an aspect step between two limits are the limits at its ends", () => {
    const { root, factors } = aspectRoots([0.3, 3.3]);
    expect((root / 2 ** 16) ** 2).toBeCloseTo(0.3, 4);
    const most = factors.reduce((product, factor) => (product * factor) / 2 ** 16, root);
    expect((most / 2 ** 16) ** 2).toBeCloseTo(3.3, 3);
  });
});

test("images and limits that do not fit are named in words", () => {
  const { normaliseImages: normalise, augmentImages: augment } = imageOperators;
  const u8 = (...shape: number[]) => ({ shape, dtype: "u8" as const });
  const f32 = (...shape: number[]) => ({ shape, dtype: "f32" as const });
  const seed = { shape: [4], dtype: "u32" as const };
  const still: ViewSettings & { view: number; geometry: number } = {
    ...{
      view: 0,
      geometry: 0,
      flip: 0,
      rotation: 0,
      shift: 0,
      scale: 0,
      brightness: 0,
      contrast: 0,
      saturation: 0,
    },
    ...{ noise: 0, noiseProbability: 1, saltAndPepper: 0, saltAndPepperProbability: 1 },
    ...{ erase: 0, eraseArea: [0.02, 0.33], eraseAspect: [0.3, 3.3] },
  };
  expect(() => normalise.infer([f32(1, 2, 2, 1)], plain)).toThrow(ShapeError);
  expect(() => normalise.infer([u8(1, 2, 2, 5)], plain)).toThrow("channels up to 4");
  expect(() => normalise.infer([u8(1, 2, 2, 3)], plain)).toThrow(
    "3 channels take 3 means and positive deviations",
  );
  const refuse = (changes: Partial<typeof still>, message: string): void =>
    expect(() => augment.infer([u8(2, 3, 3, 1), seed], { ...plain, ...still, ...changes })).toThrow(message);
  refuse({ erase: 1.5 }, "erase must be a probability, got 1.5");
  refuse({ saltAndPepper: -0.1 }, "saltAndPepper must be a probability, got -0.1");
  refuse({ scale: 1 }, "scale must be in [0, 1)");
  refuse({ rotation: 181 }, "rotation must be from 0 to 180 degrees, got 181");
  refuse({ eraseArea: [0.5, 0.2] }, "eraseArea must be from 0 to 1, the smaller number first, got 0.5");
  refuse({ eraseAspect: [0.001, 1] }, "eraseAspect must be from 0.01 to 100");
  refuse({ view: 2 ** 30 }, "view must be a whole number below 2^30");
  refuse({ geometry: -1 }, "geometry must be a whole number below 2^30, that of a view, got -1");
  expect(() => augment.infer([u8(2, 3, 3, 1), f32(4)], { ...plain, ...still })).toThrow(
    "augmentImages: seed must be u32 [4], got f32 [4]",
  );
  expect(() => augment.infer([u8(1, 8192, 8192, 1), seed], { ...plain, ...still })).toThrow("below 2^26");
});
