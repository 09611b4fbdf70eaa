// A sample: inputs and attributes on which an operator's candidates are held against its reference.

import { allocate, type HostArray, type HostTensor } from "../../src/tensor/host.ts";
import { roundToHalf } from "../../src/tensor/half.ts";
import { sizeOf, type DType, type Shape } from "../../src/tensor/shape.ts";

export interface Sample<A> {
  /** What is special about it, e.g. "odd sizes", "stride 2, padding 1". */
  readonly name: string;
  readonly inputs: readonly HostTensor[];
  readonly attributes: A;
  /** Length of the longest sum behind one output value; the error bound grows with its square root. Default 1. */
  readonly reduction?: number;
  /** Multiplies the error bound, for functions WGSL computes loosely. Say why beside it. Default 1. */
  readonly slack?: number;
  /** False where central differences make no sense (ties, kinks hit exactly, very large tensors). Default true. */
  readonly gradcheck?: boolean;
  /** Keeps inputs that follow from others up to date while the check of the gradients moves those. */
  readonly follow?: (inputs: readonly HostArray[]) => void;
}

/** Whether a sample keeps numbers as f16, which takes an adapter with `shader-f16`. */
export const isInHalves = ({ inputs, attributes }: Sample<unknown>): boolean =>
  inputs.some(({ dtype }) => dtype === "f16") || JSON.stringify(attributes ?? null).includes('"f16"');

/** A small generator for test data only (mulberry32): same seed, same numbers. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function filled(shape: Shape, dtype: DType, next: () => number): HostTensor {
  const data = allocate(dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = next();
  return { shape, dtype, data };
}

/** Normal numbers (Box-Muller), rounded to f32. */
export function normal(shape: Shape, seed = 1, mean = 0, deviation = 1): HostTensor {
  const next = generator(seed);
  return filled(shape, "f32", () => {
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * next());
  });
}

/** Uniform numbers in [low, high), rounded to f32. */
export function uniform(shape: Shape, seed = 1, low = 0, high = 1): HostTensor {
  const next = generator(seed);
  return filled(shape, "f32", () => low + (high - low) * next());
}

/** The same, smaller and smaller along an axis, down to a millionth: an error in a small value hides beside a large one. */
export function graded({ shape, dtype, data }: HostTensor, axis = shape.length - 1): HostTensor {
  const extent = shape[axis];
  const inner = sizeOf(shape.slice(axis + 1));
  const scale = (i: number): number =>
    10 ** ((-6 * (Math.floor(i / inner) % extent)) / Math.max(extent - 1, 1));
  return { shape, dtype, data: data.map((value: number, i: number) => value * scale(i)) };
}

/** Whole numbers in [0, below). */
export function integers(shape: Shape, below: number, seed = 1, dtype: DType = "f32"): HostTensor {
  const next = generator(seed);
  return filled(shape, dtype, () => Math.floor(next() * below));
}

/** The same numbers, rounded to half precision. */
export function inHalves({ shape, data }: HostTensor): HostTensor {
  return { shape, dtype: "f16", data: Float32Array.from(data, roundToHalf) };
}

/** Exactly these values. */
export function values(shape: Shape, list: readonly number[], dtype: DType = "f32"): HostTensor {
  let i = 0;
  return filled(shape, dtype, () => list[i++] ?? NaN);
}
