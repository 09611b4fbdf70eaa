// What a tensor is does not change, and it is no number.

import { describe, expect, test } from "vitest";
import { ShapeError, UsageError } from "../../src/errors/errors.ts";
import { sum } from "../../src/functions/reduction.ts";
import { useEngine } from "../engines.ts";

describe.each(["reference", "webgpu"] as const)("a tensor on %s", (device) => {
  const engine = useEngine({ device });

  test("keeps its shape and element type, whatever plain JavaScript does with them", async () => {
    const x = engine().tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const loose = x as unknown as { shape: number[]; dtype: string };
    expect(() => loose.shape.reverse()).toThrow(TypeError);
    expect(() => (loose.shape = [3, 2])).toThrow(TypeError);
    expect(() => (loose.dtype = "u8")).toThrow(TypeError);
    expect([...(await sum(x, { axes: 1 }).read())]).toEqual([6, 15]);
  });

  test("in the place of a number is an error, and not NaN", () => {
    const x = engine().tensor([1, 2]);
    for (const use of [() => Number(x), () => (x as unknown as number) * 2]) {
      expect(use).toThrow(UsageError);
      expect(use).toThrow(/^tensor \d+ \[2\] is no number: write x\.multiply\(2\)/);
    }
  });

  test("of memory that threads share is taken as it is then", async () => {
    const floats = new Float32Array(new SharedArrayBuffer(16)).fill(3);
    const bytes = new Uint8Array(new SharedArrayBuffer(8)).fill(7);
    const [x, y] = [engine().tensor(floats), engine().tensor(bytes)];
    floats.fill(4);
    expect([...(await x.read())]).toEqual([3, 3, 3, 3]);
    expect([...(await y.read())]).toEqual([7, 7, 7, 7, 7, 7, 7, 7]);
  });

  test("does not take rows of another shape for its own", () => {
    const rows = [
      [1, 2, 3],
      [4, 5, 6],
    ];
    const x = engine().zeros([3, 2]);
    for (const give of [
      () => engine().write(x, rows),
      () => engine().tensor(rows, [3, 2]),
      () => engine().feed(() => rows, [3, 2]),
    ]) {
      expect(give).toThrow(ShapeError);
      expect(give).toThrow(/the data is \[2, 3\], not \[3, 2\]; transpose it, or give it flat/);
    }
    expect(() => engine().write(x, rows.flat())).not.toThrow();
    expect(engine().tensor(rows, [1, 2, 1, 3]).shape).toEqual([1, 2, 1, 3]);
  });
});
