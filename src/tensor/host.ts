// Tensors on the host: typed arrays with a shape, and ndarray at the border.

import ndarray, { type NdArray } from "ndarray";
import { ShapeError } from "../device/index.ts";
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

/** An array for elements of the type; `precise` asks for float64, as the reference computes. */
export function allocate(dtype: DType, size: number, precise = false): HostArray {
  if (dtype === "u8") return new Uint8Array(size);
  if (dtype === "u32") return new Uint32Array(size);
  return precise ? new Float64Array(size) : new Float32Array(size);
}

function isNdArray(data: TensorData): data is NdArray<HostArray | number[]> {
  return typeof data === "object" && "stride" in data && "shape" in data && "offset" in data;
}

function nestedShape(data: NestedNumbers | number): number[] {
  if (typeof data === "number") return [];
  const first = data[0];
  return [data.length, ...(first === undefined ? [] : nestedShape(first))];
}

function flatten(data: NestedNumbers | number, shape: Shape, depth: number, into: number[]): void {
  if (typeof data === "number") {
    if (depth !== shape.length) throw new ShapeError(`tensor: nested numbers are ragged at depth ${depth}`);
    into.push(data);
    return;
  }
  if (data.length !== shape[depth])
    throw new ShapeError(`tensor: nested numbers are ragged at depth ${depth}`);
  for (const row of data) flatten(row, shape, depth + 1, into);
}

function fromNdArray(source: NdArray<HostArray | number[]>): HostTensor {
  const shape = [...source.shape];
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
 * @throws ShapeError when the data is ragged or does not fill the shape
 */
export function hostTensor(data: TensorData, shape?: Shape, dtype?: DType): HostTensor {
  let found: HostTensor;
  if (ArrayBuffer.isView(data)) {
    const type = data instanceof Uint8Array ? "u8" : data instanceof Uint32Array ? "u32" : "f32";
    found = { shape: [data.length], dtype: type, data };
  } else if (typeof data === "object" && isNdArray(data)) {
    found = fromNdArray(data);
  } else {
    const nested = nestedShape(data);
    const numbers: number[] = [];
    flatten(data, nested, 0, numbers);
    found = { shape: nested, dtype: "f32", data: Float64Array.from(numbers) };
  }
  const wanted = shape ?? found.shape;
  checkShape("tensor", wanted);
  if (sizeOf(wanted) !== found.data.length) {
    throw new ShapeError(`tensor: ${found.data.length} values do not fill ${showShape(wanted)}`);
  }
  const type = dtype ?? found.dtype;
  if (type === found.dtype) return { shape: wanted, dtype: type, data: found.data };
  const converted = allocate(type, found.data.length, true);
  converted.set(found.data);
  return { shape: wanted, dtype: type, data: converted };
}

/** The data as an ndarray that shares its memory. */
export function toNdArray(tensor: HostTensor): NdArray<HostArray> {
  return ndarray(tensor.data, [...tensor.shape]);
}
