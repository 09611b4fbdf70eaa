// Files that PyTorch has written, by scripts/torch-weight-files.py: every type, strides, checkpoints, and what is no weights.

import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { WeightFile } from "../../src/interchange/weight-bytes.ts";
import { readWeightFile } from "../../src/interchange/weight-file.ts";

const file = (name: string): string => fileURLToPath(new URL(`weights/${name}`, import.meta.url));
const read = (name: string): Promise<WeightFile> => readWeightFile(file(name));
const numbersOf = ({ tensors }: WeightFile, name: string): unknown => {
  const { shape = [], data = [] } = tensors.get(name) ?? {};
  return [shape, [...data]];
};

test("every type of float has its values, and the others are told", async () => {
  const found = await read("types.pth");
  for (const type of ["f64", "f32", "f16", "bf16"]) {
    expect(numbersOf(found, type)).toEqual([
      [2, 3],
      [-0.25, -0.125, 0, 0.125, 0.25, 0.375],
    ]);
    expect(found.tensors.get(type)?.type).toBe(type);
  }
  expect(numbersOf(found, "f16.extremes")).toEqual([
    [6],
    [65504, 2 ** -24, -(2 ** -14), -0, Infinity, -Infinity],
  ]);
  expect(numbersOf(found, "bf16.extremes")).toEqual([[4], [2 ** 127, 2 ** -126, -0, Infinity]]);
  expect(numbersOf(found, "scalar")).toEqual([[], [2.5]]);
  expect(numbersOf(found, "empty")).toEqual([[0, 4], []]);
  expect([...found.skipped]).toEqual(
    ["i64", "i32", "i16", "i8", "u8", "bool"].map((type) => [type, `is ${type} [2, 3], no floats`]),
  );
  expect(found.notes).toEqual(["1 of 8 tensors rounded from f64 to f32"]);
});

test.each(["strides.pth", "big.pth"])("%s: views of one storage have their own values", async (name) => {
  const found = await read(name);
  const grid = (rows: number, columns: number, value: (row: number, column: number) => number): unknown => [
    [rows, columns],
    Array.from({ length: rows * columns }, (_, i) => value(Math.floor(i / columns), i % columns)),
  ];
  expect(numbersOf(found, "whole")).toEqual(grid(4, 6, (i, k) => 6 * i + k));
  expect(numbersOf(found, "transposed")).toEqual(grid(6, 4, (i, k) => 6 * k + i));
  expect(numbersOf(found, "row")).toEqual([[6], [12, 13, 14, 15, 16, 17]]);
  expect(numbersOf(found, "block")).toEqual(grid(2, 3, (i, k) => 6 * (i + 1) + k + 2));
  expect(numbersOf(found, "every_other")).toEqual(grid(4, 3, (i, k) => 6 * i + 2 * k));
  expect(numbersOf(found, "expanded")).toEqual(grid(2, 3, (_, k) => k));
  expect(numbersOf(found, "permuted")).toEqual([
    [4, 2, 3],
    Array.from({ length: 24 }, (_, i) => Math.floor(i / 6) + 12 * (Math.floor(i / 3) % 2) + 4 * (i % 3)),
  ]);
});

const parameters = [
  ["0.weight", [3, 2, 3, 3], 1],
  ["0.bias", [3], 2],
  ["1.weight", [3], 3],
  ["1.bias", [3], 4],
] as const;

test("a state_dict is read in every protocol, from a checkpoint, and from parameters", async () => {
  for (const name of [
    "module.pth",
    "module-protocol-3.pth",
    "module-protocol-4.pth",
    "module-protocol-5.pth",
  ]) {
    const found = await read(name);
    const buffers = ["1.running_mean", "1.running_var"];
    expect([...found.tensors.keys()]).toEqual([...parameters.map(([key]) => key), ...buffers]);
    for (const [key, shape, value] of parameters) {
      const { shape: its, data = [] } = found.tensors.get(key) ?? {};
      expect([its, [...new Set(data)]]).toEqual([shape, [value]]);
    }
    expect([...found.skipped]).toEqual([["1.num_batches_tracked", "is i64 [], no floats"]]);
    expect(found.notes).toEqual([]);
  }
  const whole = await read("module.pth");
  const checkpoint = await read("checkpoint.pth");
  expect(checkpoint.tensors).toEqual(whole.tensors);
  expect(checkpoint.skipped).toEqual(whole.skipped);
  expect(checkpoint.notes).toEqual([
    'taken from under "state_dict", leaving "epoch", "best", "seed", "optimizer"',
    'without the prefix "module." that all names had',
  ]);
  const alone = await read("parameters.pth");
  expect([...alone.tensors]).toEqual([...whole.tensors].slice(0, 4));
});

test.each([
  [
    "pickled-module.pth",
    /has code or objects beside its tensors: torch\.nn\.modules\.container\.Sequential; save/u,
  ],
  [
    "torchscript.pt",
    /is a TorchScript archive, which is a program; in Python: torch\.save\(torch\.jit\.load/u,
  ],
  ["old.pth", /is a pickle as PyTorch saved before 1\.6, or another; in Python/u],
])("%s is refused, with what to do", async (name, message) => {
  await expect(read(name)).rejects.toThrow(message);
});
