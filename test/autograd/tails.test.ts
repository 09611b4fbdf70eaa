// Gradients far from zero, where a rule that takes a rounded number from one gives nothing.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import * as functions from "../../src/functions/elementwise.ts";
import { sum } from "../../src/functions/reduction.ts";
import { denseOperators } from "../../src/operators/dense/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "../operators/sample.ts";

/** e^-|x| / (1 + e^-|x|)^2: the logistic density. */
const logistic = (x: number): number => Math.exp(-Math.abs(x)) / (1 + Math.exp(-Math.abs(x))) ** 2;
const points = [0.3, 20, 50, 80].flatMap((x) => [x, -x]);

const backends = [
  // Float64 throughout, but for the numbers that are read.
  ["the reference", 1e-7, useEngine({ device: "reference" })],
  // WGSL's exp(x) may be off by 3 + 2 |x| units in the last place.
  ["WebGPU", 2e-5, useEngine({ device: "webgpu" })],
] as const;

/** An f32 below this may be flushed to zero. */
const smallest = 2 ** -126;

describe.each(backends)("gradients on %s", (_, tolerance, engine) => {
  async function gradientOf(f: (x: Tensor) => Tensor, at: readonly number[]): Promise<number[]> {
    const x = engine().tensor(at);
    const { gradients } = valueAndGradients(() => sum(f(x)), [x]);
    return Array.from(await gradients[0].read());
  }

  /** Each to a relative error of its own. */
  function expectEach(found: readonly number[], expected: readonly number[], at: readonly number[]): void {
    found.forEach((value, i) => {
      const error = Math.abs(value - expected[i]);
      const bound = tolerance * Math.abs(expected[i]) + (Math.abs(expected[i]) < smallest ? smallest : 0);
      expect(error, `at ${at[i]}: ${value}, not ${expected[i]}`).toBeLessThanOrEqual(bound);
    });
  }

  test("sigmoid's is y sigmoid(-x), in both tails", async () => {
    expectEach(await gradientOf(functions.sigmoid, points), points.map(logistic), points);
  });

  test("softplus' is sigmoid(x), in both tails", async () => {
    const expected = points.map((x) => 1 / (1 + Math.exp(-x)));
    expectEach(await gradientOf(functions.softplus, points), expected, points);
  });

  test("tanh's is 1 / cosh(x)^2, as small as it may get", async () => {
    const at = [...points, 5, -5, 10, -10, 40, -40];
    const expected = at.map((x) => 4 * logistic(2 * x));
    expectEach(await gradientOf(functions.tanh, at), expected, at);
  });

  test("gelu and normalCdf keep their digits in the left tail, and so do their gradients", async () => {
    const at = [-3, -5, -8, -10, -12];
    // The distribution function of the standard normal, to 40 digits by mpmath.
    const cdf = [
      1.3498980316300945e-3, 2.866515718791939e-7, 6.22096057427178e-16, 7.61985302416053e-24,
      1.776482112077679e-33,
    ];
    const density = at.map((x) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI));
    const compare = (found: readonly number[], expected: readonly number[]): void =>
      expectEach(found, expected, at);
    const x = engine().tensor(at);
    compare(Array.from(await functions.normalCdf(x).read()), cdf);
    compare(
      Array.from(await functions.gelu(x).read()),
      cdf.map((value, i) => value * at[i]),
    );
    compare(await gradientOf(functions.normalCdf, at), density);
    compare(
      await gradientOf(functions.gelu, at),
      cdf.map((value, i) => value + at[i] * density[i]),
    );
  });

  test("batchMoments' gives what float64 gives where the deviation is far below the mean", async () => {
    const shape = [128, 4];
    const { data } = normal(shape, 3, 1000, 0.01);
    const values = Array.from(data);
    const x = engine().tensor(data, shape);
    const weights = engine().tensor([0, 0, 0, 0, 1, 1, 1, 1], [2, 4]);
    const { gradients } = valueAndGradients(() => {
      const [statistics] = engine().run(denseOperators.batchMoments, [x], {});
      return sum(functions.multiply(statistics, weights));
    }, [x]);
    const means = [0, 1, 2, 3].map((c) => values.reduce((all, v, i) => all + (i % 4 === c ? v / 128 : 0), 0));
    (await gradients[0].read()).forEach((value, i) => {
      const expected = (2 * (values[i] - means[i % 4])) / 128;
      // In units of the deviation; the mean alone, rounded to f32, is off by up to 3e-3 of it.
      expect(Math.abs(value - expected) / (2 * 0.01)).toBeLessThan(1e-7);
    });
  });
});
