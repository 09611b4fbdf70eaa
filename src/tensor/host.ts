// Tensors on the host: what people have as data (numbers, lists, typed arrays, ndarrays, results of gpu.js kernels) becomes
// a typed array with a shape, and nothing on the way is rounded, wrapped or left out in silence.

import type { NdArray } from "ndarray";
import { described, describedAt, isPromise } from "../errors/arguments.ts";
import { OutOfMemoryError, ShapeError, UsageError } from "../errors/errors.ts";
import { roundToHalf } from "./half.ts";
import {
  checkShape,
  dtypes,
  equalShapes,
  showShape,
  sizeOf,
  type DType,
  type Shape,
  type TensorSpec,
} from "./shape.ts";

/** f32 and f16 tensors are Float32Array at the GPU's border and Float64Array inside the reference backend. */
export type HostArray = Float32Array | Float64Array | Uint32Array | Uint8Array;

/** A tensor's data on the host, row-major and contiguous. */
export interface HostTensor extends TensorSpec {
  readonly data: HostArray;
}

/** Every typed array whose elements are numbers. */
export type NumberArray = HostArray | Uint8ClampedArray | Uint16Array | Int8Array | Int16Array | Int32Array;

/** Lists of numbers, of lists, or of typed arrays as rows: what gpu.js kernels return, say. */
export type NestedNumbers = readonly (number | NumberArray | NestedNumbers)[];

/** A texture of gpu.js, or whatever else gives its values when it is asked. */
export interface ArraySource {
  toArray(): NumberArray | NestedNumbers;
}

/** The `Input` of gpu.js: flat values, and a size whose innermost axis comes first. */
export interface FlatInput {
  readonly value: NumberArray | readonly number[];
  readonly size: ArrayLike<number>;
}

/**
 * Anything `engine.tensor` takes as data: numbers, nested numbers, a typed array, an ndarray, and what gpu.js has: rows of
 * Float32Array, textures, inputs.
 */
export type TensorData = number | NumberArray | NestedNumbers | NdArray | ArraySource | FlatInput;

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
      `this process has no memory for ${size} values of type ${precise && dtype.startsWith("f") ? "f64" : dtype}; use a smaller ` +
        "batch or image",
      { cause },
    );
  }
}

/** The element type that a tensor of a typed array has unless another is asked for. Node has Float16Array from 24 on. */
const typeOfArray: Readonly<Record<string, DType>> = {
  ...{ Float16Array: "f32", Float32Array: "f32", Float64Array: "f32" },
  ...{ Int8Array: "u32", Int16Array: "u32", Int32Array: "u32", Uint16Array: "u32", Uint32Array: "u32" },
  ...{ Uint8Array: "u8", Uint8ClampedArray: "u8" },
};

/** By its tag and not by instanceof, so that an array of another realm (a frame, a test runner) is one too. */
function typeOf(data: unknown): DType | undefined {
  return ArrayBuffer.isView(data)
    ? typeOfArray[(data as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? ""]
    : undefined;
}

const isNumberArray = (data: unknown): data is NumberArray => typeOf(data) !== undefined;

const isNdArray = (data: object): data is NdArray =>
  "data" in data && "stride" in data && "shape" in data && "offset" in data;

const isFlatInput = (data: object): data is FlatInput => "value" in data && "size" in data;

const isSource = (data: object): data is ArraySource =>
  "toArray" in data && typeof data.toArray === "function";

/** Nested lists and numbers are told apart from all else where they are walked, so that it is named with its place. */
const isList = (data: unknown): data is NestedNumbers => Array.isArray(data);

/** What to do about a value that is no data, where there is one thing to do. */
function wayOut(value: unknown): string {
  if (typeof value === "boolean") return ": write 1 for true and 0 for false";
  if (typeof value === "bigint") return ": convert it, with Number(value)";
  if (value instanceof BigInt64Array || value instanceof BigUint64Array) {
    return ": its values are no numbers; convert them, with Float64Array.from(values, Number)";
  }
  return "";
}

function refuse(what: string, value: unknown, place = ""): never {
  throw new UsageError(
    `${what}: takes a number, nested lists of numbers, a typed array, an ndarray, or what a gpu.js kernel gives; ` +
      `got ${describedAt(value, place)}${wayOut(value)}`,
  );
}

/** Data on its way: as found, in the element type that it has by itself. Signed numbers wait here as Float64Array. */
interface Found {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: NumberArray;
}

function nestedShape(data: unknown): number[] {
  if (isNumberArray(data)) return [data.length];
  return isList(data) ? [data.length, ...(data.length === 0 ? [] : nestedShape(data[0]))] : [];
}

/** Walks nested lists in order. Their rows may be typed arrays, all of one element type. */
function fromNested(what: string, source: NestedNumbers | number): Found {
  const shape = nestedShape(source);
  const data = new Float64Array(sizeOf(shape));
  const place: number[] = [];
  let at = 0;
  let dtype: DType | undefined;
  const ragged = (): never => {
    throw new ShapeError(`${what}: nested numbers are ragged at depth ${place.length}`);
  };
  const visit = (each: unknown): void => {
    const depth = place.length;
    const type = typeof each === "number" ? "f32" : typeOf(each);
    if (type === undefined && !isList(each)) refuse(what, each, depth === 0 ? "" : ` at ${showShape(place)}`);
    if (type !== undefined) {
      dtype ??= type;
      if (dtype !== type) {
        throw new UsageError(
          `${what}: the values at ${showShape(place)} are ${type}, those before them ${dtype}; make all rows of one type`,
        );
      }
    }
    if (typeof each === "number") {
      if (depth !== shape.length) ragged();
      data[at++] = each;
      return;
    }
    const row = each as NestedNumbers | NumberArray;
    if (row.length !== shape[depth]) ragged();
    if (type !== undefined) {
      if (depth + 1 !== shape.length) ragged();
      data.set(row as NumberArray, at);
      at += row.length;
      return;
    }
    // Not forEach, which passes over holes.
    for (let i = 0; i < row.length; i++) {
      place.push(i);
      visit(row[i]);
      place.pop();
    }
  };
  visit(source);
  return { shape, dtype: dtype ?? "f32", data };
}

/** The elements of an ndarray in row-major order, whatever its strides. */
function fromNdArray(what: string, source: NdArray): Found {
  const values: unknown = source.data;
  // ndarray also takes an object with get(i) and set(i, value) as its data.
  const generic = values as { readonly length: number; get?: unknown } | null;
  const readable = isNumberArray(values) || isList(values) || typeof generic?.get === "function";
  if (!readable) refuse(what, values, " in the ndarray");
  const list = values as ArrayLike<unknown> & { get(i: number): unknown };
  const get = typeof list.get === "function" ? (i: number) => list.get(i) : (i: number) => list[i];
  const shape = [...source.shape];
  checkShape(what, shape);
  const strides = source.stride;
  if (strides.length !== shape.length) {
    throw new ShapeError(
      `${what}: the ndarray has ${strides.length} strides for its shape ${showShape(shape)}`,
    );
  }
  const data = new Float64Array(sizeOf(shape));
  const place = shape.map(() => 0);
  let from = source.offset;
  for (let i = 0; i < data.length; i++) {
    if (!(Number.isInteger(from) && from >= 0 && from < list.length)) {
      throw new ShapeError(
        `${what}: the ndarray's element ${showShape(place)} would be number ${from} of its data, which has ${list.length}`,
      );
    }
    const value = get(from);
    if (typeof value !== "number") refuse(what, value, ` at ${showShape(place)} in the ndarray`);
    data[i] = value;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++place[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      place[axis] = 0;
    }
  }
  return { shape, dtype: typeOf(values) ?? "f32", data };
}

function find(what: string, data: TensorData): Found {
  if (typeof data === "number" || isList(data)) return fromNested(what, data);
  if (typeof data !== "object" || (data as object | null) === null) refuse(what, data);
  const dtype = typeOf(data);
  if (dtype !== undefined) return { shape: [(data as NumberArray).length], dtype, data: data as NumberArray };
  if (isNdArray(data)) return fromNdArray(what, data);
  if (isFlatInput(data)) {
    const flat: Found = find(what, data.value);
    if (flat.shape.length !== 1) refuse(what, data.value, " as the value of an input");
    return { ...flat, shape: Array.from(data.size).reverse() };
  }
  if (!isSource(data)) refuse(what, data);
  const values: unknown = data.toArray();
  if (isPromise(values)) {
    throw new UsageError(
      `${what}: toArray() of ${described(data)} gives a promise; await it first, and give what it resolves to`,
    );
  }
  if (!isList(values) && !isNumberArray(values))
    refuse(what, values, ` from toArray() of ${described(data)}`);
  return find(what, values);
}

/** Where in a shape an element is: "[2, 5]". */
export function placeOf(index: number, shape: Shape): string {
  const place = [...shape];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place[axis] = index % shape[axis];
    index = Math.floor(index / shape[axis]);
  }
  return showShape(place);
}

const largest = { u8: 255, u32: 2 ** 32 - 1 } as const;

/** @throws UsageError for the first value that the element type does not hold as it is */
function settle(what: string, { data, dtype: from }: Found, type: DType, shape: Shape): HostArray {
  if (type === "f16") return settle(what, { shape, data, dtype: from }, "f32", shape).map(roundToHalf);
  if (type === "f32") {
    if (from === "f32" && (data instanceof Float32Array || data instanceof Float64Array)) return data;
    const numbers = Float32Array.from(data);
    // Fractions are rounded by whoever asks for f32; whole numbers are rows, classes and counts.
    const off = from === "u32" ? numbers.findIndex((value, i) => value !== data[i]) : -1;
    if (off < 0) return numbers;
    throw new UsageError(
      `${what}: the whole number ${data[off]} at ${placeOf(off, shape)} would be ${numbers[off]} in f32, which holds all ` +
        `of them up to 2^24 only; keep it in a u32 tensor, or give a Float64Array if rounding is meant`,
    );
  }
  if (type === "u8" && data instanceof Uint8Array) return data;
  if (type === "u32" && data instanceof Uint32Array) return data;
  if (type === "u8" && data instanceof Uint8ClampedArray) {
    return new Uint8Array(data.buffer, data.byteOffset, data.length);
  }
  const off = (data as Float64Array).findIndex(
    (value) => !(Number.isInteger(value) && value >= 0 && value <= largest[type]),
  );
  if (off < 0) return type === "u8" ? Uint8Array.from(data) : Uint32Array.from(data);
  throw new UsageError(
    `${what}: the value at ${placeOf(off, shape)} is ${data[off]}, and a ${type} tensor takes whole numbers from 0 to ` +
      `${largest[type]}; give "f32" as the element type to keep it as it is`,
  );
}

/**
 * Host data with a shape and element type. By itself, Uint8Array and Uint8ClampedArray make u8; the other typed arrays of
 * whole numbers, signed ones included, make u32; all else makes f32. The shape may be left out, except to give a flat array
 * another one.
 *
 * @param what the call that was given the data, for messages
 * @throws ShapeError when the data is ragged or does not fill the shape; UsageError when it is no data at all, the type is
 *   none, or a value has to be wrapped, cut or (a whole number) rounded to be of the type
 */
export function hostTensor(data: TensorData, shape?: Shape, dtype?: DType, what = "tensor"): HostTensor {
  if (dtype !== undefined && !dtypes.includes(dtype)) {
    throw new UsageError(
      `${what}: there is no element type ${described(dtype)}; choose one of ${dtypes.join(", ")}`,
    );
  }
  if (shape !== undefined) checkShape(what, shape);
  const found = find(what, data);
  const wanted = shape ?? found.shape;
  checkShape(what, wanted);
  if (sizeOf(wanted) !== found.data.length) {
    throw new ShapeError(`${what}: ${found.data.length} values do not fill ${showShape(wanted)}`);
  }
  if (isTurned(found.shape, wanted)) {
    throw new ShapeError(
      `${what}: the data is ${showShape(found.shape)}, not ${showShape(wanted)}; transpose it, or give it flat`,
    );
  }
  const type = dtype ?? found.dtype;
  return { shape: wanted, dtype: type, data: settle(what, found, type, wanted) };
}

/**
 * Whether the shape has the data's own axes in another order, which takes a transpose and no reshape. Axes of extent 1 do not
 * count.
 */
function isTurned(own: Shape, wanted: Shape): boolean {
  const [given, asked] = [own, wanted].map((shape) => shape.filter((extent) => extent !== 1));
  if (equalShapes(given, asked)) return false;
  const sorted = (shape: Shape): Shape => shape.toSorted((a, b) => a - b);
  return equalShapes(sorted(given), sorted(asked));
}
