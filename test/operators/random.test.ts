// Random numbers: the published generator, the same numbers everywhere, and the distributions they should have.

import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors/errors.ts";
import * as functions from "../../src/functions/random-tensors.ts";
import { philox, randomNumbers, randomOperators } from "../../src/operators/random/index.ts";
import { useEngine } from "../engines.ts";

/** The largest distance between the numbers' distribution and a given one. */
function kolmogorovSmirnov(numbers: Float64Array, distribution: (x: number) => number): number {
  const sorted = numbers.slice().sort();
  let largest = 0;
  sorted.forEach((x, i) => {
    const below = distribution(x);
    largest = Math.max(
      largest,
      Math.abs(below - i / sorted.length),
      Math.abs(below - (i + 1) / sorted.length),
    );
  });
  return largest;
}

function standardNormal(x: number): number {
  // Simpson's rule from 0 to |x|: slow, and independent of the product's own polynomial.
  const steps = 64;
  const width = Math.abs(x) / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    sum += weight * Math.exp(-((i * width) ** 2) / 2);
  }
  const half = (sum * width) / 3 / Math.sqrt(2 * Math.PI);
  return x >= 0 ? 0.5 + half : 0.5 - half;
}

const average = (numbers: ArrayLike<number>): number =>
  Array.from(numbers).reduce((sum, each) => sum + each, 0) / numbers.length;

describe("Philox4x32-10", () => {
  // Known answers published with the generator (Random123, kat_vectors).
  test.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])("gives the published words for counter %j and key %j", (counter, [key0 = 0, key1 = 0], expected) => {
    const words = Uint32Array.from(counter);
    philox(words, key0, key1);
    expect(Array.from(words)).toEqual(expected);
  });
});

describe("the numbers", () => {
  const count = 40_000;
  const seed = [11, 0x5eed, 7, 0];

  test("uniform ones have the moments and the distribution of [0, 1)", () => {
    const numbers = randomNumbers("uniform", count, seed, 3);
    // Four standard deviations of each estimate.
    expect(Math.abs(average(numbers) - 1 / 2)).toBeLessThan(4 / Math.sqrt(12 * count));
    expect(Math.abs(average(numbers.map((u) => (u - 0.5) ** 2)) - 1 / 12)).toBeLessThan(
      4 / Math.sqrt(180 * count),
    );
    expect(kolmogorovSmirnov(numbers, (x) => x)).toBeLessThan(1.95 / Math.sqrt(count));
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
  });

  test("normal ones have the moments and the distribution of the standard normal", () => {
    const numbers = randomNumbers("normal", count, seed, 4);
    expect(Math.abs(average(numbers))).toBeLessThan(4 / Math.sqrt(count));
    expect(Math.abs(average(numbers.map((z) => z ** 2)) - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
    expect(Math.abs(average(numbers.map((z) => z ** 4)) - 3)).toBeLessThan(4 * Math.sqrt(96 / count));
    expect(kolmogorovSmirnov(numbers, standardNormal)).toBeLessThan(1.95 / Math.sqrt(count));
  });

  test("both halves of a pair, and neighbours, are uncorrelated", () => {
    const numbers = randomNumbers("normal", count, seed, 5);
    for (const lag of [1, 2, 4]) {
      const products = numbers.subarray(lag).map((z, i) => z * numbers[i]);
      expect(Math.abs(average(products))).toBeLessThan(4 / Math.sqrt(count));
    }
  });

  test("another stream, key or counter gives other numbers, and a longer draw begins with the shorter one", () => {
    const base = Array.from(randomNumbers("uniform", 64, seed, 0));
    const others = [
      randomNumbers("uniform", 64, seed, 1),
      ...[0, 1, 2, 3].map((word) =>
        randomNumbers(
          "uniform",
          64,
          seed.map((value, i) => (i === word ? value + 1 : value)),
          0,
        ),
      ),
    ];
    for (const other of others) expect(Array.from(other).filter((u) => base.includes(u))).toEqual([]);
    expect(Array.from(randomNumbers("uniform", 61, seed, 0))).toEqual(base.slice(0, 61));
  });
});

describe("on WebGPU", () => {
  const engine = useEngine({ device: "webgpu" });

  test("uniform numbers are those of the host, bit for bit", async () => {
    for (const words of [
      [0, 0, 0, 0],
      [0xffffffff, 0x80000000, 0xffffffff, 0x7fffffff],
    ]) {
      const seed = engine().tensor(Uint32Array.from(words));
      const drawn = await functions.randomUniform(seed, [1001], 0xffffffff).read();
      expect(Array.from(drawn)).toEqual(Array.from(randomNumbers("uniform", 1001, words, 0xffffffff)));
    }
  });

  test("normal numbers are those of the host to rounding, far out and near zero", async () => {
    const words = [3, 1, 4, 1];
    const expected = randomNumbers("normal", 100_003, words, 0);
    const drawn = await functions.randomNormal(engine().tensor(Uint32Array.from(words)), [100_003]).read();
    let largest = 0;
    drawn.forEach((z, i) => (largest = Math.max(largest, Math.abs(z - expected[i]))));
    expect(largest).toBeLessThan(1.5e-6);
    expect(Math.max(...expected)).toBeGreaterThan(3.5);
  });
});

describe("the records", () => {
  const { randomUniform } = randomOperators;

  test("a seed or stream that does not fit is named in words", () => {
    const seed = { shape: [4], dtype: "u32" as const };
    const floats = { shape: [4], dtype: "f32" as const };
    expect(() => randomUniform.infer([floats], { shape: [2], stream: 0 })).toThrow(ShapeError);
    expect(() => randomUniform.infer([floats], { shape: [2], stream: 0 })).toThrow(
      "randomUniform: seed must be u32 [4], got f32 [4]",
    );
    expect(() => randomUniform.infer([seed], { shape: [2], stream: -1 })).toThrow(
      "stream must be a whole number",
    );
    expect(() => randomUniform.infer([seed], { shape: [0], stream: 1 })).toThrow(
      "randomUniform: [0] is no shape",
    );
  });
});
