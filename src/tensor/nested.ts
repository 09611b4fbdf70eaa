// A tensor's values as gpu.js kernels take them: rows of Float32Array, or flat with a size.

import { ShapeError } from "../errors/errors.ts";
import { hostTensor, type HostArray } from "./host.ts";
import { showShape, type Shape } from "./shape.ts";

/** Rows of up to three axes, as a gpu.js kernel takes and returns them; a number where there is no axis. */
export type NestedRows = number | Float32Array | Float32Array[] | Float32Array[][];

/**
 * What the constructor of gpu.js' `Input` takes: flat values, and the extents with the innermost first, [x], [x, y] or
 * [x, y, z]. The values are a plain list because that is their type there.
 */
export interface GpujsInput {
  readonly value: number[];
  readonly size: [number] | [number, number] | [number, number, number];
}

const most = 3;

/** f32 values of a tensor of up to three axes; whole numbers that f32 does not hold are refused. */
function f32Values(what: string, values: HostArray, shape: Shape): Float32Array {
  if (shape.length > most) {
    throw new ShapeError(
      `${what}: gpu.js has up to ${most} axes, and ${showShape(shape)} has ${shape.length}; reshape the tensor first`,
    );
  }
  const { data } = hostTensor(values, shape, "f32", what);
  return data instanceof Float32Array ? data : Float32Array.from(data);
}

/** The rows are views of one array. @throws as `Tensor.nested` */
export function nestedRows(values: HostArray, shape: Shape): NestedRows {
  const flat = f32Values("tensor.nested", values, shape);
  const [depth = 1, height = 1, width = 1] = [...new Array<number>(most - shape.length).fill(1), ...shape];
  const row = (i: number): Float32Array => flat.subarray(i * width, (i + 1) * width);
  const plane = (z: number): Float32Array[] => Array.from({ length: height }, (_, y) => row(z * height + y));
  if (shape.length === 3) return Array.from({ length: depth }, (_, z) => plane(z));
  if (shape.length === 2) return plane(0);
  return shape.length === 1 ? flat : flat[0];
}

/** @throws as `Tensor.nested` */
export function gpujsInput(values: HostArray, shape: Shape): GpujsInput {
  const value = Array.from(f32Values("tensor.gpujsInput", values, shape));
  const [x = 1, y, z] = [...shape].reverse();
  return { value, size: y === undefined ? [x] : z === undefined ? [x, y] : [x, y, z] };
}
