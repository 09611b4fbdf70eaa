// The largest singular values of a sparse matrix and the directions that belong to them, by random projection.
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { randomStream } from "../../data/random-stream.ts";
import { sparseProduct, transposedProduct, type SparseMatrix } from "./sparse-matrix.ts";

export interface TruncatedSvd {
  /** [k] singular values, the largest first; fewer than were asked for where the matrix has a lower rank. */
  readonly values: Float64Array;
  /** Row-major [columns, k]: the right singular vectors, orthonormal. */
  readonly vectors: Float64Array;
}

/** Directions that are carried along beside those that are kept, so that the last of these are nearly found, too. */
const further = 16;
/**
 * Rounds of S' S: singular values of texts fall slowly, and each round parts the kept from the others by their square. More bring little:
 * docs/search.md.
 */
const rounds = 3;

/**
 * Truncated singular value decomposition by randomised subspace iteration (Halko, Martinsson and Tropp, "Finding structure with
 * randomness", 2011, algorithms 4.4 and 5.1).
 *
 * @param kept how many directions, at most
 * @param seed of the projection; the same one gives the same directions
 */
export function truncatedSvd(sparse: SparseMatrix, kept: number, seed = 0): TruncatedSvd {
  const { rows, columns } = sparse;
  const width = Math.min(kept + further, rows, columns);
  const random = randomStream(seed, "truncated svd");
  let basis: Float64Array = Float64Array.from({ length: columns * width }, () => random.normal());
  for (let round = 0; round < rounds; round++) {
    const image = sparseProduct(sparse, orthonormal(basis, columns, width), width);
    basis = transposedProduct(sparse, image, width);
  }
  // Once leaves the square of what the columns were apart ("CholeskyQR2", Yamamoto et al., 2015).
  basis = orthonormal(orthonormal(basis, columns, width), columns, width);
  // Within the subspace the problem is small: eigenvectors of B' S' S B.
  const image = sparseProduct(sparse, basis, width);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(gram(image, rows, width), {
    assumeSymmetric: true,
  });
  const largest = realEigenvalues.map((_, i) => i).sort((a, b) => realEigenvalues[b] - realEigenvalues[a]);
  const top = realEigenvalues[largest[0]];
  // What is left of directions that the matrix does not have is rounding.
  const chosen = largest.slice(0, kept).filter((i) => realEigenvalues[i] > top * 1e-12);
  const rotation = chosen.map((i) => Float64Array.from(eigenvectorMatrix.getColumn(i)));
  const vectors = new Float64Array(columns * chosen.length);
  for (let c = 0; c < columns; c++) {
    const row = basis.subarray(c * width, (c + 1) * width);
    for (const [to, column] of rotation.entries()) {
      let sum = 0;
      for (let j = 0; j < width; j++) sum += row[j] * column[j];
      vectors[c * chosen.length + to] = sum;
    }
  }
  return { values: Float64Array.from(chosen, (i) => Math.sqrt(realEigenvalues[i])), vectors };
}

/** A' A of a dense [rows, width]. */
function gram(dense: Float64Array, rows: number, width: number): Matrix {
  const sums = Array.from({ length: width }, () => new Float64Array(width));
  for (let r = 0; r < rows; r++) {
    const row = dense.subarray(r * width, (r + 1) * width);
    for (let i = 0; i < width; i++) {
      const value = row[i];
      if (value === 0) continue;
      const to = sums[i];
      for (let j = i; j < width; j++) to[j] += value * row[j];
    }
  }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) sums[i][j] = sums[j][i];
  return new Matrix(sums.map((row) => Array.from(row)));
}

/** Columns that span the same space and are orthonormal, by Cholesky's factor of A' A. A column that others span becomes zeros. */
function orthonormal(dense: Float64Array, rows: number, width: number): Float64Array {
  const squares = gram(dense, rows, width);
  const factor = Array.from({ length: width }, () => new Float64Array(width));
  const inverse = new Float64Array(width);
  for (let i = 0; i < width; i++) {
    let rest = squares.get(i, i);
    for (let k = 0; k < i; k++) rest -= factor[i][k] ** 2;
    if (!(rest > squares.get(i, i) * 1e-13)) continue;
    factor[i][i] = Math.sqrt(rest);
    inverse[i] = 1 / factor[i][i];
    for (let j = i + 1; j < width; j++) {
      let sum = squares.get(j, i);
      for (let k = 0; k < i; k++) sum -= factor[i][k] * factor[j][k];
      factor[j][i] = sum * inverse[i];
    }
  }
  const result = new Float64Array(rows * width);
  for (let r = 0; r < rows; r++) {
    const row = result.subarray(r * width, (r + 1) * width);
    for (let i = 0; i < width; i++) {
      const factors = factor[i];
      let value = dense[r * width + i];
      for (let k = 0; k < i; k++) value -= factors[k] * row[k];
      row[i] = value * inverse[i];
    }
  }
  return result;
}
