import normal from "@stdlib/stats-base-dists-normal-cdf";
import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random-stream.ts";
import { LatentDraw, cutsOf, scoresOf } from "../../src/tabular/copula/code-cuts.ts";
import {
  logShareBetween,
  normalBetween,
  normalQuantile,
  shareBelow,
} from "../../src/tabular/copula/normal-tails.ts";

describe("the normal distribution", () => {
  test("a quantile is the inverse of the share below, to 13 digits, from 1e-300 to 1 - 1e-15", () => {
    for (let power = -300; power <= -1; power += 1) {
      const p = 3.7 * 10 ** (power - 1);
      expect(Math.abs(normal(normalQuantile(p), 0, 1) / p - 1)).toBeLessThan(1e-11);
    }
    for (const p of [0.07, 0.075, 0.08, 0.3, 0.5, 0.7, 0.92, 0.925, 0.93, 0.999, 1 - 1e-9, 1 - 1e-15]) {
      expect(Math.abs(normal(normalQuantile(p), 0, 1) - p)).toBeLessThan(1e-15);
      expect(normalQuantile(1 - p)).toBeCloseTo(-normalQuantile(p), p > 0.9999 ? 1 : 8);
    }
    expect([normalQuantile(0), normalQuantile(1), normalQuantile(0.5)]).toEqual([-Infinity, Infinity, 0]);
  });

  test("shares between bounds keep their digits in both tails, also where a double has no such number", () => {
    expect(logShareBetween(-1, 2)).toBeCloseTo(Math.log(shareBelow(2) - shareBelow(-1)), 13);
    expect(logShareBetween(8, 9)).toBeCloseTo(logShareBetween(-9, -8), 13);
    expect(Math.exp(logShareBetween(10, Infinity)) / 7.61985302416047e-24).toBeCloseTo(1, 12);
    // The two formulas meet: at 36 both are right.
    expect(logShareBetween(36.2, Infinity)).toBeCloseTo(Math.log(shareBelow(-36.2)), 3);
    // log Phi(-50) = -1254.8313611394194 (Mills' ratio by continued fraction)
    expect(logShareBetween(50, Infinity)).toBeCloseTo(-1254.8314, 2);
    expect(logShareBetween(-Infinity, Infinity)).toBeCloseTo(0, 15);
  });

  test.each([
    [-1, 0.5],
    [0, Infinity],
    [3, 3.5],
    [-Infinity, -7],
    [9, 9.2],
    [60, Infinity],
    [-60.5, -60],
    [2, 2 + 1e-13],
  ])("numbers between %d and %d stay there, and are distributed as they should", (low, high) => {
    const random = randomStream(7, "between", low);
    const whole = logShareBetween(low, high);
    const drawn = Array.from({ length: 2000 }, () => normalBetween(low, high, random));
    expect(drawn.every((x) => low <= x && x <= high)).toBe(true);
    if (high - low < 1e-9) return;
    // Shares below of what was drawn are uniform (Kolmogorov; 1.95 / sqrt(n) is passed once in 1,000).
    const shares = drawn
      .map((x) => (x <= low ? 0 : Math.exp(logShareBetween(low, x) - whole)))
      .sort((a, b) => a - b);
    const distance = Math.max(...shares.map((share, at) => Math.abs(share - (at + 0.5) / shares.length)));
    expect(distance).toBeLessThan(1.95 / Math.sqrt(shares.length));
  });
});

describe("codes on the latent axis", () => {
  const shares = Float64Array.of(0.5, 0.2, 0.2, 0.1);

  test("scores ascend with the position, have mean 0, and are those of a normal variable cut in two", () => {
    const cuts = cutsOf(shares, Int32Array.of(2, 0, 3, 1));
    const scores = scoresOf(cuts);
    const positions = [2, 0, 3, 1].map((code) => scores[code]);
    expect(positions.toSorted((a, b) => a - b)).toEqual(positions);
    expect(scores.reduce((sum, score, code) => sum + score * shares[code], 0)).toBeCloseTo(0, 14);
    const halves = scoresOf(cutsOf(Float64Array.of(0.5, 0.5), Int32Array.of(0, 1)));
    expect(halves[1]).toBeCloseTo(Math.sqrt(2 / Math.PI), 14);
  });

  test("a draw keeps to the codes that are allowed, each with its share among them, however far they lie", () => {
    const cuts = cutsOf(shares, Int32Array.of(0, 1, 2, 3));
    const draw = new LatentDraw();
    const random = randomStream(1, "draw");
    const counts = [0, 0, 0, 0];
    const allowed = Uint8Array.of(9, 1, 0, 1, 1);
    for (let at = 0; at < 8000; at++) {
      expect(draw.draw(cuts, 0, 1, random, allowed, 1)).toBe(true);
      counts[draw.code]++;
    }
    expect(counts[1]).toBe(0);
    // 5 : 2 : 1 of 8
    expect(Math.abs(counts[0] - 5000)).toBeLessThan(4 * Math.sqrt((8000 * 15) / 64));
    expect(Math.abs(counts[3] - 1000)).toBeLessThan(4 * Math.sqrt((8000 * 7) / 64));
    expect(draw.draw(cuts, 0, 1, random, Uint8Array.of(0, 0, 0, 0))).toBe(false);
    // 80 deviations away: the nearest code takes it all.
    for (let at = 0; at < 100; at++) {
      draw.draw(cuts, 80, 1, random, Uint8Array.of(1, 0, 1, 0));
      expect(draw.code).toBe(2);
      expect(draw.latent).toBeLessThanOrEqual(cuts.cuts[3]);
    }
  });
});
