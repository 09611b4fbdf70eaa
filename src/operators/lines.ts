// A tensor as the lines along one of its axes: what walks along an axis needs no more of the shape.

import { sizeOf, type Shape } from "../tensor/shape.ts";

/** x as [outer, length, inner]. */
export interface Lines {
  readonly outer: number;
  readonly length: number;
  /** Elements between two neighbours along the axis. */
  readonly inner: number;
}

/** The lines of a shape along an axis, counted from 0. */
export function linesOf(shape: Shape, axis: number): Lines {
  return {
    outer: sizeOf(shape.slice(0, axis)),
    length: shape[axis],
    inner: sizeOf(shape.slice(axis + 1)),
  };
}
