// What may be done to the numbers of an encoder before texts are compared: some of them have a large mean, or vary more than others,
// and would decide every inner product. Vectors are of length 1 afterwards in any case.
import { UsageError } from "../../errors/errors.ts";
import { rowsOf } from "./vectors.ts";

/**
 * `none`; `corpus`, (f - mu) / sigma with the mean and deviation of each number over the corpus, also for queries; `notebook`,
 * f / sigma with the deviation over a batch of 512, queries among themselves, only to reproduce such figures: a vector depends on its
 * neighbours.
 */
export const standardisations = ["none", "corpus", "notebook"] as const;
export type Standardisation = (typeof standardisations)[number];

/** How the vectors of an index were made comparable, as those of its queries must be. */
export type Standardised =
  | { readonly how: "none" | "notebook" }
  /** [width] each. */
  | { readonly how: "corpus"; readonly mean: Float32Array; readonly deviation: Float32Array };

/** The notebook's batch, and what it adds to deviations. */
const batch = 512;
const epsilon = 1e-6;

/**
 * What is to be done to vectors, from those of the corpus.
 * @param vectors f32 [n, width]; rows of zeros, of texts that say nothing, are left out
 */
export function standardisedBy(how: Standardisation, vectors: Float32Array, width: number): Standardised {
  if (how !== "corpus") return { how };
  const rows = rowsOf(vectors, width).filter((row) => row.some((value) => value !== 0));
  const { mean, deviation } = spread(rows, width, 0);
  // A number that never varies says nothing, and divided by its rounding would say all.
  const scale = deviation.map((value, j) =>
    value > 1e-6 * Math.abs(mean[j]) && value > 0 ? value : Infinity,
  );
  return { how, mean: Float32Array.from(mean), deviation: Float32Array.from(scale) };
}

/**
 * Makes vectors comparable, in place: standardised, then of length 1. Rows of zeros stay.
 *
 * @param vectors f32 [n, width]
 * @throws UsageError for a single vector where its batch decides
 */
export function standardise(vectors: Float32Array, width: number, by: Standardised): void {
  const rows = rowsOf(vectors, width);
  if (by.how === "corpus") {
    for (const row of rows) {
      if (row.every((value) => value === 0)) continue;
      for (let j = 0; j < width; j++) row[j] = (row[j] - by.mean[j]) / by.deviation[j];
    }
  } else if (by.how === "notebook") {
    for (let at = 0; at < rows.length; at += batch) {
      const some = rows.slice(at, at + batch);
      if (some.length < 2) {
        throw new UsageError(
          "standardise notebook divides by the deviation over a batch, which a single text does not have; rank several queries, or index with --standardise corpus",
        );
      }
      const { deviation } = spread(some, width, 1);
      for (const row of some) for (let j = 0; j < width; j++) row[j] /= deviation[j] + epsilon;
    }
  }
  for (const row of rows) {
    let squares = 0;
    for (const value of row) squares += value * value;
    const length = Math.max(Math.sqrt(squares), 1e-12);
    for (let j = 0; j < width; j++) row[j] /= length;
  }
}

/** @param less 1 for the unbiased deviation */
function spread(
  rows: readonly Float32Array[],
  width: number,
  less: number,
): { mean: Float64Array; deviation: Float64Array } {
  const mean = new Float64Array(width);
  const deviation = new Float64Array(width);
  for (const row of rows) for (let j = 0; j < width; j++) mean[j] += row[j] / rows.length;
  for (const row of rows) for (let j = 0; j < width; j++) deviation[j] += (row[j] - mean[j]) ** 2;
  return {
    mean,
    deviation: deviation.map((squares) => Math.sqrt(squares / Math.max(1, rows.length - less))),
  };
}
