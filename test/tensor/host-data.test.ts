// What is taken as data, in which element type, and what is refused because it would be wrapped, cut or rounded.

import ndarray from "ndarray";
import { describe, expect, test } from "vitest";
import { ShapeError, UsageError } from "../../src/errors/errors.ts";
import { hostTensor, type TensorData } from "../../src/tensor/host.ts";
import type { DType, Shape } from "../../src/tensor/shape.ts";

/** Shape, type and values of what `data` becomes. */
function taken(data: unknown, shape?: Shape, dtype?: DType): [Shape, DType, number[]] {
  const host = hostTensor(data as TensorData, shape, dtype);
  const floats = [Float32Array, Float64Array];
  const kinds = { f32: floats, f16: floats, u32: [Uint32Array], u8: [Uint8Array] }[host.dtype];
  expect(kinds.some((kind) => host.data instanceof kind)).toBe(true);
  return [host.shape, host.dtype, Array.from(host.data)];
}

const refusal =
  (data: unknown, shape?: Shape, dtype?: DType): (() => void) =>
  () =>
    hostTensor(data as TensorData, shape, dtype, "engine.tensor");

describe("typed arrays", () => {
  test("of bytes are u8, of other whole numbers u32, of fractions f32", () => {
    expect(taken(Uint8Array.of(0, 255))).toEqual([[2], "u8", [0, 255]]);
    expect(taken(Uint8ClampedArray.of(0, 255))).toEqual([[2], "u8", [0, 255]]);
    expect(taken(Buffer.from([7, 8]))).toEqual([[2], "u8", [7, 8]]);
    expect(taken(Int8Array.of(1, 127))).toEqual([[2], "u32", [1, 127]]);
    expect(taken(Int16Array.of(1, 32767))).toEqual([[2], "u32", [1, 32767]]);
    expect(taken(Uint16Array.of(1, 65535))).toEqual([[2], "u32", [1, 65535]]);
    expect(taken(Int32Array.of(3, 0, 2 ** 31 - 1))).toEqual([[3], "u32", [3, 0, 2 ** 31 - 1]]);
    expect(taken(Uint32Array.of(2 ** 32 - 1))).toEqual([[1], "u32", [2 ** 32 - 1]]);
    expect(taken(Float32Array.of(0.5))).toEqual([[1], "f32", [0.5]]);
    expect(taken(Float64Array.of(0.1))).toEqual([[1], "f32", [0.1]]);
  });

  test("are f32 where that is asked for, negative numbers included", () => {
    expect(taken(Int32Array.of(-1, 2 ** 24, -(2 ** 24)), [3], "f32")).toEqual([
      [3],
      "f32",
      [-1, 2 ** 24, -(2 ** 24)],
    ]);
    expect(taken(Int8Array.of(-128, 5, 0, 1), [2, 2], "f32")).toEqual([[2, 2], "f32", [-128, 5, 0, 1]]);
    expect(taken(Uint8Array.of(9), [1], "u32")).toEqual([[1], "u32", [9]]);
    expect(taken([1, 2], [2], "u8")).toEqual([[2], "u8", [1, 2]]);
  });

  test("of another realm are taken", async () => {
    const { runInNewContext } = await import("node:vm");
    expect(taken(runInNewContext("Float32Array.of(1.5, 2)"))).toEqual([[2], "f32", [1.5, 2]]);
    expect(taken(runInNewContext("Int32Array.of(1, 2)"))).toEqual([[2], "u32", [1, 2]]);
  });

  test("of a view are the view's values alone", () => {
    const bytes = Uint8ClampedArray.of(1, 2, 3, 4, 5);
    expect(taken(bytes.subarray(1, 4))).toEqual([[3], "u8", [2, 3, 4]]);
    expect(taken(Int32Array.of(1, 2, 3, 4).subarray(2))).toEqual([[2], "u32", [3, 4]]);
  });
});

const unfit: [what: string, data: unknown, shape: Shape, dtype: DType | undefined, message: string][] = [
  ["a negative label", Int32Array.of(0, 3, 2, -1), [2, 2], undefined, "the value at [1, 1] is -1, and a u32 tensor takes whole numbers from 0 to 4294967295"], // prettier-ignore
  ["-1 of 16 bits", Int16Array.of(-1), [1], undefined, 'at [0] is -1, and a u32 tensor takes whole numbers from 0 to 4294967295; give "f32"'], // prettier-ignore
  [
    "300 in u8",
    [1, 300],
    [2],
    "u8",
    "the value at [1] is 300, and a u8 tensor takes whole numbers from 0 to 255",
  ],
  ["256 of u32 in u8", Uint32Array.of(255, 256), [2], "u8", "the value at [1] is 256"],
  ["-1 in u8", [[0, -1]], [1, 2], "u8", "the value at [0, 1] is -1"],
  ["-128 of 8 bits in u8", Int8Array.of(-128), [1], "u8", "the value at [0] is -128"],
  ["1.5 in u8", Float32Array.of(1.5), [1], "u8", "the value at [0] is 1.5"],
  ["1.5 in u32", [0, 0, 0, 1.5], [2, 2], "u32", "the value at [1, 1] is 1.5"],
  ["NaN in u8", [NaN], [1], "u8", "the value at [0] is NaN"],
  ["Infinity in u32", Float64Array.of(Infinity), [1], "u32", "the value at [0] is Infinity"],
  ["2^32 in u32", [2 ** 32], [1], "u32", "the value at [0] is 4294967296"],
  ["2^24 + 1 of whole numbers in f32", Int32Array.of(0, 2 ** 24 + 1), [2], "f32", "the whole number 16777217 at [1] would be 16777216 in f32"], // prettier-ignore
  [
    "a large row of u32 in f32",
    Uint32Array.of(2 ** 32 - 1),
    [1],
    "f32",
    "4294967295 at [0] would be 4294967296",
  ],
];

describe("a value that is none of the element type is refused with its place:", () => {
  test.each(unfit)("%s", (_, data, shape, dtype, message) => {
    expect(refusal(data, shape, dtype)).toThrow(UsageError);
    expect(refusal(data, shape, dtype)).toThrow(message);
    expect(refusal(data, shape, dtype)).toThrow(/^engine\.tensor: /);
  });

  test("and what it holds exactly is not", () => {
    expect(taken(Uint32Array.of(2 ** 31), [1], "f32")[2]).toEqual([2 ** 31]);
    expect(taken([255, -0], [2], "u8")[2]).toEqual([255, 0]);
    expect(taken([2 ** 24 + 1])[2]).toEqual([2 ** 24 + 1]); // numbers are floats: the device rounds them
  });
});

describe("nested lists", () => {
  const rows = [Float32Array.of(1, 2, 3), Float32Array.of(4, 5, 6)];

  test("may have typed arrays as rows, as the results of gpu.js kernels have", () => {
    expect(taken(rows)).toEqual([[2, 3], "f32", [1, 2, 3, 4, 5, 6]]);
    expect(taken([rows, rows])).toEqual([[2, 2, 3], "f32", [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]]);
    expect(taken(rows, [6])).toEqual([[6], "f32", [1, 2, 3, 4, 5, 6]]);
    expect(taken([rows[0], [7, 8, 9]])).toEqual([[2, 3], "f32", [1, 2, 3, 7, 8, 9]]);
    expect(taken([Int32Array.of(1), Uint16Array.of(2)])).toEqual([[2, 1], "u32", [1, 2]]);
    expect(taken([Uint8Array.of(1, 2)])).toEqual([[1, 2], "u8", [1, 2]]);
    expect(taken([Int32Array.of(-1)], [1], "f32")).toEqual([[1], "f32", [-1]]);
  });

  test("are refused where rows differ in length, depth or type, or hold what is no number", () => {
    expect(refusal([rows[0], Float32Array.of(1, 2)])).toThrow(ShapeError);
    expect(refusal([rows[0], Float32Array.of(1, 2)])).toThrow("ragged at depth 1");
    expect(refusal([1, rows[0]])).toThrow("ragged at depth 1");
    expect(refusal([rows[0], 1])).toThrow("ragged at depth 1");
    expect(refusal([[[1]], rows[0]])).toThrow("ragged at depth 1");
    expect(refusal([rows[0], Uint8Array.of(1, 2, 3)])).toThrow(
      "the values at [1] are u8, those before them f32; make all rows of one type",
    );
    expect(refusal([Int32Array.of(0, 1), Int32Array.of(5, -7)])).toThrow("the value at [1, 1] is -7");
    expect(refusal([1, , 3])).toThrow("got undefined at [1]");
    expect(refusal([[1], [true]])).toThrow("got true at [1, 0]: write 1 for true and 0 for false");
    expect(refusal([1, 2n])).toThrow("got the bigint 2n at [1]: convert it, with Number(value)");
    expect(refusal([BigInt64Array.of(1n)])).toThrow("got an object of type BigInt64Array at [0]: its values");
    expect(refusal([])).toThrow(ShapeError);
  });
});

describe("ndarrays", () => {
  const order = Int16Array.from({ length: 24 }, (_, i) => i);

  test("of every kind, with every stride, are read in the order of their axes", () => {
    const turned = ndarray(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]).transpose(1, 0);
    expect(taken(turned)).toEqual([[3, 2], "f32", [1, 4, 2, 5, 3, 6]]);
    const cube = ndarray(order, [2, 3, 4]);
    // Every second of the columns from the third on, rows backwards: an offset and a negative stride.
    const part = cube.lo(0, 1, 1).step(-1, -1, 2);
    const plain = [1, 0].flatMap((z) => [2, 1].flatMap((y) => [1, 3].map((x) => 12 * z + 4 * y + x)));
    expect(part.stride.some((stride) => stride < 0)).toBe(true);
    expect(taken(part)).toEqual([[2, 2, 2], "u32", plain]);
    expect(taken(cube.pick(1, null, 2))).toEqual([[3], "u32", [14, 18, 22]]);
    expect(taken(ndarray(Uint8ClampedArray.of(1, 2), [2]))).toEqual([[2], "u8", [1, 2]]);
    expect(taken(ndarray([0.5, 2], [2, 1]))).toEqual([[2, 1], "f32", [0.5, 2]]);
    expect(taken(ndarray(Uint8Array.of(5), []))).toEqual([[], "u8", [5]]);
    // One row read three times.
    expect(taken(ndarray(Float64Array.of(1, 2), [3, 2], [0, 1]))).toEqual([
      [3, 2],
      "f32",
      [1, 2, 1, 2, 1, 2],
    ]);
  });

  test("may keep their values behind get()", () => {
    const values = { length: 4, get: (i: number) => 10 * i, set: () => undefined };
    expect(taken(ndarray(values, [2, 2]).transpose(1, 0))).toEqual([[2, 2], "f32", [0, 20, 10, 30]]);
  });

  test("that hold no numbers, or end before their shape does, are refused with the place", () => {
    expect(refusal(ndarray(Int32Array.of(1, -2), [2]))).toThrow("the value at [1] is -2");
    expect(refusal(ndarray(order, [5, 5]))).toThrow(ShapeError);
    expect(refusal(ndarray(order, [5, 5]))).toThrow(
      "the ndarray's element [4, 4] would be number 24 of its data, which has 24",
    );
    expect(refusal(ndarray(order, [2], [1], -1))).toThrow("element [0] would be number -1 of its data");
    expect(refusal({ data: order, shape: [24], stride: [], offset: 0 })).toThrow(
      "0 strides for its shape [24]",
    );
    expect(refusal(ndarray(["a"], [1]))).toThrow('got the string "a" at [0] in the ndarray');
    expect(refusal(ndarray(BigInt64Array.of(1n), [1]))).toThrow(
      "got an object of type BigInt64Array in the ndarray",
    );
  });
});

describe("what gpu.js has", () => {
  test("a texture is taken by its toArray(), an input by its value and size", () => {
    expect(taken({ toArray: () => [Float32Array.of(1, 2)] })).toEqual([[1, 2], "f32", [1, 2]]);
    expect(taken({ toArray: () => Float32Array.of(1, 2) })).toEqual([[2], "f32", [1, 2]]);
    expect(taken({ value: [1, 2, 3, 4, 5, 6], size: [3, 2] })).toEqual([[2, 3], "f32", [1, 2, 3, 4, 5, 6]]);
    const three = {
      value: Float32Array.of(1, 2, 3, 4, 5, 6),
      size: Int32Array.of(1, 2, 3),
      toArray: () => [0],
    };
    expect(taken(three)).toEqual([[3, 2, 1], "f32", [1, 2, 3, 4, 5, 6]]);
    expect(refusal({ value: [1, 2, 3], size: [2, 2] })).toThrow("3 values do not fill [2, 2]");
    expect(refusal({ value: [[1], [2]], size: [2] })).toThrow("as the value of an input");
  });

  test("a toArray() that gives a promise, or no values, is refused and told apart", () => {
    class BufferResult {
      toArray(): unknown {
        return Promise.resolve([1]);
      }
    }
    expect(refusal(new BufferResult())).toThrow(
      "engine.tensor: toArray() of an object of type BufferResult gives a promise; await it first",
    );
    expect(refusal({ toArray: () => undefined })).toThrow("got undefined from toArray() of an object");
    expect(refusal(Promise.resolve([1]))).toThrow("got a promise: await it first");
    expect(refusal([[1, 2], [3, Promise.resolve(4)]])).toThrow(/got a promise at \[1, 1\]: await it first$/); // prettier-ignore
    expect(refusal(() => [1])).toThrow("got a function");
    expect(refusal(new DataView(new ArrayBuffer(4)))).toThrow("got an object of type DataView");
    // A kernel that draws gives nothing.
    expect(refusal(undefined)).toThrow(/what a gpu\.js kernel gives; got undefined$/);
  });
});
