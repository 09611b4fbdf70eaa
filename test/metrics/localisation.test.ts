// The pointing game and intersection over union of maps and regions, against counts by hand.

import { describe, expect, test } from "vitest";
import { ShapeError, UsageError } from "../../src/errors/errors.ts";
import { pointingGame, type PointingGame } from "../../src/metrics/localisation.ts";
import { locateRegion as locate, pixelOfCell, type LocatedRegion } from "../../src/metrics/map-regions.ts";

const size = { height: 3, width: 4, threshold: 0.5 };
// Range 0 to 8, so that 4 and above are high: four pixels.
const map = Float32Array.of(0, 1, 2, 3, 4, 5, 8, 1, 0, 0, 6, 0);

/** A map of the image's own size. */
const locateRegion = (values: Float32Array, region: Uint8Array, options: typeof size) =>
  locate({ values, height: 3, width: 4 }, values, region, options);

describe("a map against a region", () => {
  test("hits where its largest value is inside, and overlaps where it is high", () => {
    const region = Uint8Array.of(0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0);
    expect(locateRegion(map, region, size)).toEqual({ hit: true, middle: true, share: 3 / 12, iou: 2 / 5 });
    const elsewhere = Uint8Array.of(1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
    expect(locateRegion(map, elsewhere, size)).toEqual({
      hit: false,
      middle: false,
      share: 3 / 12,
      iou: 1 / 6,
    });
  });

  test("unknown pixels take no part: neither the largest value nor the range nor the share is theirs", () => {
    const region = Uint8Array.of(0, 0, 0, 0, 0, 1, 255, 1, 0, 0, 0, 0);
    // Without the 8: the largest is the 6, outside; high are 3, 4, 5 and 6.
    expect(locateRegion(map, region, size)).toEqual({ hit: false, middle: false, share: 2 / 11, iou: 1 / 5 });
  });

  test("a constant on top changes nothing, and neither does a factor", () => {
    const region = Uint8Array.of(0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0);
    const moved = map.map((value) => 3 * value - 50);
    expect(locateRegion(moved, region, size)).toEqual(locateRegion(map, region, size));
  });

  test("a smaller map points to the middle of its largest cell, whatever the pixels of the enlarged one", () => {
    const small = { values: Float32Array.of(1, 2, 9, 3), height: 2, width: 2 };
    const image = { height: 4, width: 6 };
    expect([0, 1, 2, 3].map((cell) => pixelOfCell(cell, small, image))).toEqual([
      { x: 1, y: 1 },
      { x: 4, y: 1 },
      { x: 1, y: 3 },
      { x: 4, y: 3 },
    ]);
    const enlarged = Float32Array.from({ length: 24 }, (_, at) => at);
    const region = new Uint8Array(24);
    region[3 * 6 + 1] = 1;
    expect(locate(small, enlarged, region, { ...image, threshold: 0.5 })?.hit).toBe(true);
    // Where that pixel is unknown, the next largest points.
    region.set([255, 0, 0, 1], 3 * 6 + 1);
    expect(locate(small, enlarged, region, { ...image, threshold: 0.5 })?.hit).toBe(true);
  });

  test("is nothing where no known pixel is inside", () => {
    expect(locateRegion(map, new Uint8Array(12), size)).toBeUndefined();
    expect(locateRegion(map, new Uint8Array(12).fill(255), size)).toBeUndefined();
  });

  test("of another size, and at a threshold outside of the range, is refused", () => {
    expect(() => locateRegion(map, new Uint8Array(11), size)).toThrow(ShapeError);
    for (const threshold of [0, 1.5, Number.NaN]) {
      expect(() => locateRegion(map, new Uint8Array(12), { ...size, threshold })).toThrow(UsageError);
    }
  });
});

describe("the pointing game", () => {
  const found = (hits: number, shares: readonly number[]): LocatedRegion[] =>
    shares.map((share, i) => ({ hit: i < hits, middle: i % 2 === 0, share, iou: i / 10 }));

  const gameOf = (hits: number, shares: readonly number[]): PointingGame => {
    const game = pointingGame(found(hits, shares));
    if (game === null) throw new Error("there are images");
    return game;
  };

  test("counts hits, with an exact interval, and tells chance", () => {
    const game = gameOf(3, [0.1, 0.2, 0.3, 0.4]);
    expect(game).toMatchObject({ images: 4, hits: 3, rate: 0.75, middle: 0.5 });
    expect(game.chance).toBeCloseTo(0.25, 12);
    expect(game.iou).toBeCloseTo(0.15, 12);
    // Of R: binom.test(3, 4)$conf.int
    expect(game.interval.low).toBeCloseTo(0.1941204, 6);
    expect(game.interval.high).toBeCloseTo(0.9936905, 6);
    expect(pointingGame([])).toBeNull();
  });

  test("p is the sum over all ways to hit as often by chance", () => {
    const shares = [0.1, 0.2, 0.3, 0.4];
    for (const hits of [0, 1, 2, 3, 4]) {
      let sum = 0;
      for (let ways = 0; ways < 16; ways++) {
        const which = shares.map((_, i) => (ways >> i) & 1);
        if (which.reduce((a, b) => a + b, 0) < hits) continue;
        sum += shares.reduce((product, p, i) => product * (which[i] === 1 ? p : 1 - p), 1);
      }
      expect(gameOf(hits, shares).p).toBeCloseTo(sum, 12);
    }
  });
});
