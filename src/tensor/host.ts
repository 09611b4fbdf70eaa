// Tensors on the host: typed arrays with a shape, and ndarray at the border.

import type { NdArray } from "ndarray";
import { OutOfMemoryError, ShapeError, UsageError } from "../errors/errors.ts";
import {
  checkShape,
  showShape,
  sizeOf,
  stridesOf,
  type DType,
  type Shape,
  type TensorSpec,
} from "./shape.ts";

/** f32 tensors are Float32Array at the GPU's border and Float64Array inside the reference backend. */
export type HostArray = Float32Array | Float64Array | Uint32Array | Uint8Array;

/** A tensor's data on the host, row-major and contiguous. */
export interface HostTensor extends TensorSpec {
  readonly data: HostArray;
}

/** Anything `engine.tensor` takes as data: numbers, nested numbers, a typed array, an ndarray. */
export type TensorData = number | HostArray | NestedNumbers | NdArray<HostArray | number[]>;
export type NestedNumbers = readonly (number | NestedNumbers)[];

/**
 * An array for elements of the type; `precise` asks for float64, as the reference computes.
 * @throws OutOfMemoryError when this process can have no such array
 */
export function allocate(dtype: DType, size: number, precise = false): HostArray {
  try {
    if (dtype === "u8") return new Uint8Array(size);
    if (dtype === "u32") return new Uint32Array(size);
    return precise ? new Float64Array(size) : new Float32Array(size);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new OutOfMemoryError(
      `this process has no memory for ${size} values of type ${precise && dtype === "f32" ? "f64" : dtype}; use a smaller ` +
        "batch or image",
      { cause },
    );
  }
}

const dtypes: readonly string[] = ["f32", "u32", "u8"] satisfies readonly DType[];

function isNdArray(data: object): data is NdArray<HostArray | number[]> {
  return "data" in data && "stride" in data && "shape" in data && "offset" in data;
}

const isHostArray = (data: object): data is HostArray =>
  [Float32Array, Float64Array, Uint32Array, Uint8Array].some((kind) => data instanceof kind);

/** Nested lists and numbers are told apart from all else where they are walked, so that it is named with its place. */
const isList = (data: unknown): data is NestedNumbers => Array.isArray(data);

/** What a value is, for people: `the string "a"`, `a Promise`. */
function named(value: unknown): string {
  if (typeof value === "string") return `the string ${JSON.stringify(value.slice(0, 20))}`;
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Promise) return "a promise: await it first, and give what it resolves to";
  const name = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === "string" && name !== "Object" ? `an object of type ${name}` : "an object";
}

function refuse(what: string, value: unknown, place = ""): never {
  throw new UsageError(
    `${what}: takes a number, nested lists of numbers, a Float32Array, Float64Array, Uint32Array or Uint8Array, or an ` +
      `ndarray of these; got ${named(value)}${place}`,
  );
}

function nestedShape(data: NestedNumbers | number): number[] {
  if (!isList(data)) return [];
  const first = data[0];
  return [data.length, ...(first === undefined ? [] : nestedShape(first))];
}

function flatten(
  what: string,
  data: NestedNumbers | number,
  shape: Shape,
  place: number[],
  into: number[],
): void {
  const depth = place.length;
  if (typeof data === "number") {
    if (depth !== shape.length) throw new ShapeError(`${what}: nested numbers are ragged at depth ${depth}`);
    into.push(data);
    return;
  }
  if (!isList(data)) refuse(what, data, depth === 0 ? "" : ` at ${showShape(place)}`);
  if (data.length !== shape[depth])
    throw new ShapeError(`${what}: nested numbers are ragged at depth ${depth}`);
  data.forEach((row, i) => {
    place.push(i);
    flatten(what, row, shape, place, into);
    place.pop();
  });
}

function fromNdArray(what: string, source: NdArray<HostArray | number[]>): HostTensor {
  const shape = [...source.shape];
  if (!Array.isArray(source.data) && !isHostArray(source.data)) refuse(what, source.data, " in the ndarray");
  const strides = stridesOf(shape);
  const dtype = source.data instanceof Uint8Array ? "u8" : source.data instanceof Uint32Array ? "u32" : "f32";
  const data = allocate(dtype, sizeOf(shape), source.data instanceof Float64Array);
  for (let i = 0; i < data.length; i++) {
    const at = strides.reduce(
      (sum, stride, axis) => sum + (Math.floor(i / stride) % (shape[axis] ?? 1)) * (source.stride[axis] ?? 0),
      source.offset,
    );
    data[i] = source.data[at] ?? 0;
  }
  return { shape, dtype, data };
}

/**
 * Host data with a shape and element type. A typed array keeps its type (u8, u32, else f32); the shape may be left
 * out for nested numbers, ndarrays and scalars.
 *
 * @param what the call that was given the data, for messages
 * @throws ShapeError when the data is ragged or does not fill the shape; UsageError when it is no data at all, or the type
 *   is none
 */
export function hostTensor(data: TensorData, shape?: Shape, dtype?: DType, what = "tensor"): HostTensor {
  if (dtype !== undefined && !dtypes.includes(dtype)) {
    throw new UsageError(
      `${what}: there is no element type ${named(dtype)}; choose one of ${dtypes.join(", ")}`,
    );
  }
  if (shape !== undefined) checkShape(what, shape);
  let found: HostTensor;
  if (typeof data === "number" || isList(data)) {
    const nested = nestedShape(data);
    const numbers: number[] = [];
    flatten(what, data, nested, [], numbers);
    found = { shape: nested, dtype: "f32", data: Float64Array.from(numbers) };
  } else if (typeof data !== "object" || (data as object | null) === null) {
    refuse(what, data);
  } else if (isHostArray(data)) {
    const type = data instanceof Uint8Array ? "u8" : data instanceof Uint32Array ? "u32" : "f32";
    found = { shape: [data.length], dtype: type, data };
  } else if (isNdArray(data)) {
    found = fromNdArray(what, data);
  } else {
    refuse(what, data);
  }
  const wanted = shape ?? found.shape;
  checkShape(what, wanted);
  if (sizeOf(wanted) !== found.data.length) {
    throw new ShapeError(`${what}: ${found.data.length} values do not fill ${showShape(wanted)}`);
  }
  const type = dtype ?? found.dtype;
  if (type === found.dtype) return { shape: wanted, dtype: type, data: found.data };
  const converted = allocate(type, found.data.length, true);
  converted.set(found.data);
  return { shape: wanted, dtype: type, data: converted };
}
