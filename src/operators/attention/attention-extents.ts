// The shape rule of attention: which extents its operators have, and where the mask of a row lies.

import { ShapeError } from "../../errors/errors.ts";
import { expectFloats } from "../operands.ts";
import { broadcastStrides, collapse, showShape, type Shape, type TensorSpec } from "../../tensor/shape.ts";

export interface AttentionAttributes {
  /** What q k' is multiplied with before the mask is added. */
  readonly scale: number;
  /** Whether row t sees keys 0 to t alone. */
  readonly causal: boolean;
}

/** Where the mask of a row begins, in elements; strides are 0 along what one mask serves. */
export interface MaskPlace {
  /** Batches that follow each other by the inner stride, before one step of the outer one. */
  readonly maskEvery: number;
  readonly maskOuterStride: number;
  readonly maskInnerStride: number;
  readonly maskRowStride: number;
  readonly maskColumnStride: number;
}

/** The extents of [batch, rows, width] by [batch, columns, width] and [batch, columns, valueWidth]. */
export interface AttentionExtents {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly width: number;
  readonly valueWidth: number;
  /** Undefined where there is no mask. */
  readonly mask: MaskPlace | undefined;
}

/**
 * The walk along the leading axes of a mask, right-aligned: at most two strides.
 * @returns undefined where it would take more
 */
export function leadingStrides(
  leads: Shape,
  mask: Shape,
): Omit<MaskPlace, "maskRowStride" | "maskColumnStride"> | undefined {
  const ofLeads = broadcastStrides(mask, [...leads, 1, 1]).slice(0, -2);
  const { extents, strides } = collapse(leads, [ofLeads]);
  if (extents.length > 2) return undefined;
  return {
    maskEvery: extents.at(-1) ?? 1,
    maskOuterStride: strides[0].at(-2) ?? 0,
    maskInnerStride: strides[0].at(-1) ?? 0,
  };
}

/** Whether a mask of this shape may be added to scores [..., T, S]: its axes, right-aligned, are equal or 1. */
export function isBroadcast(mask: Shape, scores: Shape): boolean {
  const lead = scores.length - mask.length;
  return lead >= 0 && mask.every((extent, axis) => extent === 1 || extent === scores[lead + axis]);
}

/**
 * The extents of an attention over q [..., T, u], k [..., S, u] and v [..., S, w], and perhaps a mask.
 * @throws ShapeError naming the operator and the shapes that do not fit
 */
export function attentionExtents(
  operator: string,
  inputs: readonly TensorSpec[],
  { scale, causal }: AttentionAttributes,
): AttentionExtents {
  const isMasked = inputs.length === 4;
  expectFloats(operator, inputs, isMasked ? ["q", "k", "v", "mask"] : ["q", "k", "v"]);
  const [q, k, v] = inputs.map(({ shape }) => shape);
  const shown = `q ${showShape(q)}, k ${showShape(k)} and v ${showShape(v)}`;
  if (q.length < 2 || k.length !== q.length || v.length !== q.length) {
    throw new ShapeError(`${operator}: takes [..., rows, width] of as many axes each, got ${shown}`);
  }
  const leads = q.slice(0, -2);
  const [rows, width] = q.slice(-2);
  const [columns, valueWidth] = v.slice(-2);
  if (leads.some((extent, axis) => k[axis] !== extent || v[axis] !== extent)) {
    throw new ShapeError(`${operator}: the leading axes of ${shown} differ`);
  }
  if (k.at(-1) !== width) throw new ShapeError(`${operator}: q and k must be equally wide, got ${shown}`);
  if (k.at(-2) !== columns) throw new ShapeError(`${operator}: k and v must have as many rows, got ${shown}`);
  if (columns === 0 || width === 0)
    throw new ShapeError(`${operator}: needs at least one key and one column, got ${shown}`);
  if (!Number.isFinite(scale))
    throw new ShapeError(`${operator}: scale must be a finite number, got ${scale}`);
  if (typeof causal !== "boolean")
    throw new ShapeError(`${operator}: causal must be true or false, got ${String(causal)}`);
  const extents = {
    batch: leads.reduce((product, each) => product * each, 1),
    rows,
    columns,
    width,
    valueWidth,
  };
  if (!isMasked) return { ...extents, mask: undefined };

  const mask = inputs[3].shape;
  const scores = [...leads, rows, columns];
  if (!isBroadcast(mask, scores)) {
    throw new ShapeError(
      `${operator}: the mask ${showShape(mask)} does not broadcast to the scores ${showShape(scores)}`,
    );
  }
  const leading = leadingStrides(leads, mask);
  if (leading === undefined) {
    throw new ShapeError(
      `${operator}: the mask ${showShape(mask)} is repeated along axes apart; spread it over the first with broadcastTo`,
    );
  }
  const [maskRows, maskColumns] = [mask.at(-2) ?? 1, mask.at(-1) ?? 1];
  return {
    ...extents,
    mask: {
      ...leading,
      maskRowStride: maskRows === 1 ? 0 : maskColumns,
      maskColumnStride: maskColumns === 1 ? 0 : 1,
    },
  };
}

/** For kernels, which have these uniforms with and without a mask. */
export const noMask: MaskPlace = {
  maskEvery: 1,
  maskOuterStride: 0,
  maskInnerStride: 0,
  maskRowStride: 0,
  maskColumnStride: 0,
};

/** Where the mask of a row begins. */
export function maskStart({ rows, mask }: AttentionExtents, row: number): number {
  const { maskEvery, maskOuterStride, maskInnerStride, maskRowStride } = mask ?? noMask;
  const batch = Math.floor(row / rows);
  return (
    Math.floor(batch / maskEvery) * maskOuterStride +
    (batch % maskEvery) * maskInnerStride +
    (row % rows) * maskRowStride
  );
}
