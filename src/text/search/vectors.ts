// Vectors of texts, and which of them are nearest to a query's.
import { UsageError } from "../../errors/errors.ts";

/** Vectors of texts. */
export interface Vectors {
  readonly width: number;
  /** f32 [n, width]; zeros for a text that no vector finds. */
  readonly values: Float32Array;
}

/** Each vector by itself, of the same memory. @param vectors f32 [n, width] */
export const rowsOf = (vectors: Float32Array, width: number): Float32Array[] =>
  Array.from({ length: vectors.length / width }, (_, i) => vectors.subarray(i * width, (i + 1) * width));

/** The length of a vector, |x|; it may have more numbers than a call may have arguments. */
export function euclideanLength(vector: Float32Array | Float64Array): number {
  let squares = 0;
  for (const value of vector) squares += value * value;
  return Math.sqrt(squares);
}

/** Whether a vector has zeros alone: it points nowhere, and nothing is near it. */
export const isNowhere = (vector: Float32Array): boolean => vector.every((value) => value === 0);

/** The inner product of a query with the vector of a text, added up in float64; NaN with one of zeros. */
export function innerProduct({ width, values }: Vectors, place: number, query: Float32Array): number {
  let sum = 0;
  let isZero = true;
  for (let j = 0, at = place * width; j < width; j++, at++) {
    sum += values[at] * query[j];
    if (values[at] !== 0) isZero = false;
  }
  return isZero ? NaN : sum;
}

/**
 * Of a query with all texts.
 * @returns f64 [n], each as `innerProduct`; all NaN for a query of zeros
 */
export function innerProducts(vectors: Vectors, query: Float32Array): Float64Array {
  const scores = new Float64Array(vectors.values.length / vectors.width).fill(NaN);
  if (isNowhere(query)) return scores;
  for (let place = 0; place < scores.length; place++) scores[place] = innerProduct(vectors, place, query);
  return scores;
}

/** @throws UsageError for a query's vector of another width than those of the texts */
export function expectWidth(caller: string, { width }: Vectors, query: Float32Array): void {
  if (query.length === width) return;
  throw new UsageError(
    `${caller}: the query's vector has ${query.length} numbers, and those of the index have ${width}`,
  );
}
