// Tensors as files of other programs hold them: elements of some type at strides in a stretch of bytes; what becomes of them.

import { DataError } from "../errors/data-errors.ts";
import { halfOfBits } from "../tensor/half.ts";
import { placeOf } from "../tensor/host.ts";
import { sizeOf } from "../tensor/shape.ts";

/** What to do about a damaged file. */
export const again = "download or save it again";

type Read = (view: DataView, at: number, littleEndian: boolean) => number;

interface ElementKind {
  readonly bytes: number;
  /** Of floats; the other types are no weights. */
  readonly read?: Read;
}

/** The upper half of an f32. */
const readBfloat16: Read = (view, at, little) => {
  single.setUint32(0, view.getUint16(at, little) << 16);
  return single.getFloat32(0);
};
const single = new DataView(new ArrayBuffer(4));

const readFloat16: Read = (view, at, little) => halfOfBits(view.getUint16(at, little));

/** Every type of element that is known by name. */
export const elementKinds = {
  f16: { bytes: 2, read: readFloat16 },
  bf16: { bytes: 2, read: readBfloat16 },
  f32: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  f64: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
  ...{ bool: { bytes: 1 }, i8: { bytes: 1 }, i16: { bytes: 2 }, i32: { bytes: 4 }, i64: { bytes: 8 } },
  ...{ u8: { bytes: 1 }, u16: { bytes: 2 }, u32: { bytes: 4 }, u64: { bytes: 8 } },
  ...{ f8: { bytes: 1 }, c64: { bytes: 8 }, c128: { bytes: 16 } },
} as const satisfies Record<string, ElementKind>;
export type ElementType = keyof typeof elementKinds;

const unread: readonly ElementType[] = ["f8", "c64", "c128"];
const floats = ["f16", "bf16", "f32", "f64"] as const satisfies readonly ElementType[];
export type FloatType = (typeof floats)[number];

export interface StoredTensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Elements from one to the next along each axis, 0 or more. */
  readonly strides: readonly number[];
  /** Where the first element is, in elements. All that the strides reach lies within the bytes: the reader has checked it. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly littleEndian: boolean;
}

/** What a reader of one format finds, before any value is looked at. */
export interface StoredWeights {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** By name, why something is no tensor. */
  readonly skipped: ReadonlyMap<string, string>;
  readonly metadata: Readonly<Record<string, string>>;
  /** What was decided on the way, in sentences. */
  readonly notes: readonly string[];
}

/**
 * @throws DataError for a type that is neither read nor a whole number
 */
export function isFloat(
  file: string,
  name: string,
  tensor: StoredTensor,
): tensor is StoredTensor & { readonly type: FloatType } {
  if (unread.includes(tensor.type)) {
    throw new DataError(
      file,
      `tensor ${JSON.stringify(name)} has elements of type ${tensor.type}; save it in another: f32, f16, bf16 and f64 are read`,
    );
  }
  return (floats as readonly ElementType[]).includes(tensor.type);
}

/**
 * The elements row-major in f32, to which f64 is rounded.
 * @throws DataError when one is not a number and that is not allowed, or an f64 is beyond the largest f32
 */
export function float32Of(
  file: string,
  name: string,
  tensor: StoredTensor & { readonly type: FloatType },
  { allowNaN }: { readonly allowNaN: boolean },
): Float32Array<ArrayBuffer> {
  const { shape } = tensor;
  const values = new Float32Array(sizeOf(shape));
  gather(tensor, values);
  const wrong = values.findIndex((value) => !allowNaN && Number.isNaN(value));
  if (wrong >= 0) {
    const remedy = "take an earlier checkpoint, or allow it with allowNaN";
    throw new DataError(
      file,
      `tensor ${JSON.stringify(name)} has NaN at ${placeOf(wrong, shape)}; ${remedy}`,
    );
  }
  // Infinity itself is kept, as in masks of attention; a number that would become one is refused.
  if (tensor.type === "f64" && values.some((value) => Math.abs(value) === Infinity)) {
    const precise = new Float64Array(values.length);
    gather(tensor, precise);
    const over = values.findIndex((value, i) => Math.abs(value) === Infinity && Number.isFinite(precise[i]));
    if (over >= 0) {
      const what = `has ${precise[over]} at ${placeOf(over, shape)}`;
      throw new DataError(file, `tensor ${JSON.stringify(name)} ${what}, beyond the largest f32; rescale it`);
    }
  }
  return values;
}

/** Walks the strides: axes from the outermost in a list of counters, the innermost in a loop of its own. */
function gather(
  { type, shape, strides, offset, bytes, littleEndian }: StoredTensor & { readonly type: FloatType },
  values: Float32Array | Float64Array,
): void {
  const { bytes: size, read } = elementKinds[type];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const last = shape.length - 1;
  const row = shape[last] ?? 1;
  const step = strides[last] ?? 1;
  const place = shape.map(() => 0);
  let from = offset;
  for (let i = 0; i < values.length;) {
    for (let k = 0; k < row; k++) values[i++] = read(view, (from + k * step) * size, littleEndian);
    for (let axis = last - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++place[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      place[axis] = 0;
    }
  }
}
