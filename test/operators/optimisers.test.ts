// Optimiser steps: several in a row, as a trainer takes them.

import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors/errors.ts";
import { adam, sgd } from "../../src/functions/optimisers.ts";
import { optimiserOperators } from "../../src/operators/optimisers/index.ts";
import { useEngine } from "../engines.ts";

const backends = [
  ["the reference", useEngine({ device: "reference" })],
  ["WebGPU", useEngine({ device: "webgpu" })],
] as const;

/** Slopes of a parameter over the steps; the first is zero, the last are tiny. */
const slopes = [0, 0.5, -2, 1e-3, 1e-6, 3];

describe.each(backends)("on %s", (_, engine) => {
  test("Adam's steps are those of its formula, written out", async () => {
    const [rate, beta1, beta2, epsilon] = [0.1, 0.9, 0.999, 1e-8];
    const [p, m, v] = [1.5, 0, 0].map((value) => engine().tensor([value]));
    let [parameter, first, second] = [1.5, 0, 0];
    for (const [i, slope] of slopes.entries()) {
      const corrections = [1 / (1 - beta1 ** (i + 1)), 1 / (1 - beta2 ** (i + 1))];
      const betas = [beta1, beta2];
      const rests = betas.map((beta) => 1 - beta);
      const hyper = engine().tensor([rate, ...betas, epsilon, ...corrections, ...rests]);
      adam(p, m, v, engine().tensor([slope]), hyper);
      first = beta1 * first + (1 - beta1) * slope;
      second = beta2 * second + (1 - beta2) * slope ** 2;
      const [unbiased, square] = [first / (1 - beta1 ** (i + 1)), second / (1 - beta2 ** (i + 1))];
      parameter -= (rate * unbiased) / (Math.sqrt(square) + epsilon);
      expect(await p.item()).toBeCloseTo(parameter, 4);
    }
    expect(await m.item()).toBeCloseTo(first, 5);
    expect(await v.item()).toBeCloseTo(second, 5);
  });

  test("momentum's steps are those of its formula, written out", async () => {
    const [p, velocity] = [engine().tensor([1.5]), engine().tensor([0])];
    let [parameter, speed] = [1.5, 0];
    for (const slope of slopes) {
      sgd(p, velocity, engine().tensor([slope]), engine().tensor([0.1, 0.9]));
      speed = 0.9 * speed + slope;
      parameter -= 0.1 * speed;
      expect(await p.item()).toBeCloseTo(parameter, 5);
    }
    expect(await velocity.item()).toBeCloseTo(speed, 5);
  });

  test("both walk down to the minimum of a quadratic", async () => {
    const [a, first, second] = [3, 0, 0].map((value) => engine().full([5], value));
    const [b, velocity] = [engine().full([5], 3), engine().zeros([5])];
    for (let t = 1; t <= 200; t++) {
      const corrections = [1 / (1 - 0.9 ** t), 1 / (1 - 0.999 ** t)];
      // The gradient of |x|^2 / 2 is x itself.
      adam(
        a,
        first,
        second,
        engine().tensor(await a.read()),
        engine().tensor([0.1, 0.9, 0.999, 1e-8, ...corrections, 0.1, 0.001]),
      );
      sgd(b, velocity, engine().tensor(await b.read()), engine().tensor([0.1, 0.5]));
    }
    for (const value of await a.read()) expect(Math.abs(value)).toBeLessThan(0.5);
    for (const value of await b.read()) expect(Math.abs(value)).toBeLessThan(1e-3);
  });
});

test("tensors that do not fit are named in words", () => {
  const f32 = (...shape: number[]) => ({ shape, dtype: "f32" as const });
  const { adam: step } = optimiserOperators;
  expect(() => step.infer([f32(3), f32(3), f32(2), f32(3), f32(8)], { decay: "none" })).toThrow(ShapeError);
  expect(() => step.infer([f32(3), f32(3), f32(2), f32(3), f32(8)], { decay: "none" })).toThrow(
    "adam: secondMoment must be f32 [3], got f32 [2]",
  );
  expect(() => step.infer([f32(3), f32(3), f32(3), f32(3), f32(4)], { decay: "none" })).toThrow(
    "adam: hyper must be f32 [8]",
  );
});
