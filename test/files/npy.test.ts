// The .npy reader: every type of number, both byte orders, all versions of the header, and what is refused.
import { describe, expect, test } from "vitest";
import { DataError } from "../../src/errors/data-errors.ts";
import { elementReader } from "../../src/files/number-array.ts";
import { parseNpy } from "../../src/files/npy.ts";
import { npy } from "../data/formats/npz-files.ts";

const parse = (bytes: Uint8Array): ReturnType<typeof parseNpy> => parseNpy("x.npz", "a.npy", bytes);
const valuesOf = (bytes: Uint8Array): number[] => {
  const array = parse(bytes);
  const count = array.shape.reduce((product, length) => product * length, 1);
  return Array.from({ length: count }, (_, i) => elementReader(array)(i));
};

describe("an .npy array", () => {
  test("gives whole numbers of every width and byte order, signed or not", () => {
    for (const type of ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"]) {
      for (const order of type.endsWith("1") ? ["|"] : ["<", ">"]) {
        const values = type.startsWith("i") ? [0, 1, -2, 100] : [0, 1, 2, 100];
        expect(valuesOf(npy([4], values, { descr: order + type })), order + type).toEqual(values);
      }
    }
    expect(valuesOf(npy([2], [1, 0], { descr: "|b1" }))).toEqual([1, 0]);
    expect(valuesOf(npy([2], [300, 70000 % 65536], { descr: ">u2" }))).toEqual([300, 4464]);
  });

  test("may have a header of version 1, 2 or 3, and Python 2's long numbers", () => {
    for (const version of [1, 2, 3] as const) {
      expect(parse(npy([2, 3], [1, 2, 3, 4, 5, 6], { version })).shape).toEqual([2, 3]);
    }
    const header = "{'shape': (2L, 1L), 'descr': '|u1', 'fortran_order': False}";
    expect(parse(npy([2, 1], [1, 2], { header })).shape).toEqual([2, 1]);
  });

  test("may lie in the middle of other bytes", () => {
    const bytes = npy([3], [7, 8, 9], { descr: "<i8" });
    const shifted = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
    expect(valuesOf(shifted)).toEqual([7, 8, 9]);
  });

  test("in Fortran order, column by column, is read row by row", () => {
    expect(parse(npy([3, 1], [1, 2, 3], { byColumns: true })).shape).toEqual([3, 1]);
    // [[1, 2, 3], [4, 5, 6]] column by column.
    for (const descr of ["|u1", "<i4", ">i8", "<f4"]) {
      expect(valuesOf(npy([2, 3], [1, 4, 2, 5, 3, 6], { byColumns: true, descr })), descr).toEqual([
        ...[1, 2, 3, 4, 5, 6],
      ]);
    }
    // Element (i, j, k) is 100 i + 10 j + k; the first index runs fastest.
    const cube = [0, 1].flatMap((k) => [0, 1, 2].flatMap((j) => [0, 1].map((i) => 100 * i + 10 * j + k)));
    const rows = [0, 1].flatMap((i) => [0, 1, 2].flatMap((j) => [0, 1].map((k) => 100 * i + 10 * j + k)));
    expect(valuesOf(npy([2, 3, 2], cube, { byColumns: true }))).toEqual(rows);
    expect(parse(npy([0, 3], [], { byColumns: true })).content).toHaveLength(0);
  });

  const refuse = (bytes: Uint8Array, message: RegExp): void => {
    expect(() => parse(bytes)).toThrow(DataError);
    expect(() => parse(bytes)).toThrow(message);
  };

  test("of floats keeps every digit that a float holds, in both byte orders", () => {
    for (const descr of ["<f8", ">f8"]) {
      const values = valuesOf(npy([4], [0.1, -2.5, NaN, Infinity], { descr }));
      expect(values, descr).toEqual([0.1, -2.5, NaN, Infinity]);
    }
    for (const descr of ["<f4", ">f4"]) {
      expect(valuesOf(npy([2], [0.1, 255], { descr })), descr).toEqual([Math.fround(0.1), 255]);
    }
  });

  test("of text, objects, halves or records is refused by its type, with what to save in its place", () => {
    refuse(
      npy([1], [0], { descr: "<U5" }),
      /x\.npz: member a\.npy holds elements of type <U5, which is text; save numbers, and name them with labelNames/u,
    );
    refuse(npy([1], [0], { descr: "|O" }), /type \|O, which are Python objects; save numbers/u);
    refuse(
      npy([1], [0], { descr: "<f2" }),
      /type <f2 \(16-bit floats\), .* save it with \.astype\(np\.float32\)/u,
    );
    refuse(npy([1], [0], { descr: "toString" }), /type toString; numbers are read/u);
    const header = "{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,), }";
    refuse(npy([1], [0], { header }), /does not describe a plain array: "\{'descr': \[/u);
  });

  test("with a header that is no dictionary of an array is refused, and nothing in it is evaluated", () => {
    for (const header of [
      "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), 'more': 1}",
      "{'descr': '|u1', 'fortran_order': False}",
      "{'descr': '|u1', 'fortran_order': 0, 'shape': (1,)}",
      "{'descr': '|u1', 'fortran_order': False, 'shape': (-1,)}",
      "{'descr': '|u1', 'fortran_order': False, 'shape': (1.5,)}",
      "{'descr': '|u1', 'fortran_order': False, 'shape': (1e999,)}",
      "{'descr': '|u1', 'fortran_order': False, 'shape': __import__('os').getcwd()}",
      "",
    ]) {
      refuse(npy([1], [0], { header }), /does not describe a plain array/u);
    }
  });

  test("cut or with bytes left over is refused with what its header promises", () => {
    const bytes = npy([2, 3], [1, 2, 3, 4, 5, 6]);
    refuse(bytes.subarray(0, -1), /holds 5 bytes where its header promises 6 \(\(2, 3\) of u1\)/u);
    refuse(Buffer.concat([bytes, Buffer.of(0)]), /holds 7 bytes where its header promises 6/u);
    refuse(npy([2 ** 40, 2 ** 40], [1]), /holds 1 bytes where its header promises 1\.2/u);
    refuse(bytes.subarray(0, 40), /claims a header of 118 bytes|claims a header of \d+ bytes/u);
    refuse(bytes.subarray(0, 9), /ends in its header/u);
    refuse(Buffer.from("\u0093NUMPX and more", "latin1"), /is not a NumPy array/u);
    refuse(Buffer.from("\u0093NUMPY\u0009\u0000 and more", "latin1"), /format version 9; 1, 2 and 3/u);
    refuse(Buffer.from("\u0093NUMPY", "latin1"), /format version nothing/u);
  });
});
