// Streams of random numbers and the permutations made of them: reproducible, separate, and fair enough.
import { describe, expect, test } from "vitest";
import { nearest } from "../../src/errors/nearest.ts";
import { epochOrder, permutation } from "../../src/data/assembly/order.ts";
import { randomStream } from "../../src/data/random-stream.ts";

const draw = (count: number, ...coordinates: (number | string)[]): number[] => {
  const random = randomStream(7, ...coordinates);
  return Array.from({ length: count }, () => random.bits());
};

describe("a random stream", () => {
  test("gives the same numbers for the same coordinates and others for others", () => {
    expect(draw(50, "a", 1)).toEqual(draw(50, "a", 1));
    const streams = [
      draw(50),
      draw(50, "a"),
      draw(50, "a", 1),
      draw(50, "a", 2),
      draw(50, "a1"),
      draw(50, 1, "a"),
    ];
    expect(new Set(streams.flat()).size).toBe(300);
  });

  test("tells seeds apart beyond 32 bits and refuses what is no seed", () => {
    expect(randomStream(1).bits()).not.toBe(randomStream(1 + 2 ** 32).bits());
    for (const seed of [-1, 0.5, NaN, 2 ** 53]) expect(() => randomStream(seed)).toThrow(/random seed/u);
  });

  test("is uniform, normal and unbiased in its first moments", () => {
    const random = randomStream(3, "moments");
    const count = 20_000;
    const mean = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    const uniforms = Array.from({ length: count }, random.uniform);
    expect(Math.min(...uniforms)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniforms)).toBeLessThan(1);
    expect(mean(uniforms)).toBeCloseTo(0.5, 1.9);
    expect(mean(uniforms.map((u, i) => u * (uniforms[i + 1] ?? 0.5)))).toBeCloseTo(0.25, 1.9); // no serial correlation
    const normals = Array.from({ length: count }, random.normal);
    expect(mean(normals)).toBeCloseTo(0, 1.3);
    expect(mean(normals.map((z) => z * z))).toBeCloseTo(1, 1.3);
    expect(mean(normals.map((z) => z ** 4))).toBeCloseTo(3, 0.3);
    const counts = [0, 0, 0];
    for (let i = 0; i < 30_000; i++) counts[random.below(3)]++;
    for (const found of counts) expect(Math.abs(found - 10_000)).toBeLessThan(400); // five deviations
  });

  test("streams of neighbouring coordinates are not correlated", () => {
    const count = 4000;
    const first = Array.from({ length: count }, (_, i) => randomStream(1, "x", i).uniform() - 0.5);
    const next = Array.from({ length: count }, (_, i) => randomStream(1, "x", i + 1).uniform() - 0.5);
    const other = Array.from({ length: count }, (_, i) => randomStream(2, "x", i).uniform() - 0.5);
    const correlation = (a: number[], b: number[]): number =>
      (12 / count) * a.reduce((sum, v, i) => sum + v * b[i], 0);
    expect(Math.abs(correlation(first, next))).toBeLessThan(0.08); // five deviations
    expect(Math.abs(correlation(first, other))).toBeLessThan(0.08);
  });
});

describe("an order", () => {
  test("visits each image once, in another order each epoch and seed, and the same when asked again", () => {
    const order = epochOrder(101, 5, 3);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 101 }, (_, i) => i));
    expect(epochOrder(101, 5, 3)).toEqual(order);
    expect(epochOrder(101, 5, 4)).not.toEqual(order);
    expect(epochOrder(101, 6, 3)).not.toEqual(order);
    expect(epochOrder(0, 1, 0)).toHaveLength(0);
    expect([...epochOrder(1, 1, 0)]).toEqual([0]);
  });

  test("reaches each of the six orders of three things equally often", () => {
    const random = randomStream(1, "six");
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const key = permutation(3, random).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150); // five deviations
  });
});

test("the nearest name forgives a slip and offers nothing for another word", () => {
  const names = ["classes", "sources", "train"];
  expect(nearest("clases", names)).toBe("classes");
  expect(nearest("Train", names)).toBe("train");
  expect(nearest("soruces", names)).toBe("sources");
  expect(nearest("elephant", names)).toBeUndefined();
  expect(nearest("8", ["1", "2"])).toBeUndefined();
  expect(nearest("", names)).toBeUndefined();
});
