// Batch normalisation: what parity with the reference on random samples does not show.

import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors/errors.ts";
import * as functions from "../../src/functions/normalisation.ts";
import { normalisationOperators } from "../../src/operators/normalisation/index.ts";
import { chunksOf } from "../../src/operators/normalisation/channels.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { HostArray } from "../../src/tensor/host.ts";
import { useEngine } from "../engines.ts";
import { normal, uniform } from "./sample.ts";

const backends = [
  ["the reference", useEngine({ device: "reference" })],
  ["WebGPU", useEngine({ device: "webgpu" })],
  [
    "WebGPU, channel by channel",
    useEngine({ device: "webgpu", candidates: { batchNorm: "elements", batchNormGradient: "elements" } }),
  ],
  [
    "WebGPU, workgroups that share chunks",
    useEngine({ device: "webgpu", candidates: { batchNorm: "workgroups", batchNormGradient: "workgroups" } }),
  ],
] as const;
const f32 = (...shape: number[]) => ({ shape, dtype: "f32" as const });

/** Mean and biased variance of each channel of rows x channels numbers, in float64 and in two passes. */
function moments(data: HostArray, channels: number): { mean: number[]; variance: number[] } {
  const columns = Array.from({ length: channels }, (_, channel) =>
    Array.from(data).filter((_, i) => i % channels === channel),
  );
  const average = (list: readonly number[]): number =>
    list.reduce((sum, each) => sum + each, 0) / list.length;
  const mean = columns.map(average);
  const variance = columns.map((column, k) => average(column.map((each) => (each - mean[k]) ** 2)));
  return { mean, variance };
}

async function normalised(engine: Engine, shape: number[], data: HostArray) {
  const channels = shape.at(-1) ?? 1;
  const [gamma, beta] = [engine.full([channels], 1), engine.zeros([channels])];
  const result = functions.batchNorm(engine.tensor(data, shape), gamma, beta);
  const read = async (name: "y" | "mean" | "variance") => Array.from(await result[name].read());
  return { y: await read("y"), mean: await read("mean"), variance: await read("variance") };
}

describe.each(backends)("batch normalisation on %s", (_, engine) => {
  test.each([1e3, -1e4])(
    "statistics and result survive a mean of %d deviations",
    { timeout: 60_000 },
    async (mean) => {
      const shape = [5, 9, 13, 4];
      const { data } = normal(shape, 3, mean, 1);
      const expected = moments(data, 4);
      const actual = await normalised(engine(), shape, data);
      actual.variance.forEach((value, k) => expect(value / expected.variance[k]).toBeCloseTo(1, 5));
      actual.mean.forEach((value, k) => expect(value / expected.mean[k]).toBeCloseTo(1, 6));
      actual.y.forEach((value, i) => {
        const k = i % 4;
        const deviation = Math.sqrt(expected.variance[k] + 1e-5);
        expect(value).toBeCloseTo((data[i] - expected.mean[k]) / deviation, 4);
      });
    },
  );

  test("an outlier costs the mean nothing, whether it is the first row, the last or the first of a chunk", async () => {
    for (const channels of [1, 4]) {
      const rows = 50176;
      const { chunk } = chunksOf({ rows, channels }, engine().traits);
      const { data } = uniform([rows, channels], 5, -1, 1);
      // In each channel elsewhere.
      [0, chunk, 31 * chunk + 5, rows - 1].slice(0, channels).forEach((row, k) => {
        data[row * channels + k] = 300;
      });
      const expected = moments(data, channels);
      const actual = await normalised(engine(), [rows, channels], data);
      const ofResult = moments(Float64Array.from(actual.y), channels);
      for (let k = 0; k < channels; k++) {
        const error = (actual.mean[k] - expected.mean[k]) / Math.sqrt(expected.variance[k]);
        expect(Math.abs(error), `channel ${k}: mean, in deviations`).toBeLessThan(2e-8);
        expect(Math.abs(ofResult.mean[k]), `channel ${k}: mean of y`).toBeLessThan(5e-8);
        expect(actual.variance[k] / expected.variance[k]).toBeCloseTo(1, 5);
      }
    }
  });

  test.each([
    [1000, 0.01],
    [-1e4, 1],
  ])("the gradient is that of x in float64 at a mean of %d and a deviation of %d", async (centre, spread) => {
    const shape = [512, 4];
    const [rows, channels] = shape;
    const { data } = normal(shape, 9, centre, spread);
    const dy = normal(shape, 10, 0.5).data;
    const epsilon = 1e-12;
    const expected = moments(data, channels);
    const deviation = expected.variance.map((value) => Math.sqrt(value + epsilon));
    const h = Array.from(data, (value, i) => (value - expected.mean[i % channels]) / deviation[i % channels]);
    const [plain, weighted, magnitude] = [0, 1, 2].map(() => new Float64Array(channels));
    dy.forEach((slope: number, i: number) => {
      plain[i % channels] += slope;
      weighted[i % channels] += slope * h[i];
      magnitude[i % channels] += Math.abs(slope * h[i]);
    });
    const x = engine().tensor(data, shape);
    const gamma = engine().full([channels], 1);
    const { mean, variance } = functions.batchNorm(x, gamma, engine().zeros([channels]), { epsilon });
    const slopes = engine().tensor(dy, shape);
    const { dx, dgamma } = functions.batchNormGradient(x, gamma, mean, variance, slopes, { epsilon });
    (await dx.read()).forEach((value, i) => {
      const k = i % channels;
      const normalised = value * deviation[k];
      const correction = (plain[k] + h[i] * weighted[k]) / rows;
      expect(Math.abs(normalised - (dy[i] - correction)), `dx ${i}`).toBeLessThan(2e-6);
    });
    (await dgamma.read()).forEach((value, k) => {
      expect(Math.abs(value - weighted[k]) / magnitude[k], `dgamma ${k}`).toBeLessThan(1e-7);
    });
  });

  test("a channel without variance becomes beta, and stays finite in the gradient", async () => {
    const x = engine().full([6, 4], 123.25);
    const [gamma, beta] = [engine().full([4], 2), engine().full([4], -0.5)];
    const { y, mean, variance } = functions.batchNorm(x, gamma, beta);
    expect(Array.from(await y.read())).toEqual(new Array(24).fill(-0.5));
    expect(Array.from(await variance.read())).toEqual([0, 0, 0, 0]);
    const dy = engine().tensor(normal([6, 4], 1).data, [6, 4]);
    const { dx, dgamma } = functions.batchNormGradient(x, gamma, mean, variance, dy);
    for (const value of await dx.read()) expect(Number.isFinite(value)).toBe(true);
    expect(Array.from(await dgamma.read()).map(Math.abs)).toEqual([0, 0, 0, 0]);
  });

  test("the gradient of x adds up to nothing along each channel, plain and weighted by x", async () => {
    const shape = [41, 4];
    const { data } = normal(shape, 5, 2, 3);
    const x = engine().tensor(data, shape);
    const gamma = engine().full([4], 1.5);
    const { mean, variance } = functions.batchNorm(x, gamma, engine().zeros([4]));
    const dy = engine().tensor(normal(shape, 6).data, shape);
    const { dx } = functions.batchNormGradient(x, gamma, mean, variance, dy, { epsilon: 1e-12 });
    const [plain, weighted] = [new Float64Array(4), new Float64Array(4)];
    (await dx.read()).forEach((value, i) => {
      plain[i % 4] = plain[i % 4] + value;
      weighted[i % 4] = weighted[i % 4] + value * data[i];
    });
    for (const sum of [...plain, ...weighted]) expect(sum).toBeCloseTo(0, 3);
  });

  test("inference with the batch's own statistics equals training", async () => {
    const shape = [3, 5, 4];
    const x = engine().tensor(normal(shape, 1, 1, 2).data, shape);
    const [gamma, beta] = [2, 3].map((seed) => engine().tensor(normal([4], seed).data, [4]));
    const { y, mean, variance } = functions.batchNorm(x, gamma, beta);
    const inferred = functions.batchNormInference(x, gamma, beta, mean, variance);
    const expected = await y.read();
    (await inferred.read()).forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
  });

  test("running statistics move in place by the momentum, the variance unbiased", async () => {
    const running = engine().tensor([1, 2]);
    functions.movingAverage(running, engine().tensor([3, -2]), { momentum: 0.25, scale: 8 / 7 });
    const [first, second] = await running.read();
    expect(first).toBeCloseTo(0.75 + (0.25 * 3 * 8) / 7, 6);
    expect(second).toBeCloseTo(1.5 - (0.25 * 2 * 8) / 7, 6);
  });
});

describe("the records", () => {
  const { batchNorm, batchNormGradient, movingAverage } = normalisationOperators;

  test("shapes that do not fit are named in words", () => {
    const epsilon = 1e-5;
    expect(() => batchNorm.infer([f32(2, 3), f32(4), f32(3)], { epsilon })).toThrow(ShapeError);
    expect(() => batchNorm.infer([f32(2, 3), f32(4), f32(3)], { epsilon })).toThrow(
      "batchNorm: gamma must be f32 [3], got f32 [4] (all inputs: f32 [2, 3], f32 [4], f32 [3])",
    );
    expect(() => batchNorm.infer([f32(3), f32(3), f32(3)], { epsilon })).toThrow("batchNorm: x [3] must be");
    expect(() => batchNorm.infer([f32(2, 3)], { epsilon })).toThrow(
      "takes 3 tensors (x, gamma, beta), got 1",
    );
    expect(() => batchNorm.infer([f32(2, 3), f32(3), f32(3)], { epsilon: 0 })).toThrow(
      "epsilon must be positive",
    );
    const statistics = [f32(3), f32(3), f32(3)];
    expect(() => batchNormGradient.infer([f32(2, 3), ...statistics, f32(3, 2)], { epsilon })).toThrow(
      "batchNormGradient: dy must be f32 [2, 3], got f32 [3, 2]",
    );
    expect(() => movingAverage.infer([f32(3), f32(3)], { momentum: 2, scale: 1 })).toThrow(
      "momentum must be in [0, 1]",
    );
  });

  test.each([
    [1, 1],
    [7, 3],
    [33, 64],
    [50176, 64],
    [1_000_000, 1],
    [1_000_000, 3],
    [100, 4096],
  ])("%d rows of %d channels are split into whole chunks without an empty one", (rows, channels) => {
    for (const isSoftware of [true, false]) {
      const { chunk, chunks } = chunksOf({ rows, channels }, { isSoftware });
      expect(chunk % 8).toBe(0);
      expect(chunk * chunks).toBeGreaterThanOrEqual(rows);
      expect(chunk * (chunks - 1)).toBeLessThan(rows);
      expect(chunks).toBeLessThanOrEqual(1024);
    }
  });
});
