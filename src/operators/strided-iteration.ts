// How an operator walks through tensors that are read with strides: the plan of a kernel's index arithmetic, and
// the same walk on the host.

import type { Candidate } from "./operator.ts";
import { broadcastStrides, collapse, sizeOf, stridesOf, type Shape } from "../tensor/shape.ts";

/** Extents, outermost first, and for each tensor the strides along them. */
export interface StridedIteration {
  readonly extents: readonly number[];
  readonly strides: readonly (readonly number[])[];
}

/** Over an output of this shape, in order: strides of the output, then of the tensors that broadcast to it. */
export function broadcastIteration(target: Shape, operands: readonly Shape[]): StridedIteration {
  return collapse(target, [stridesOf(target), ...operands.map((shape) => broadcastStrides(shape, target))]);
}

/**
 * The same walk in steps of four elements, or undefined where four neighbours are not neighbours in every tensor:
 * all must be contiguous along the innermost axis, and start every row at a multiple of four.
 */
export function inVectors({ extents, strides }: StridedIteration): StridedIteration | undefined {
  const inner = extents.length - 1;
  const fits =
    extents[inner] % 4 === 0 &&
    strides.every(
      (list) => list[inner] === 1 && list.every((stride, axis) => axis === inner || stride % 4 === 0),
    );
  if (!fits) return undefined;
  return {
    extents: extents.map((extent, axis) => (axis === inner ? extent / 4 : extent)),
    strides: strides.map((list) => list.map((stride, axis) => (axis === inner ? 1 : stride / 4))),
  };
}

/** What the elements of a kernel's buffers are (its knob of that name): numbers, or fours of neighbouring numbers. */
export type Element = "f32" | "vec4f";

/** Candidates for a walk in steps of one number, and where the walk allows it, after it the faster one in fours. */
export function byIteration(
  iteration: StridedIteration,
  make: (name: string, element: Element, iteration: StridedIteration) => Candidate,
): Candidate[] {
  const vectors = inVectors(iteration);
  const elements = make("elements", "f32", iteration);
  return vectors === undefined ? [elements] : [elements, make("vectors", "vec4f", vectors)];
}

/** The same for kernels that see their tensors as one row, or as rows, of `count` neighbours each. */
export function byElement(
  count: number,
  make: (name: string, element: Element, count: number) => Candidate,
): Candidate[] {
  const elements = make("elements", "f32", count);
  return count % 4 === 0 ? [elements, make("vectors", "vec4f", count / 4)] : [elements];
}

/** A list as `array<vec4u, 2>` of a kernel: innermost axis first, filled up with `fill`. */
export function eightLanes(list: readonly number[], fill = 0): number[] {
  return [...list].reverse().concat(new Array<number>(8 - list.length).fill(fill));
}

/** A list as `vec4u` of a kernel: innermost axis first, filled up with `fill`. */
export function fourLanes(list: readonly number[], fill = 0): number[] {
  return [...list].reverse().concat(new Array<number>(4 - list.length).fill(fill));
}

/**
 * Calls `visit` for every run along the innermost extent, in row-major order, with each tensor's offset of the
 * run's first element. The array of offsets is the same one every time.
 */
export function eachRun(
  { extents, strides }: StridedIteration,
  visit: (offsets: readonly number[]) => void,
): void {
  const outer = extents.length - 1;
  const offsets = strides.map(() => 0);
  const position = extents.map(() => 0);
  // For each axis, what a step along it adds once all axes inside it went back to their start.
  const steps = strides.map((list) => {
    let back = 0;
    const added = list.map(() => 0);
    for (let axis = outer - 1; axis >= 0; axis--) {
      added[axis] = list[axis] - back;
      back += (extents[axis] - 1) * list[axis];
    }
    return added;
  });
  const runs = sizeOf(extents.slice(0, outer));
  for (let run = 0; run < runs; run++) {
    visit(offsets);
    let axis = outer - 1;
    while (axis > 0 && position[axis] === extents[axis] - 1) position[axis--] = 0;
    if (axis < 0) return;
    position[axis]++;
    for (let i = 0; i < offsets.length; i++) offsets[i] += steps[i][axis];
  }
}
