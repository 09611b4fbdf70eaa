// The innermost loops of every reference that multiplies matrices: products of a row with a row-major block. They
// take offsets into whole arrays, so that nothing is allocated or viewed per row.

import type { HostArray } from "../../tensor/host.ts";

/** y[j] += sum over i < rows of x[i] * matrix[i, j], for j < columns; four rows at a time, so y is passed over less. */
export function addRowTimesMatrix(
  x: HostArray,
  xAt: number,
  matrix: HostArray,
  matrixAt: number,
  y: HostArray,
  yAt: number,
  rows: number,
  columns: number,
): void {
  let i = 0;
  let first = matrixAt;
  for (; i + 4 <= rows; i += 4, first += 4 * columns) {
    const x0 = x[xAt + i];
    const x1 = x[xAt + i + 1];
    const x2 = x[xAt + i + 2];
    const x3 = x[xAt + i + 3];
    const second = first + columns;
    const third = second + columns;
    const fourth = third + columns;
    for (let j = 0; j < columns; j++) {
      y[yAt + j] +=
        x0 * matrix[first + j] + x1 * matrix[second + j] + x2 * matrix[third + j] + x3 * matrix[fourth + j];
    }
  }
  for (; i < rows; i++, first += columns) {
    const value = x[xAt + i];
    for (let j = 0; j < columns; j++) y[yAt + j] += value * matrix[first + j];
  }
}

/** y[i] += sum over j < columns of matrix[i, j] * x[j], for i < rows; four rows share each x[j]. */
export function addMatrixTimesColumn(
  matrix: HostArray,
  matrixAt: number,
  x: HostArray,
  xAt: number,
  y: HostArray,
  yAt: number,
  rows: number,
  columns: number,
): void {
  let i = 0;
  let first = matrixAt;
  for (; i + 4 <= rows; i += 4, first += 4 * columns) {
    const second = first + columns;
    const third = second + columns;
    const fourth = third + columns;
    let y0 = 0;
    let y1 = 0;
    let y2 = 0;
    let y3 = 0;
    for (let j = 0; j < columns; j++) {
      const value = x[xAt + j];
      y0 += matrix[first + j] * value;
      y1 += matrix[second + j] * value;
      y2 += matrix[third + j] * value;
      y3 += matrix[fourth + j] * value;
    }
    y[yAt + i] += y0;
    y[yAt + i + 1] += y1;
    y[yAt + i + 2] += y2;
    y[yAt + i + 3] += y3;
  }
  for (; i < rows; i++, first += columns) {
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += matrix[first + j] * x[xAt + j];
    y[yAt + i] += sum;
  }
}

/** matrix[i, j] += x[i] * y[j], for i < rows and j < columns. */
export function addOuterProduct(
  x: HostArray,
  xAt: number,
  y: HostArray,
  yAt: number,
  matrix: HostArray,
  matrixAt: number,
  rows: number,
  columns: number,
): void {
  let i = 0;
  let first = matrixAt;
  for (; i + 4 <= rows; i += 4, first += 4 * columns) {
    const x0 = x[xAt + i];
    const x1 = x[xAt + i + 1];
    const x2 = x[xAt + i + 2];
    const x3 = x[xAt + i + 3];
    const second = first + columns;
    const third = second + columns;
    const fourth = third + columns;
    for (let j = 0; j < columns; j++) {
      const value = y[yAt + j];
      matrix[first + j] += x0 * value;
      matrix[second + j] += x1 * value;
      matrix[third + j] += x2 * value;
      matrix[fourth + j] += x3 * value;
    }
  }
  for (; i < rows; i++, first += columns) {
    const value = x[xAt + i];
    for (let j = 0; j < columns; j++) matrix[first + j] += value * y[yAt + j];
  }
}
