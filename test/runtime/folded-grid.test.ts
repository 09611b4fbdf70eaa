// The grid of a checked launch's second run: which shaders get another one, and which. That a kernel which goes wrong in it is
// found is tested with the operators.

import { expect, test } from "vitest";
import { kernels } from "../../src/kernels/built-in-kernels.ts";
import { countsRows, inRows } from "../../src/runtime/webgpu/guarded-launches.ts";

const group = "@builtin(workgroup_id) group: vec3u";
const grid = "@builtin(num_workgroups) grid: vec3u";

test.each([
  [
    "takes its grid and reads its row",
    `fn main(${group}, ${grid}) { let i = group.x + group.y * grid.x; }`,
    true,
  ],
  [
    "strides over one row",
    `fn main(${group}, ${grid}) { for (var i = group.x; i < n; i += grid.x) {} }`,
    false,
  ],
  ["has no grid", `fn main(${group}) { if (group.x + group.y > 0u) { return; } }`, false],
  ["says so in a comment", `fn main(${group}, ${grid}) { /* group.y */ }`, false],
  ["has no workgroup", `fn main(${grid}) {}`, false],
])("a shader that %s", (_, text, expected) => {
  expect(countsRows(text)).toBe(expected);
});

test("all shaders that take their grid's extents count its rows", () => {
  const all = Object.values(kernels);
  const takers = all.filter(({ text }) => text.includes("@builtin(num_workgroups)"));
  expect(takers.length).toBeGreaterThan(100);
  expect(takers.filter(({ text }) => !countsRows(text))).toEqual([]);
});

test("there are three rows, and one to three workgroups more", () => {
  const grids = [1, 2, 3, 4, 5, 6].map((count) => inRows([count, 1], 65_535));
  expect(grids.map(([columns]) => columns)).toEqual([1, 1, 2, 2, 2, 3]);
  expect(grids.every(([, rows]) => rows === 3)).toBe(true);
  expect(inRows([40_000, 2], 65_535)).toEqual([26_667, 3]);
});

test("a launch whose rows would be longer than the device takes stays as it is", () => {
  expect(inRows([65_535, 3], 65_535)).toEqual([65_535, 3]);
  expect(inRows([2, 1], 2)).toEqual([2, 1]);
});
