// Layer norm, RMS norm, group norm and instance norm: what parity with the reference on random samples does not show.

import { describe, expect, test } from "vitest";
import { valueAndGradients } from "../../src/autograd/functions.ts";
import { multiply } from "../../src/functions/elementwise.ts";
import { reshape } from "../../src/functions/movement.ts";
import { groupNorm, instanceNorm, layerNorm, rmsNorm } from "../../src/functions/normalisation.ts";
import { sum } from "../../src/functions/reduction.ts";
import { imageChunks } from "../../src/operators/normalisation/image-groups.ts";
import { normalisationOperators } from "../../src/operators/normalisation/index.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { useEngine } from "../engines.ts";
import { normal } from "./sample.ts";

const portable = { layerNorm: "rows", layerNormGradient: "rows", groupNorm: "elements" };
const workgroups = {
  ...{ layerNorm: "workgroups", layerNormGradient: "workgroups" },
  ...{ groupNorm: "workgroups", groupNormGradient: "workgroups" },
};
const backends = [
  ["the reference", useEngine({ device: "reference" })],
  ["WebGPU", useEngine({ device: "webgpu" })],
  ["WebGPU, one invocation a row", useEngine({ device: "webgpu", candidates: portable })],
  ["WebGPU, a workgroup a row", useEngine({ device: "webgpu", candidates: workgroups })],
] as const;

describe.each(backends)("norms of rows and groups on %s", (_, engine) => {
  const tensor = (shape: number[], seed: number, mean = 0, deviation = 1): Tensor =>
    engine().tensor(normal(shape, seed, mean, deviation).data, shape);

  test("group norm leaves no tensor behind but its result", () => {
    const [x, row] = [tensor([2, 3, 4], 1), tensor([4], 2)];
    const before = engine().memory().tensors;
    const results = [groupNorm(x, 2, row, row), instanceNorm(x, row, row)];
    expect(engine().memory().tensors).toBe(before + results.length);
  });

  test("rows and groups of equal numbers become beta, whatever the number, and their gradients are finite", async () => {
    for (const value of [7.1, 123.25, -1e9, 0]) {
      const x = engine().full([3, 100], value);
      const [gamma, beta] = [engine().full([100], 2), engine().full([100], -0.5)];
      for (const y of [layerNorm(x, gamma, beta), groupNorm(x, 5, gamma, beta)]) {
        for (const each of await y.read()) expect(each).toBeCloseTo(-0.5, 5);
      }
      const weights = tensor([3, 100], 1);
      for (const norm of [
        () => layerNorm(x, gamma, beta),
        () => groupNorm(x, 5, gamma, beta),
        () => rmsNorm(x, gamma),
      ]) {
        const { gradients } = valueAndGradients(() => sum(multiply(norm(), weights)), [x, gamma]);
        for (const gradient of gradients) {
          expect((await gradient.read()).every(Number.isFinite), `${value}`).toBe(true);
        }
      }
    }
  });

  test("a mean of a hundred thousand deviations costs the result and the gradient of x no digits", async () => {
    const shape = [6, 64];
    const { data } = normal(shape, 3, 1000, 0.01);
    const slopes = normal(shape, 4).data;
    const options = { epsilon: 1e-12 };
    const x = engine().tensor(data, shape);
    const [one, zero, weights] = [
      engine().full([64], 1),
      engine().zeros([64]),
      engine().tensor(slopes, shape),
    ];
    // Each row as the only group of an image, too.
    for (const norm of [
      (given: Tensor) => layerNorm(given, one, zero, options),
      (given: Tensor) => groupNorm(given, 1, one, zero, options),
    ]) {
      const y = await norm(x).read();
      const { gradients } = valueAndGradients(() => sum(multiply(norm(x), weights)), [x]);
      const dx = await gradients[0].read();
      for (let row = 0; row < 6; row++) {
        const [values, given] = [data, slopes].map((all) => Array.from(all.slice(row * 64, row * 64 + 64)));
        const average = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / 64;
        const centre = average(values);
        const deviation = Math.sqrt(average(values.map((value) => (value - centre) ** 2)) + 1e-12);
        const h = values.map((value) => (value - centre) / deviation);
        const [plain, weighted] = [average(given), average(given.map((slope, i) => slope * h[i]))];
        h.forEach((expected, i) => {
          expect(Math.abs(y[row * 64 + i] - expected)).toBeLessThan(2e-5);
          const slope = given[i] - plain - expected * weighted;
          expect(Math.abs(dx[row * 64 + i] * deviation - slope)).toBeLessThan(2e-5);
        });
      }
    }
  });

  test("the same call gives the same bits", async () => {
    const x = tensor([131, 100], 5);
    const [gamma, beta] = [tensor([100], 6), tensor([100], 7)];
    const run = async (): Promise<number[][]> => {
      const { gradients } = valueAndGradients(
        () => sum(multiply(layerNorm(x, gamma, beta), groupNorm(x, 4, gamma, beta))),
        [x, gamma, beta],
      );
      return Promise.all(gradients.map(async (each) => [...(await each.read())]));
    };
    expect(await run()).toEqual(await run());
  });

  test("instance norm is group norm with a group for each channel; a group of all channels is a layer norm of the image", async () => {
    const x = tensor([2, 3, 5, 6], 8, 2, 3);
    const [gamma, beta] = [tensor([6], 9), tensor([6], 10)];
    const byInstance = await instanceNorm(x, gamma, beta).read();
    expect([...byInstance]).toEqual([...(await groupNorm(x, 6, gamma, beta).read())]);
    const [one, zero] = [engine().full([6], 1), engine().zeros([6])];
    const whole = await groupNorm(x, 1, one, zero).read();
    const layer = layerNorm(x, engine().full([3, 5, 6], 1), engine().zeros([3, 5, 6]));
    (await layer.read()).forEach((value, i) => expect(value).toBeCloseTo(whole[i], 5));
    const flat = layerNorm(reshape(x, [2, 90]), engine().full([90], 1), engine().zeros([90]));
    expect([...(await flat.read())]).toEqual([...(await layer.read())]);
  });
});

describe("the records", () => {
  const { layerNorm: record, groupNorm: grouped } = normalisationOperators;
  const f32 = (...shape: number[]) => ({ shape, dtype: "f32" as const });

  test("shapes that do not fit are named in words", () => {
    const epsilon = 1e-5;
    expect(() => record.infer([f32(2, 3), f32(4), f32(4)], { epsilon })).toThrow(
      "layerNorm: gamma must have the shape of the last axis of x [2, 3], or of its last axes, got [4]",
    );
    expect(() => record.infer([f32(2, 3), f32(3), f32(4)], { epsilon })).toThrow(
      "layerNorm: beta must be f32 [3], got f32 [4]",
    );
    expect(() => record.infer([f32(2, 3), f32(3), f32(3)], { epsilon: 0 })).toThrow(
      "epsilon must be positive",
    );
    expect(() => grouped.infer([f32(2, 3, 6), f32(6), f32(6)], { groups: 4, epsilon })).toThrow(
      "groupNorm: groups must be a divisor of 6 channels, got 4",
    );
    expect(() => grouped.infer([f32(6), f32(6), f32(6)], { groups: 2, epsilon })).toThrow(
      "groupNorm: x [6] must be [images, ..., channels]",
    );
    const [x, row] = [backends[0][1]().full([6], 1), backends[0][1]().full([5], 1)];
    expect(() => instanceNorm(x, x, x)).toThrow("instanceNorm: x [6] must be [images, ..., channels]");
    expect(() => instanceNorm(reshape(x, [1, 6]), row, x)).toThrow("instanceNorm: gamma must be f32 [6]");
  });

  test.each([
    [1, 1, 1],
    [3, 131, 4],
    [8, 1024, 64],
    [1, 1_000_000, 3],
    [500, 49, 512],
  ])(
    "%d images of %d pixels and %d channels are split without an empty chunk",
    (images, pixels, channels) => {
      for (const isSoftware of [true, false]) {
        const { chunk, chunks } = imageChunks({ images, pixels, channels }, { isSoftware });
        expect(chunk * chunks).toBeGreaterThanOrEqual(pixels);
        expect(chunk * (chunks - 1)).toBeLessThan(pixels);
      }
    },
  );
});
