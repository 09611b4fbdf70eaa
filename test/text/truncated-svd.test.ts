// The truncated SVD against a full one of the same matrix.
import { Matrix, SVD } from "ml-matrix";
import { expect, test } from "vitest";
import { randomStream } from "../../src/data/random-stream.ts";
import { sparseProduct, transposedProduct, type SparseMatrix } from "../../src/text/lsa/sparse-matrix.ts";
import { truncatedSvd } from "../../src/text/lsa/truncated-svd.ts";

/** A matrix with many zeros, and the same one densely. */
function drawn(rows: number, columns: number, seed: number): { sparse: SparseMatrix; dense: number[][] } {
  const random = randomStream(seed, "sparse");
  const dense = Array.from({ length: rows }, () =>
    Array.from({ length: columns }, (_, c) => (random.below(3) === 0 ? random.normal() * 0.8 ** c : 0)),
  );
  const cells = dense.map((row) => row.flatMap((value, c) => (value === 0 ? [] : [{ value, c }])));
  const starts = new Uint32Array(rows + 1);
  for (const [i, row] of cells.entries()) starts[i + 1] = starts[i] + row.length;
  const flat = cells.flat();
  const sparse = {
    ...{ rows, columns, starts },
    indices: Uint32Array.from(flat, ({ c }) => c),
    values: Float64Array.from(flat, ({ value }) => value),
  };
  return { sparse, dense };
}

test("products with a sparse matrix and its transpose are those of the dense one", () => {
  const { sparse, dense } = drawn(7, 5, 1);
  const [right, left] = [
    [5, 7].map((rows) => Float64Array.from({ length: rows * 2 }, (_, i) => Math.sin(i))),
  ].flat();
  const matrix = new Matrix(dense);
  const as = (flat: Float64Array, rows: number): Matrix => Matrix.from1DArray(rows, 2, Array.from(flat));
  const close = (found: Float64Array, expected: Matrix): void =>
    expected.to1DArray().forEach((value, i) => expect(found[i]).toBeCloseTo(value, 12));
  close(sparseProduct(sparse, right, 2), matrix.mmul(as(right, 5)));
  close(transposedProduct(sparse, left, 2), matrix.transpose().mmul(as(left, 7)));
});

test("finds the largest singular values and their directions", () => {
  for (const [rows, columns] of [
    [60, 40],
    [40, 60],
  ]) {
    const { sparse, dense } = drawn(rows, columns, 2);
    const { values, vectors } = truncatedSvd(sparse, 6);
    const full = new SVD(new Matrix(dense), { autoTranspose: true });
    expect(values).toHaveLength(6);
    for (let k = 0; k < 6; k++) {
      expect(values[k]).toBeCloseTo(full.diagonal[k], 8);
      const cosine = Array.from(
        { length: columns },
        (_, c) => vectors[c * 6 + k] * full.rightSingularVectors.get(c, k),
      );
      expect(Math.abs(cosine.reduce((sum, each) => sum + each, 0))).toBeCloseTo(1, 7);
    }
  }
});

test("a matrix of a lower rank has fewer directions, and one of zeros none", () => {
  const { sparse } = drawn(30, 20, 3);
  const twice: SparseMatrix = { ...sparse, values: sparse.values.map(() => 0) };
  expect(truncatedSvd(twice, 4).values).toHaveLength(0);
  const two: SparseMatrix = {
    ...{ rows: 4, columns: 3, starts: Uint32Array.of(0, 2, 4, 6, 8) },
    indices: Uint32Array.of(0, 1, 0, 1, 0, 1, 0, 1),
    values: Float64Array.of(1, 2, 2, 4, 3, 6, 0, 1),
  };
  expect(truncatedSvd(two, 3).values).toHaveLength(2);
});

test("the same seed gives the same directions", () => {
  const { sparse } = drawn(50, 30, 4);
  expect(truncatedSvd(sparse, 5, 7)).toEqual(truncatedSvd(sparse, 5, 7));
});
