// Shapes and what is computed from them; the one room for index arithmetic on the host.

import { described } from "../errors/arguments.ts";
import { ShapeError } from "../errors/errors.ts";

export type Shape = readonly number[];

/** The highest rank any operator takes; kernels carry six extents. */
export const maximumRank = 6;

/**
 * Element types. `u8` holds images and label states, `u32` holds seeds and counters, all else is `f32`; but for `f16`, in which
 * a few operators keep what they compute in f32, in half the memory.
 */
export const dtypes = ["f32", "f16", "u32", "u8"] as const;
export type DType = (typeof dtypes)[number];

/** In which floats lie in memory. */
export type FloatType = Extract<DType, "f32" | "f16">;

/** Bytes of an element. */
export const elementBytes: Readonly<Record<DType, number>> = { f32: 4, f16: 2, u32: 4, u8: 1 };

/** What a tensor looks like, without its data. */
export interface TensorSpec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Number of elements; 1 for the scalar shape []. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = (strides[axis + 1] ?? 1) * (shape[axis + 1] ?? 1);
  }
  return strides;
}

export function equalShapes(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/** "[2, 3, 5]" */
export function showShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** @throws ShapeError unless every extent is a positive integer and the rank is at most six */
export function checkShape(what: string, shape: Shape): void {
  if (!Array.isArray(shape))
    throw new ShapeError(`${what}: ${described(shape)} is no shape; give a list, as [2, 3]`);
  if (shape.length > maximumRank || !shape.every((extent) => Number.isInteger(extent) && extent > 0)) {
    throw new ShapeError(
      `${what}: [${shape.map(described).join(", ")}] is no shape of up to ${maximumRank} positive integers`,
    );
  }
}

/**
 * The shape both broadcast to: aligned at the last axis, where extents are equal or one of them is 1.
 * @throws ShapeError naming the operator and both shapes
 */
export function broadcastShapes(operator: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new ShapeError(
        `${operator}: ${showShape(a)} and ${showShape(b)} do not broadcast at axis ${axis}`,
      );
    }
    return Math.max(left, right);
  });
}

/** Strides of `shape` as read from an output of shape `target`: 0 along broadcast axes. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const strides = stridesOf(shape);
  const lead = target.length - shape.length;
  return target.map((_, axis) => (axis < lead || shape[axis - lead] === 1 ? 0 : (strides[axis - lead] ?? 0)));
}

/**
 * One axis, counted from 0; a negative one counts from the end.
 * @throws ShapeError naming the operator and the axis
 */
export function normaliseAxis(operator: string, shape: Shape, axis: number): number {
  const rank = shape.length;
  if (Number.isInteger(axis) && axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  if (typeof (axis as unknown) !== "number") {
    throw new ShapeError(`${operator}: an axis must be a whole number, got ${described(axis)}`);
  }
  const range = rank === 0 ? "it has none" : `it has 0 to ${rank - 1}, or -${rank} to -1 from the end`;
  throw new ShapeError(`${operator}: there is no axis ${described(axis)} in ${showShape(shape)}; ${range}`);
}

/**
 * Axes as non-negative numbers in the order they are named; each may be named once.
 * @throws ShapeError naming the operator and the axis at fault
 */
export function namedAxes(operator: string, shape: Shape, axes: readonly number[]): number[] {
  const found = axes.map((axis) => normaliseAxis(operator, shape, axis));
  const twice = found.findIndex((axis, i) => found.indexOf(axis) < i);
  if (twice < 0) return found;
  throw new ShapeError(
    `${operator}: axis ${found[twice]} of ${showShape(shape)} is named twice in ${showShape(axes)}`,
  );
}

/**
 * Axes as sorted, non-negative, distinct numbers: of one axis, of several, or, where undefined, all; negative ones count
 * from the end.
 * @throws ShapeError naming the operator and the axis at fault
 */
export function normaliseAxes(operator: string, shape: Shape, axes?: number | readonly number[]): number[] {
  if (axes === undefined) return shape.map((_, axis) => axis);
  if (typeof axes === "number") return [normaliseAxis(operator, shape, axes)];
  return namedAxes(operator, shape, axes).sort((a, b) => a - b);
}

/**
 * Merges neighbouring axes that every one of the given stride lists walks without a gap, and drops axes of extent 1;
 * a kernel then needs fewer divisions per element. Extents and strides keep their order; never empty.
 */
export function collapse(
  extents: Shape,
  strideLists: readonly (readonly number[])[],
): {
  extents: number[];
  strides: number[][];
} {
  const kept: number[] = [];
  const merged: number[] = [];
  for (let axis = extents.length - 1; axis >= 0; axis--) {
    const extent = extents[axis] ?? 1;
    if (extent === 1) continue;
    const inner = kept.at(-1);
    const last = merged.length - 1;
    const fits =
      inner !== undefined &&
      strideLists.every((list) => list[axis] === (list[inner] ?? 0) * (merged[last] ?? 1));
    if (fits) merged[last] = (merged[last] ?? 1) * extent;
    else {
      kept.push(axis);
      merged.push(extent);
    }
  }
  if (kept.length === 0) return { extents: [1], strides: strideLists.map(() => [0]) };
  return {
    extents: merged.reverse(),
    strides: strideLists.map((list) => kept.map((axis) => list[axis] ?? 0).reverse()),
  };
}
