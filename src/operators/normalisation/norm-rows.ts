// How a layer norm sees its tensors: rows that gamma has the shape of; and how the work on rows is dealt out.

import { ShapeError } from "../../errors/errors.ts";
import type { AdapterTraits } from "../../device/traits.ts";
import { equalShapes, showShape, sizeOf, type TensorSpec } from "../../tensor/shape.ts";
import { hasSubgroupsOfEight } from "../matmul/shapes.ts";
import type { Rows } from "./channels.ts";
import type { Element } from "../strided-iteration.ts";

export interface RowNormAttributes {
  /** Added to the variance, or to the mean square, before its square root. */
  readonly epsilon: number;
}

/** The rows of x whose shape is that of gamma: its last axes. */
export function normRows(x: TensorSpec, gamma: TensorSpec): Rows {
  const channels = sizeOf(gamma.shape);
  return { rows: sizeOf(x.shape) / channels, channels };
}

/** @throws ShapeError unless gamma has the shape of the last axes of x */
export function expectLastAxes(operator: string, { shape }: TensorSpec, gamma: TensorSpec): void {
  const axes = gamma.shape.length;
  if (axes > 0 && axes <= shape.length && equalShapes(shape.slice(-axes), gamma.shape)) return;
  throw new ShapeError(
    `${operator}: gamma must have the shape of the last axis of x ${showShape(shape)}, or of its last axes, got ${showShape(gamma.shape)}`,
  );
}

/**
 * Invocations of a workgroup that share a row on a GPU: a few Elements for each, a subgroup or less for narrow rows, and a
 * whole workgroup for wide ones. Reasoned, not measured on one.
 */
export function lanesOf(columns: number): { readonly LANES: number; readonly WIDTH: number } {
  if (columns <= 32) return { LANES: 8, WIDTH: 64 };
  if (columns <= 256) return { LANES: 32, WIDTH: 64 };
  return { LANES: 256, WIDTH: 256 };
}

/**
 * How many Elements of a row each of eight lanes holds in registers, at most `most`; undefined where a row is too wide or the
 * adapter has no subgroups of eight. Few different answers, for each is a pipeline of its own.
 */
export function heldOf(columns: number, adapter: AdapterTraits, most: 16 | 32): number | undefined {
  if (!hasSubgroupsOfEight(adapter)) return undefined;
  return [4, 8, 16, 32].find((held) => held <= most && 8 * held >= columns);
}

/**
 * Rows that one subgroup takes, one after the other, with gamma in its registers: some dozens of chunks for a few CPU
 * cores, or some thousands for a GPU.
 */
export function heldRows(rows: number, { isSoftware }: Pick<AdapterTraits, "isSoftware">) {
  const chunk = Math.ceil(rows / (isSoftware ? 64 : 2048));
  return { chunk, chunks: Math.ceil(rows / chunk) };
}

/** The widest Element for rows of so many numbers, and how many of it a row has. */
export function elementOf(channels: number): { readonly Element: Element; readonly columns: number } {
  return channels % 4 === 0
    ? { Element: "vec4f", columns: channels / 4 }
    : { Element: "f32", columns: channels };
}
