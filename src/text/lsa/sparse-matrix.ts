// A sparse matrix by rows, and its products with dense ones.

export interface SparseMatrix {
  readonly rows: number;
  readonly columns: number;
  /** [rows + 1] where each row begins. */
  readonly starts: Uint32Array;
  readonly indices: Uint32Array;
  readonly values: Float64Array;
}

/** S D. @param dense [columns, width] @returns [rows, width] */
export function sparseProduct(sparse: SparseMatrix, dense: Float64Array, width: number): Float64Array {
  const { rows, starts, indices, values } = sparse;
  const product = new Float64Array(rows * width);
  for (let i = 0; i < rows; i++) {
    for (let at = starts[i]; at < starts[i + 1]; at++) {
      const value = values[at];
      const from = indices[at] * width;
      for (let j = 0, to = i * width; j < width; j++, to++) product[to] += value * dense[from + j];
    }
  }
  return product;
}

/** S' D. @param dense [rows, width] @returns [columns, width] */
export function transposedProduct(sparse: SparseMatrix, dense: Float64Array, width: number): Float64Array {
  const { rows, columns, starts, indices, values } = sparse;
  const product = new Float64Array(columns * width);
  for (let i = 0; i < rows; i++) {
    for (let at = starts[i]; at < starts[i + 1]; at++) {
      const value = values[at];
      const to = indices[at] * width;
      for (let j = 0, from = i * width; j < width; j++, from++) product[to + j] += value * dense[from];
    }
  }
  return product;
}
