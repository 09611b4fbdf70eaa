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

/** How a kernel that holds rows in the registers of eight lanes is launched. */
interface HeldRows {
  readonly knobs: { readonly HELD: number; readonly BLOCK: number };
  readonly chunk: number;
  readonly chunks: number;
}

/**
 * For rows of which each of eight lanes holds at most `most` Elements: how many it holds, loads in a turn, and the rows that
 * one subgroup takes, one after the other, with gamma in its registers: some dozens of chunks for a few CPU cores, or some
 * thousands for a GPU. Undefined where a row is too wide or the adapter has no subgroups of eight.
 *
 * Up to eight Elements are loaded in one turn, which needs no loop (1.3 times faster, lavapipe, 2026); more of them would
 * compile for seconds, and four a turn are the best of the rest.
 */
export function heldRows(
  { rows, channels }: Rows,
  adapter: AdapterTraits,
  most: Readonly<Record<Element, number>>,
): HeldRows | undefined {
  const { columns, Element } = elementOf(channels);
  const needed = Math.ceil(columns / 8);
  if (!hasSubgroupsOfEight(adapter) || needed > most[Element]) return undefined;
  const BLOCK = needed > 8 ? 4 : needed;
  const HELD = Math.ceil(needed / BLOCK) * BLOCK;
  const chunk = Math.ceil(rows / (adapter.isSoftware ? 64 : 2048));
  return { knobs: { HELD, BLOCK }, chunk, chunks: Math.ceil(rows / chunk) };
}

/** The widest Element for rows of so many numbers, and how many of it a row has. */
export function elementOf(channels: number): { readonly Element: Element; readonly columns: number } {
  return channels % 4 === 0
    ? { Element: "vec4f", columns: channels / 4 }
    : { Element: "f32", columns: channels };
}
