// What dense blocks refuse, and what they cost in launches.

import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors/errors.ts";
import type { AdapterTraits } from "../../src/device/traits.ts";
import { activatedPool, denseBlock } from "../../src/functions/dense.ts";
import { denseOperators } from "../../src/operators/dense/index.ts";
import { chunksOf, wholeKnobs } from "../../src/operators/dense/row-chunks.ts";
import { input, output, type Operator } from "../../src/operators/operator.ts";
import { operators } from "../../src/operators/registry.ts";
import type { HostArray } from "../../src/tensor/host.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { TensorSpec } from "../../src/tensor/shape.ts";
import { useEngine } from "../engines.ts";
import { uniform } from "./sample.ts";

describe("dense blocks refuse", () => {
  const open = useEngine({ device: "reference" });

  function stage(channels: number, filter: readonly number[]): Parameters<typeof denseBlock>[1][0][0] {
    const vector = (value: number): Tensor => open().full([channels], value);
    return {
      gamma: vector(1),
      beta: vector(0),
      runningMean: vector(0),
      runningVariance: vector(1),
      weight: open().full([...filter], 0.1),
    };
  }

  test("a growth that is no multiple of four, and say what takes it", () => {
    const x = open().zeros([1, 3, 3, 8]);
    expect(() => denseBlock(x, [[stage(8, [3, 3, 8, 6])]])).toThrow(ShapeError);
    expect(() => denseBlock(x, [[stage(8, [3, 3, 8, 6])]])).toThrow(
      /growth must be a multiple of four, got 6; compose it from batchNorm, relu, conv2d/,
    );
  });

  test("weights that do not follow from the channels before them", () => {
    const x = open().zeros([1, 3, 3, 4]);
    const layers = [[stage(4, [3, 3, 4, 4])], [stage(4, [3, 3, 4, 4])]];
    expect(() => denseBlock(x, layers)).toThrow(/denseBlock: gamma 1 of layer 2 must be f32 \[8\]/);
  });

  test("images without four axes, and no layers", () => {
    expect(() => denseBlock(open().zeros([3, 4]), [[stage(4, [3, 3, 4, 4])]])).toThrow(/takes images/);
    expect(() => denseBlock(open().zeros([1, 3, 3, 4]), [])).toThrow(ShapeError);
  });

  test("a momentum or epsilon that makes no sense", () => {
    const x = open().zeros([1, 3, 3, 4]);
    const layers = [[stage(4, [3, 3, 4, 4])]];
    expect(() => denseBlock(x, layers, { momentum: 1.5 })).toThrow(/momentum must be in \[0, 1\]/);
    expect(() => denseBlock(x, layers, { epsilon: 0 })).toThrow(/epsilon must be positive/);
  });

  test("a pool whose statistics are not those of its channels", () => {
    const { weight: _, ...norm } = stage(4, [1, 1, 4, 4]);
    const call = (): Tensor =>
      activatedPool("average", open().zeros([1, 4, 4, 4]), open().zeros([2, 8]), norm, { window: 2 });
    expect(call).toThrow(/statistics must be f32 \[2, 4\]/);
  });
});

describe("statistics and an outlier", () => {
  const open = useEngine({ device: "webgpu" });
  const channels = 4;

  interface Moments {
    readonly mean: readonly number[];
    readonly deviation: readonly number[];
  }

  /** Each channel's mean and deviation in float64. */
  function momentsOf(x: Float32Array): Moments {
    const columns = [0, 1, 2, 3].map((k) => Array.from(x).filter((_, i) => i % channels === k));
    const rows = x.length / channels;
    const mean = columns.map((column) => column.reduce((sum, value) => sum + value, 0) / rows);
    const deviation = columns.map((column, k) =>
      Math.sqrt(column.reduce((sum, value) => sum + (value - mean[k]) ** 2, 0) / rows),
    );
    return { mean, deviation };
  }

  /** Values in [-1, 1), but for one of 300 in each channel. */
  function withOutliers(rows: number): { x: Float32Array } & Moments {
    const x = Float32Array.from(uniform([rows, channels], 5, -1, 1).data);
    [0, 1, 77, rows - 1].forEach((row, k) => (x[row * channels + k] = 300));
    return { x, ...momentsOf(x) };
  }

  function expectMoments(found: HostArray, { mean, deviation }: Moments): void {
    for (let k = 0; k < channels; k++) {
      expect(Math.abs(found[k] - mean[k]) / deviation[k], `mean of channel ${k}`).toBeLessThan(2e-8);
      expect(found[channels + k] / deviation[k] ** 2).toBeCloseTo(1, 5);
    }
  }

  test.each(["chunks", "chunksWide"] as const)("of a tensor's %s: the mean loses nothing", async (way) => {
    const rows = 20_000;
    const { x } = withOutliers(rows);
    // Channel 1 has a first chunk of nothing but outliers.
    const { chunk } = chunksOf({ groups: 1, rows }, channels, way);
    for (let row = 0; row < chunk; row++) x[row * channels + 1] = 300;
    const given = [open().tensor(x, [rows, channels])];
    const statistics = open().withCandidate("batchMoments", way, () => {
      const [found] = open().run(denseOperators.batchMoments, given, {});
      return found;
    });
    expectMoments(await statistics.read(), momentsOf(x));
  });

  test.each([
    ["wholeNarrow", 4000],
    ["wholeWide", 4000],
    ["wholeWide", 100], // a lane has one row at most
  ] as const)("of one workgroup's rows, %s, %d rows", async (reductions, rows) => {
    const expected = withOutliers(rows);
    const shares = { epsilon: 1e-5, keep: 1, meanShare: 0, varianceShare: 0 };
    const sizes = { groups: 1, rows, channels: channels / 4, ...shares };
    const [gamma, beta, runningMean, runningVariance] = [1, 2, 3, 4].map(input);
    const norm = { gamma, beta, runningMean, runningVariance };
    const bind = { x: input(0), ...norm, statistics: output(0), factors: output(1) };
    const alone: Operator<Readonly<Record<string, never>>> = {
      name: "denseWholeFactorsAlone",
      updates: [3, 4],
      infer: () => [0, 1].map(() => ({ shape: [2, channels], dtype: "f32" })),
      reference: () => expect.unreachable(),
      candidates: () => [
        {
          name: reductions,
          launches: [{ kernel: "denseWholeFactors", knobs: wholeKnobs(reductions), bind, sizes }],
        },
      ],
    };
    const vectors = [1, 0, 0, 1].map((value) => open().full([channels], value));
    const x = open().tensor(expected.x, [rows, channels]);
    const [statistics] = open().run(alone, [x, ...vectors], {});
    expectMoments(await statistics.read(), expected);
  });
});

describe("launches of a dense layer", () => {
  const spec = (...shape: number[]): TensorSpec => ({ shape, dtype: "f32" });
  const gpu: AdapterTraits = {
    name: "",
    vendor: "",
    architecture: "",
    description: "",
    isSoftware: false,
    features: new Set(),
    subgroupSize: { minimum: 0, maximum: 0 },
    maxWorkgroupsPerDimension: 65535,
    maxInvocationsPerWorkgroup: 256,
    maxStorageBuffers: 16,
    maxBindingBytes: 2 ** 27,
    maxBufferBytes: 2 ** 28,
  };

  /** Launches of one more layer, forward and back, in the way the rule takes for this many rows. */
  function perLayer(bottleneck: number | null, batch: number): readonly [number, number] {
    const count = (layers: number): readonly [number, number] => {
      const x = spec(batch, 14, 14, 64);
      const attributes = { growth: 32, bottleneck, epsilon: 1e-5, momentum: 0.1 };
      const inputs = [x];
      for (let layer = 0; layer < layers; layer++) {
        const channels = 64 + 32 * layer;
        const norm = (width: number): TensorSpec[] => [1, 2, 3, 4].map(() => spec(width));
        inputs.push(...norm(channels));
        if (bottleneck === null) inputs.push(spec(3, 3, channels, 32));
        else inputs.push(spec(1, 1, channels, bottleneck), ...norm(bottleneck), spec(3, 3, bottleneck, 32));
      }
      const [block, statistics, ...kept] = operators.denseBlock.infer(inputs, attributes);
      const weights = inputs.filter((_, i) => i > 0 && i % 5 === 0);
      const back = [block, statistics, block].concat(
        Array.from({ length: layers }, (_, layer) => {
          if (bottleneck === null) return [kept[layer], weights[layer]];
          const [factors, ...inner] = kept.slice(4 * layer, 4 * layer + 4);
          return [factors, weights[2 * layer], ...inner, weights[2 * layer + 1]];
        }).flat(),
      );
      const forward = operators.denseBlock.candidates(inputs, attributes, gpu);
      const backward = operators.denseBlockGradient.candidates(back, attributes, gpu);
      return [forward.at(-1)?.launches.length ?? 0, backward.at(-1)?.launches.length ?? 0];
    };
    const [two, three] = [count(2), count(3)];
    return [three[0] - two[0], three[1] - two[1]];
  }

  test("are at most 3 and 7, with a bottleneck 6 and 10; fewer where there are few rows", () => {
    expect(perLayer(null, 64)[0]).toBeLessThanOrEqual(3);
    expect(perLayer(null, 64)[1]).toBeLessThanOrEqual(6);
    expect(perLayer(128, 64)[0]).toBeLessThanOrEqual(6);
    expect(perLayer(128, 64)[1]).toBeLessThanOrEqual(10);
    // Of these one is the second pass of a convolution whose depth is split, for want of pixels.
    expect(perLayer(128, 8)[0]).toBeLessThanOrEqual(5 + 1);
    expect(perLayer(128, 8)[1]).toBeLessThanOrEqual(8);
  });
});
