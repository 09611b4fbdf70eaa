// Reductions: what parity with the reference cannot show.

import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors/errors.ts";
import { max, mean, sum } from "../../src/functions/reduction.ts";
import { reductionOperators } from "../../src/operators/reduction/index.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";
import { useEngine } from "../engines.ts";
import { normal } from "./sample.ts";

const reference = useEngine({ device: "reference" });
const gpu = useEngine({ device: "webgpu" });
const spec = (...shape: number[]) => ({ shape, dtype: "f32" as const });

describe("accuracy", () => {
  const count = 1_000_003;
  const host = normal([count], 1, 1000);
  let exact = 0;
  for (const value of host.data) exact += value / count;

  for (const candidate of ["direct", "split"]) {
    test(`${candidate}: the mean of a million values far from zero is right to six digits`, async () => {
      const engine = gpu();
      if (engine.backend instanceof WebGpuBackend) engine.backend.candidates.set("mean", candidate);
      const x = engine.tensor(host.data);
      const first = await mean(x).item();
      // One running f32 sum is off by 8.9 here; the result's own rounding is 3e-5.
      expect(Math.abs(first - exact)).toBeLessThan(5e-4);
      expect(await mean(x).item(), "and the same bits again").toBe(first);
    });
  }
});

describe("candidates", () => {
  const { sum: operator } = reductionOperators;
  const candidates = (shape: number[], axes: number[], isSoftware: boolean) =>
    operator.candidates([spec(...shape)], { axes, keepDimensions: false }, { ...gpu().traits, isSoftware });

  test("few results of a long reduction are split, many or short ones are not", () => {
    expect(candidates([4096, 16], [0], true).map(({ name }) => name)).toEqual(["direct", "split"]);
    expect(candidates([512, 16], [0], true).map(({ name }) => name)).toEqual(["direct"]);
    expect(candidates([4096, 256], [0], true).map(({ name }) => name)).toEqual(["direct"]);
    expect(candidates([4096, 256], [0], false).map(({ name }) => name)).toEqual(["direct", "split"]);
  });

  test("a split reduction ends in few steps per invocation, however long it is", () => {
    const [, split] = candidates([2 ** 26], [0], false);
    for (const { sizes } of split.launches) {
      expect(Math.ceil(Number(sizes["length"]) / Number(sizes["chunks"]))).toBeLessThanOrEqual(1024);
    }
    expect(split.launches.length).toBeLessThanOrEqual(4);
  });
});

describe("shape errors", () => {
  test("axes that do not fit are named with the operator and the shape", () => {
    const x = reference().zeros([2, 3]);
    expect(() => sum(x, { axes: [2] })).toThrow(ShapeError);
    expect(() => sum(x, { axes: [2] })).toThrow(
      "sum: there is no axis 2 in [2, 3]; it has 0 to 1, or -2 to -1",
    );
    expect(() => mean(x, { axes: [-3] })).toThrow("mean: there is no axis -3 in [2, 3]");
    expect(() => max(x, { axes: [1, -1] })).toThrow("max: axis 1 of [2, 3] is named twice in [1, -1]");
    expect(() => max(reference().tensor(new Uint8Array(3)))).toThrow("max: takes one f32 tensor, got u8 [3]");
  });

  test("the record itself takes no negative axes", () => {
    const attributes = { axes: [-1], keepDimensions: false };
    expect(() => reductionOperators.sum.infer([spec(2, 3)], attributes)).toThrow(
      "sum: axes [-1] must be whole numbers from 0",
    );
  });
});

describe("functions", () => {
  test("without axes everything is reduced", async () => {
    const x = reference().tensor([
      [1, 2, 3],
      [4, 5, 9],
    ]);
    expect(await sum(x).item()).toBe(24);
    expect(await mean(x).item()).toBe(4);
    expect(await max(x).item()).toBe(9);
    expect(sum(x, { keepDimensions: true }).shape).toEqual([1, 1]);
  });

  test("negative axes count from the end, in any order", async () => {
    const x = reference().tensor([
      [1, 2, 3],
      [4, 5, 9],
    ]);
    const rows = sum(x, { axes: [-1] });
    expect(rows.shape).toEqual([2]);
    expect([...(await rows.read())]).toEqual([6, 18]);
    expect(max(x, { axes: [-1, 0] }).shape).toEqual([]);
    expect(max(x, { axes: [-2], keepDimensions: true }).shape).toEqual([1, 3]);
  });

  test("an empty list of axes reduces nothing", async () => {
    const x = reference().tensor([1, -2, 3]);
    expect([...(await mean(x, { axes: [] }).read())]).toEqual([1, -2, 3]);
  });
});
