// Values given back: as nested rows, for gpu.js inputs, as ndarrays; and from there into a tensor again.

import { expect, test } from "vitest";
import { ShapeError, UsageError } from "../../src/errors/errors.ts";
import { useEngine } from "../engines.ts";

const open = useEngine({ device: "reference" });
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i / 4);

test("nested rows and inputs of one to three axes hold each value in its place, and become the same tensor", async () => {
  const engine = open();
  for (const shape of [[5], [2, 5], [3, 2, 5], [1, 1, 1]]) {
    const values = upTo(shape.reduce((product, extent) => product * extent));
    const tensor = engine.tensor(values, shape);
    const rows = await tensor.nested();
    const input = await tensor.gpujsInput();
    expect(input).toEqual({ value: values, size: shape.toReversed() });
    for (const given of [rows, input, await tensor.ndarray()]) {
      const again = engine.tensor(given);
      expect(again.shape).toEqual(shape);
      expect(Array.from(await again.read())).toEqual(values);
    }
  }
  const cube = (await engine.tensor(upTo(30), [3, 2, 5]).nested()) as Float32Array[][];
  expect(cube[2][1]).toEqual(Float32Array.from(upTo(30).slice(25)));
  expect(await engine.tensor(0.25).nested()).toBe(0.25);
  expect(await engine.tensor(0.25).gpujsInput()).toEqual({ value: [0.25], size: [1] });
});

test("u8 and u32 values come as f32, and one that f32 does not hold is refused", async () => {
  const engine = open();
  expect(await engine.tensor(Uint8Array.of(0, 255), [2, 1]).nested()).toEqual([
    Float32Array.of(0),
    Float32Array.of(255),
  ]);
  const large = engine.tensor(Uint32Array.of(1, 2 ** 24 + 1));
  for (const given of [() => large.nested(), () => large.gpujsInput()]) {
    await expect(given()).rejects.toThrow(UsageError);
    await expect(given()).rejects.toThrow("the whole number 16777217 at [1] would be 16777216 in f32");
  }
});

test("more than three axes are refused by name", async () => {
  const tensor = open().zeros([1, 2, 3, 4]);
  await expect(tensor.nested()).rejects.toThrow(ShapeError);
  await expect(tensor.gpujsInput()).rejects.toThrow(
    "tensor.gpujsInput: gpu.js has up to 3 axes, and [1, 2, 3, 4] has 4; reshape the tensor first",
  );
});
