// Methods of tensors are the functions of the table, and the package keeps them when a bundler drops what is not used.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { add, relu } from "../../src/functions/elementwise.ts";
import { tensorMethods } from "../../src/functions/tensor-methods.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { root } from "../entries/entries.ts";
import { useEngine } from "../engines.ts";

const open = useEngine({ device: "reference" });

/** Arguments behind the tensor, by method; others take none. */
const rest: Readonly<Record<string, (x: Tensor) => readonly unknown[]>> = {
  ...Object.fromEntries(
    ["add", "subtract", "multiply", "divide", "maximum", "minimum"].map((name) => [name, () => [0.5]]),
  ),
  ...Object.fromEntries(
    ["equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual"].map((name) => [
      name,
      (x: Tensor) => [x],
    ]),
  ),
  clamp: () => [0.2, 0.6],
  sum: () => [{ axes: 1 }],
  mean: () => [{ axes: [0, -1], keepDimensions: true }],
  reshape: () => [[4, -1]],
  transpose: () => [[3, 0, 1, 2]],
  broadcastTo: () => [[2, 1, 2, 2, 4]],
  slice: () => [
    [0, 0, 1, 2],
    [1, 2, 1, 1],
  ],
  pad: () => [
    [0, 1, 0, 0],
    [0, 0, 2, 0],
  ],
  power: () => [2.5],
  takeRows: () => [open().tensor(Uint32Array.of(0, 0))],
  cumulativeSum: () => [{ axis: 1, exclusive: true }],
  argMax: () => [{ axis: 2 }],
  argMin: () => [{ axis: 2, keepDimensions: true }],
  oneHot: () => [3],
  sampleRows: () => [open().tensor(Uint32Array.of(1, 2, 3, 4)), { temperature: 0.5 }],
  matmul: () => [open().full([4, 3], 0.25)],
  conv2d: () => [open().full([2, 2, 4, 1], 0.25), { padding: 1 }],
  convTranspose2d: () => [open().full([2, 2, 3, 4], 0.25), { stride: 2 }],
  dropout: () => [open().tensor(Uint32Array.of(1, 2, 3, 4))],
  layerNorm: () => [open().full([4], 2), open().full([4], 0.5)],
  rmsNorm: () => [open().full([4], 2)],
  groupNorm: () => [2, open().full([4], 2), open().full([4], 0.5)],
  instanceNorm: () => [open().full([4], 2), open().full([4], 0.5)],
  maxPool2d: () => [{ window: 2 }],
  averagePool2d: () => [{ window: [1, 2] }],
  resize2d: () => [[3, 4], { method: "bilinear" }],
};

test("every method gives what its function gives", async () => {
  const engine = open();
  const numbers = Float32Array.from({ length: 16 }, (_, i) => (i * 7) % 16).map((value) => value / 16);
  for (const [name, call] of Object.entries(tensorMethods)) {
    const isOfRows = name === "matmul" || name === "sampleRows";
    const x =
      name === "oneHot"
        ? engine.tensor(Uint32Array.of(1, 0, 3))
        : engine.tensor(numbers, isOfRows ? [4, 4] : [1, 2, 2, 4]);
    const args = rest[name]?.(x) ?? [];
    const wanted = (call as (...args: readonly unknown[]) => Tensor)(x, ...args);
    const method = x[name as keyof typeof tensorMethods] as (...args: readonly unknown[]) => Tensor;
    const found = method.apply(x, [...args]);
    expect(found.shape, name).toEqual(wanted.shape);
    expect(await found.read(), name).toEqual(await wanted.read());
  }
});

test("chains read from left to right", async () => {
  const x = open().tensor([-2, 1]);
  const y = open().tensor([1, 1]);
  expect(await x.add(y).relu().read()).toEqual(await relu(add(x, y)).read());
  expect(await x.multiply(2).sum().item()).toBe(-2);
});

test("methods take no name that tensors have, and are not among their own fields", () => {
  const x = open().tensor([1]);
  const own = [
    "id",
    "shape",
    "dtype",
    "owner",
    "size",
    "disposed",
    "storage",
    "read",
    "item",
    "ndarray",
    "dispose",
  ];
  expect(Object.keys(tensorMethods).filter((name) => own.includes(name))).toEqual([]);
  expect(Object.keys(x)).toEqual(["id", "shape", "dtype", "owner"]);
  expect(Object.keys(Tensor.prototype)).toEqual([]);
});

// Without the entry in the list, Rolldown 1 and webpack go past it to the file that a name comes from, and drop the methods.
test("a bundler that trusts package.json keeps the methods: their file and the entry that loads it have side effects", () => {
  const { sideEffects } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly sideEffects: unknown;
  };
  expect(sideEffects).toEqual(
    expect.arrayContaining(["./dist/index.js", "./dist/functions/tensor-methods.js"]),
  );
  expect(readFileSync(join(root, "src/index.ts"), "utf8")).toContain(
    'import "./functions/tensor-methods.ts";',
  );
});
