// Inputs: random, and the same in every run and for every implementation.

import {
  openEngine,
  randomNormal,
  randomUniform,
  type DType,
  type Engine,
  type Shape,
  type Tensor,
} from "@tessera-gpu/tessera";

export interface HostInput {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: Float32Array | Uint8Array | Uint32Array;
}

const seedWords = Uint32Array.of(2026, 11, 0, 0);
/** What Philox draws from. */
export const seed: HostInput = { shape: [4], dtype: "u32", data: seedWords };

let host: Promise<Engine> | undefined;
/** The CPU engine, which draws. */
const drawing = (): Promise<Engine> => (host ??= openEngine({ device: "reference" }));

async function drawn(draw: typeof randomNormal, shape: Shape, stream: number): Promise<Float32Array> {
  const engine = await drawing();
  const values = engine.scope(() => draw(engine.tensor(seedWords), shape, stream));
  const data = Float32Array.from(await values.read());
  values.dispose();
  return data;
}

/** Normal numbers; `stream` tells inputs apart. */
export async function normal(shape: Shape, stream: number, deviation = 1): Promise<HostInput> {
  const data = await drawn(randomNormal, shape, stream);
  return { shape, dtype: "f32", data: data.map((value) => deviation * value) };
}

/** Uniform numbers in [low, high). */
export async function uniform(shape: Shape, stream: number, low = 0, high = 1): Promise<HostInput> {
  const data = await drawn(randomUniform, shape, stream);
  return { shape, dtype: "f32", data: data.map((value) => low + (high - low) * value) };
}

/** Bytes in [0, below). */
export async function bytes(shape: Shape, stream: number, below = 256): Promise<HostInput> {
  const data = await drawn(randomUniform, shape, stream);
  return { shape, dtype: "u8", data: Uint8Array.from(data, (value) => Math.floor(below * value)) };
}

/** Whole numbers in [0, below), as rows and classes are named. */
export async function indices(shape: Shape, stream: number, below: number): Promise<HostInput> {
  const data = await drawn(randomUniform, shape, stream);
  return { shape, dtype: "u32", data: Uint32Array.from(data, (value) => Math.floor(below * value)) };
}

export const values = (list: readonly number[]): HostInput => ({
  shape: [list.length],
  dtype: "f32",
  data: Float32Array.from(list),
});

/** One-hot labels [count, classes], the class of image i being i % classes. */
export function oneHotClasses(count: number, classes: number): HostInput {
  const data = new Float32Array(count * classes);
  for (let i = 0; i < count; i++) data[i * classes + (i % classes)] = 1;
  return { shape: [count, classes], dtype: "f32", data };
}

/** Inputs that follow from others: what the float64 reference computes, rounded to f32. */
export async function computed(
  inputs: readonly HostInput[],
  body: (tensors: Tensor[], engine: Engine) => readonly Tensor[],
): Promise<HostInput[]> {
  const engine = await drawing();
  const tensors = inputs.map(({ data, shape, dtype }) => engine.tensor(data, shape, dtype));
  const outputs = engine.scope(() => body(tensors, engine));
  const made: HostInput[] = [];
  for (const output of outputs) {
    if (output.dtype !== "f32") throw new Error("only f32 inputs are computed");
    made.push({ shape: output.shape, dtype: "f32", data: Float32Array.from(await output.read()) });
  }
  for (const tensor of [...tensors, ...outputs]) tensor.dispose();
  return made;
}
