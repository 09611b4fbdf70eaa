// Label maps and the views of a pixel: they are moved by the same decisions, to the same places, as their images.

import { describe, expect, test } from "vitest";
import { augmentImages, augmentLabels } from "../../src/functions/images.ts";
import { ignored } from "../../src/labels/label-map.ts";
import { drawGeometry, sourceOf } from "../../src/operators/images/geometry.ts";
import type { ViewGeometry } from "../../src/operators/images/index.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { useEngine } from "../engines.ts";
import { imageSamples } from "./samples/images.ts";
import { integers } from "./sample.ts";

const backends = [
  ["the reference", useEngine({ device: "reference" })],
  ["WebGPU", useEngine({ device: "webgpu" })],
] as const;

const still: ViewGeometry = { flip: 0, rotation: 0, shift: 0, scale: 0 };
const limits: readonly (readonly [string, Partial<ViewGeometry>])[] = [
  ["nothing", {}],
  ["mirroring", { flip: 0.5 }],
  ["fractional shifts", { shift: 3.7 }],
  ["rotation", { rotation: 180 }],
  ["scale", { scale: 0.4 }],
  ["all of it", { flip: 0.5, rotation: 25, shift: 2.3, scale: 0.3 }],
];
const [count, height, width] = [6, 23, 29];
const pixels = height * width;
const words = [11, 22, 33, 44];
const plain = { mean: [0, 0, 0], deviation: [1, 1, 1] };
/** Grey levels from one pixel to the next: the image then says of each of its pixels where it was. */
const step = 8;

/**
 * The place in the image, in (row, column), that each pixel of a view was taken from, as the image itself tells: its red is the
 * row, its green the column, its blue what is inside. Undefined for pixels that partly lie outside.
 */
async function places(
  engine: Engine,
  options: Partial<ViewGeometry> & { view?: number; geometry?: number },
): Promise<([row: number, column: number] | undefined)[]> {
  const bytes = new Uint8Array(count * pixels * 3);
  for (let at = 0; at < count * pixels; at++) {
    bytes.set([step * (Math.floor(at / width) % height), step * (at % width), 255], 3 * at);
  }
  const images = engine.tensor(bytes, [count, height, width, 3]);
  const values = await augmentImages(images, engine.tensor(Uint32Array.from(words)), {
    ...{ ...plain, ...options },
  }).read();
  return Array.from({ length: count * pixels }, (_, at) => {
    const [row, column, inside] = values.slice(3 * at, 3 * at + 3);
    return inside < 0.99999 ? undefined : [(255 * row) / step, (255 * column) / step];
  });
}

const labels = integers([count, height, width], 256, 5, "u8").data as Uint8Array;

async function movedLabels(
  engine: Engine,
  options: Partial<ViewGeometry> & { geometry?: number },
): Promise<ArrayLike<number>> {
  const maps = engine.tensor(labels, [count, height, width]);
  return await augmentLabels(maps, engine.tensor(Uint32Array.from(words)), options).read();
}

/** Share of the pixels inside whose label is that of the pixel nearest to where the image was taken from. */
function agreement(moved: ArrayLike<number>, from: Awaited<ReturnType<typeof places>>): number {
  let [equal, all] = [0, 0];
  from.forEach((place, at) => {
    if (place === undefined) return;
    // Where two pixels are equally near, rounding decides.
    if (place.some((coordinate) => Math.abs(coordinate - Math.floor(coordinate) - 0.5) < 1e-3)) return;
    const [row, column] = place.map(Math.round);
    const label = labels[Math.floor(at / pixels) * pixels + row * width + column];
    equal += moved[at] === label ? 1 : 0;
    all++;
  });
  expect(all).toBeGreaterThan(count * pixels * 0.3);
  return equal / all;
}

describe.each(backends)("on %s", (_, engine) => {
  test.each(limits)("a label map is where its image is, with %s", async (_name, change) => {
    for (const view of [0, 1]) {
      const from = await places(engine(), { ...change, view });
      expect(agreement(await movedLabels(engine(), { ...change, geometry: view }), from)).toBe(1);
    }
  });

  test("a label map that is moved by anything else is found out", async () => {
    const change = { flip: 0.5, rotation: 25, shift: 2.3, scale: 0.3 };
    const from = await places(engine(), change);
    const others = [
      {},
      { ...change, geometry: 1 },
      { ...change, flip: 0 },
      { ...change, rotation: 20 },
      { ...change, shift: 3.3 },
      { ...change, scale: 0.2 },
    ];
    // Neighbours differ: a map of random bytes that lies one pixel off agrees in 1 of 256.
    for (const other of others) {
      expect(agreement(await movedLabels(engine(), other), from)).toBeLessThan(0.8);
    }
    const shifted = Array.from({ length: count * pixels }, (_, at) => at).map(
      (at) => Array.from(labels)[at % width === 0 ? at : at - 1],
    );
    expect(agreement(shifted, await places(engine(), {}))).toBeLessThan(0.1);
  });

  test("what comes in from outside is ignored, and nothing else is", async () => {
    const change = { rotation: 25, shift: 6 };
    const maps = engine().tensor(new Uint8Array(count * pixels).fill(3), [count, height, width]);
    const moved = await augmentLabels(maps, engine().tensor(Uint32Array.from(words)), change).read();
    expect(new Set(moved)).toEqual(new Set([3, ignored]));
    (await places(engine(), change)).forEach((place, at) => {
      if (place !== undefined) expect(moved[at]).toBe(3);
    });
    // Half a pixel beyond the edge the edge is still the nearest; beyond that nothing is.
    const edge = await augmentImages(
      engine().tensor(new Uint8Array(count * pixels).fill(255), [count, height, width, 1]),
      engine().tensor(Uint32Array.from(words)),
      { mean: [0], deviation: [1], ...change },
    ).read();
    edge.forEach((share, at) => {
      if (share === 0) expect(moved[at]).toBe(ignored);
      if (share > 0.75) expect(moved[at]).toBe(3);
    });
  });

  test("a view of another's geometry lies on it, and still draws its own colours, noise and erasing", async () => {
    const change = { flip: 0.5, rotation: 25, shift: 2.3, scale: 0.3 };
    const weak = await places(engine(), change);
    expect(await places(engine(), { ...change, view: 1, geometry: 0 })).toEqual(weak);
    expect(await places(engine(), { ...change, view: 1 })).not.toEqual(weak);

    const images = engine().tensor(integers([count, 9, 7, 1], 256, 1, "u8").data, [count, 9, 7, 1]);
    const seed = engine().tensor(Uint32Array.from(words));
    const looks = { mean: [0.5], deviation: [0.25], brightness: 0.5, contrast: 0.5, noise: 9, erase: 0.5 };
    const seen = async (more: { view?: number; geometry?: number }) =>
      Array.from(await augmentImages(images, seed, { ...looks, ...still, ...more }).read());
    // Nothing moves: whose geometry it is makes no difference, and the rest is that of the view.
    expect(await seen({ view: 1, geometry: 0 })).toEqual(await seen({ view: 1 }));
    expect(await seen({ view: 1, geometry: 0 })).not.toEqual(await seen({ view: 0 }));
  });
});

test("no place of the operator's samples lies where rounding decides which pixel is the nearest", () => {
  for (const { inputs, attributes } of imageSamples.augmentLabels) {
    const [{ shape }, seed] = inputs;
    for (let image = 0; image < shape[0]; image++) {
      const geometry = drawGeometry(image, shape[1], shape[2], seed.data, attributes);
      for (let at = 0; at < shape[1] * shape[2]; at++) {
        for (const place of sourceOf(Math.floor(at / shape[2]), at % shape[2], geometry)) {
          expect(Math.abs(place - Math.floor(place) - 0.5)).toBeGreaterThan(1e-4);
        }
      }
    }
  }
});

test("maps and limits that do not fit are named in words", () => {
  const engine = backends[0][1]();
  const seed = engine.tensor(Uint32Array.from(words));
  const maps = engine.tensor(labels, [count, height, width]);
  expect(() => augmentLabels(engine.tensor(labels, [count, height, width, 1]), seed)).toThrow(
    "augmentLabels: labels [6, 23, 29, 1] must be [images, height, width]",
  );
  expect(() => augmentLabels(engine.zeros([2, 3, 3]), seed)).toThrow("augmentLabels: labels must be u8");
  expect(() => augmentLabels(maps, seed, { scale: 1 })).toThrow("scale must be in [0, 1), got 1");
  expect(() => augmentLabels(maps, seed, { geometry: 0.5 })).toThrow("geometry must be a whole number");
});
