// Sums over rows by the lanes of whole workgroups, as GPUs want them: with more rows than the samples have, so that a lane
// takes several turns of four rows and of four chunks, and rows behind them; and the rule that takes them.

import { describe, expect, test } from "vitest";
import type { AdapterTraits } from "../../src/device/traits.ts";
import { chunksOf, rowKnobs } from "../../src/operators/dense/row-chunks.ts";
import { chunkLanes, joiningLanes, sharedChunks } from "../../src/operators/normalisation/shared-chunks.ts";
import type { Candidate, Operator } from "../../src/operators/operator.ts";
import { operators } from "../../src/operators/registry.ts";
import type { HostTensor } from "../../src/tensor/host.ts";
import { sizeOf, type Shape, type TensorSpec } from "../../src/tensor/shape.ts";
import { useCheckedEngines } from "./checked-engines.ts";
import { worstError } from "./magnitudes.ts";
import { results } from "./results.ts";
import { normal, uniform, type Sample } from "./sample.ts";

type AnyOperator = Operator<unknown>;

const spec = (...shape: number[]): TensorSpec => ({ shape, dtype: "f32" });

describe("sums over many rows", () => {
  const engines = useCheckedEngines();

  const epsilon = 1e-5;
  const channels = 32;
  // 157 chunks of 256 rows, the last of 71; with two groups 133 of each, the last of 219.
  const one: readonly [Shape, number] = [[1, 40_007, channels], 1];
  const two: readonly [Shape, number] = [[2, 34_011, channels], 2];
  const cases = [
    ["batchMoments", one],
    ["batchMoments", two],
    ["batchNorm", one],
    ["batchNormGradient", one],
  ] as const;
  const rowsOf = (shape: Shape, groups: number): number => sizeOf(shape) / channels / groups;

  function statisticsOf(x: HostTensor, groups: number): HostTensor {
    const shape = groups === 1 ? [2, channels] : [groups, 2, channels];
    const statistics = { shape, dtype: "f32" as const, data: new Float32Array(sizeOf(shape)) };
    operators.batchMoments.reference([x], [statistics], { groups });
    return statistics;
  }

  /** The mean or the variance of each group. */
  function momentsOf(x: HostTensor, groups: number, which: 0 | 1): HostTensor {
    const { data } = statisticsOf(x, groups);
    const each = Array.from({ length: groups }, (_, group) => {
      const first = (2 * group + which) * channels;
      return Array.from(data.subarray(first, first + channels));
    });
    const shape = groups === 1 ? [channels] : [groups, channels];
    return { shape, dtype: "f32", data: Float32Array.from(each.flat()) };
  }

  const inputsOf: Readonly<
    Record<(typeof cases)[number][0], (shape: Shape, groups: number) => readonly HostTensor[]>
  > = {
    batchMoments: (shape) => [normal(shape, 1, 2, 3)],
    batchNorm: (shape) => [normal(shape, 1, 2, 3), uniform([channels], 2, 0.5, 1.5), normal([channels], 3)],
    batchNormGradient: (shape, groups) => {
      const x = normal(shape, 1, 2, 3);
      const moments = ([0, 1] as const).map((which) => momentsOf(x, groups, which));
      return [x, uniform([channels], 2, 0.5, 1.5), ...moments, normal(shape, 4)];
    },
  };

  test.each(cases)(
    "%s of %j equals the reference, bit for bit the same each time",
    async (name, [shape, groups]) => {
      const { backend, engine, reference } = engines();
      const operator = operators[name] as AnyOperator;
      const sample: Sample<unknown> = {
        name,
        inputs: inputsOf[name](shape, groups),
        attributes: groups === 1 ? { epsilon } : { epsilon, groups },
        reduction: rowsOf(shape, groups),
      };
      const expected = await results(reference, operator, sample);
      backend.candidates.set(name, name === "batchMoments" ? "chunksWide" : "workgroups");
      const actual = await results(engine, operator, sample);
      actual.forEach((array, i) => {
        expect(worstError(array, expected[i], sample, undefined), `output ${i}`).toBeLessThanOrEqual(1);
      });
      const again = await results(engine, operator, sample);
      again.forEach((array, i) => {
        expect(array.every((value: number, at: number) => Object.is(value, actual[i][at]))).toBe(true);
      });
    },
  );
});

describe("chunks that lanes share", () => {
  test.each([
    [1, 1, 1],
    [7, 3, 2],
    [100_352, 8, 1],
    [50_176, 32, 2],
    [1568, 256, 2],
    [1_000_000, 1, 3],
    [100, 1024, 1],
  ])(
    "%d rows of %d fours of channels, %d groups: none is empty, and they fill a GPU",
    (rows, steps, groups) => {
      const lanes = chunkLanes(steps, 16);
      const { chunk, chunks } = sharedChunks({ rows, channels: steps }, groups, lanes);
      expect(lanes.WIDTH % lanes.LANES).toBe(0);
      expect(Math.log2(lanes.LANES) % 1).toBe(0);
      expect(chunk * chunks).toBeGreaterThanOrEqual(rows);
      expect(chunk * (chunks - 1)).toBeLessThan(rows);
      expect(chunk % (4 * lanes.LANES)).toBe(0);
      expect(chunks).toBeLessThanOrEqual(256);
      const workgroups = Math.ceil((groups * chunks * steps * lanes.LANES) / lanes.WIDTH);
      // One for each multiprocessor of a large GPU; four rows for each lane at the least, so that small tensors make fewer.
      const most = (groups * rows * steps) / (4 * lanes.WIDTH);
      expect(workgroups).toBeGreaterThanOrEqual(Math.min(most, 132));
    },
  );

  test("partial sums take no more than a few megabytes, whatever the rows, channels and groups", () => {
    for (const groups of [1, 2]) {
      for (const channels of [4, 12, 32, 64, 256, 1024, 2048]) {
        for (const rows of [6272, 100_352, 1_605_632]) {
          const { chunks } = chunksOf({ groups, rows }, channels, "chunksWide");
          expect((groups * 3 * chunks * channels * 4) / 2 ** 20).toBeLessThan(1);
        }
      }
    }
  });
});

describe("the rule", () => {
  const gpu: AdapterTraits = {
    ...{ name: "", vendor: "", architecture: "", description: "", isSoftware: false },
    ...{ features: new Set<string>(), subgroupSize: { minimum: 0, maximum: 0 } },
    ...{ maxWorkgroupsPerDimension: 65535, maxInvocationsPerWorkgroup: 256, maxStorageBuffers: 16 },
    ...{ maxBindingBytes: 2 ** 30, maxBufferBytes: 2 ** 30 },
  };
  const last = (candidates: readonly Candidate[]): Candidate => {
    const found = candidates.at(-1);
    if (found === undefined) throw new Error("no candidate");
    return found;
  };
  const names = (isSoftware: boolean): string[] => {
    const adapter = { ...gpu, isSoftware };
    const [x, row] = [spec(32, 56, 56, 64), spec(64)];
    const pool = { kind: "average", window: [2, 2], stride: [2, 2], padding: [0, 0], epsilon: 1e-5 } as const;
    const back = [x, spec(2, 64), spec(2, 64), spec(32, 28, 28, 64)];
    return [
      operators.batchMoments.candidates([x], {}, adapter),
      operators.batchNorm.candidates([x, row, row], { epsilon: 1e-5 }, adapter),
      operators.batchNormGradient.candidates([x, row, row, row, x], { epsilon: 1e-5 }, adapter),
      operators.activatedPoolGradient.candidates(back, pool, adapter),
    ].map((candidates) => last(candidates).name);
  };

  test("takes them on a GPU, and invocations of their own on CPU Vulkan", () => {
    expect(names(false)).toEqual(["chunksWide", "workgroups", "workgroups", "chunksWide"]);
    expect(names(true)).toEqual(["chunks", "vectors", "vectors", "chunks"]);
  });

  test("the launches of a candidate agree on the knobs and on the chunks", () => {
    const { launches } = last(operators.batchMoments.candidates([spec(32, 28, 28, 128)], {}, gpu));
    const [rows, joins] = launches;
    expect(rows.knobs).toEqual(rowKnobs(128, "chunksWide"));
    expect(joins.knobs).toEqual(joiningLanes);
    expect([rows.sizes.chunk, rows.sizes.chunks]).toEqual([joins.sizes.chunk, joins.sizes.chunks]);
  });
});
