// The grid of a checked launch's second run: several rows, also of a launch that is far too small to be folded. What a kernel
// computes may not depend on how its workgroups lie in the grid, and launches that are folded need more than 65,535 of them.

import { blankComments } from "../../kernels/comments.ts";

/** A third row shows who takes one extent of the grid for the other. */
const rows = 3;

/**
 * Whether a shader counts its workgroups over the rows of a grid: it takes the grid's extents and reads which row it is in. A
 * kernel that does not read it may rightly rely on the one row that its launches have.
 */
export function countsRows(text: string): boolean {
  const code = blankComments(text, "all");
  const id = /@\s*builtin\s*\(\s*workgroup_id\s*,?\s*\)\s*([^\s:]+)/.exec(code)?.[1];
  if (id === undefined || !/@\s*builtin\s*\(\s*num_workgroups\b/.test(code)) return false;
  return new RegExp(`\\b${id}\\s*\\.\\s*y\\b`).test(code);
}

/**
 * The same workgroups in three rows, and one to three of them past the end, which the kernel has to drop.
 * @param limit of a row's length; a launch whose rows would be longer stays as it is
 */
export function inRows(grid: readonly [x: number, y: number], limit: number): readonly [number, number] {
  const columns = Math.floor((grid[0] * grid[1]) / rows) + 1;
  return columns > limit || rows > limit ? grid : [columns, rows];
}
