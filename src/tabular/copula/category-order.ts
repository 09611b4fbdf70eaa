// An order for categories that have none: those come to lie beside each other that are alike in the other columns, so that one
// latent variable carries as much of the association as it can.

import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { CodedTable } from "../coded-table.ts";
import { cutsOf, scoresOf, type CodeCuts } from "./code-cuts.ts";

/**
 * Orders the codes of each column: those of ordered columns as they are, categories by frequency first and then, column after
 * column, by the first left singular vector of sqrt(w) M, divided by sqrt(w), where M [K, C - 1] are the mean scores of the other columns by category
 * and w the categories' shares. Repeated, since scores follow from the order.
 *
 * @returns by column, its codes on the latent axis
 */
export function orderByAssociation({ columns, cells }: CodedTable, rounds: number): CodeCuts[] {
  const cuts = columns.map(({ shares, isOrdered }) =>
    cutsOf(shares, isOrdered ? asTheyAre(shares) : byFrequency(shares)),
  );
  const scores = cuts.map(scoresOf);
  const values = cells.map((codes, column) => Float64Array.from(codes, (code) => scores[column][code]));
  const unordered = columns.flatMap(({ isOrdered, codes }, column) =>
    isOrdered || codes.length < 2 ? [] : [column],
  );
  for (let round = 0; round < rounds; round++) {
    let isSettled = true;
    for (const column of unordered) {
      const { shares } = columns[column];
      const codeAt = bestOrder(shares, cells[column], values, column);
      if (codeAt.every((code, position) => code === cuts[column].codeAt[position])) continue;
      isSettled = false;
      cuts[column] = cutsOf(shares, codeAt);
      scores[column] = scoresOf(cuts[column]);
      values[column] = Float64Array.from(cells[column], (code) => scores[column][code]);
    }
    if (isSettled) break;
  }
  return cuts;
}

function bestOrder(
  shares: Float64Array,
  cells: Int32Array,
  values: readonly Float64Array[],
  column: number,
): Int32Array {
  const others = values.flatMap((of, other) => (other === column ? [] : [of]));
  if (others.length === 0) return asTheyAre(shares);
  const counts = new Float64Array(shares.length);
  for (const code of cells) counts[code]++;
  const means = Matrix.zeros(shares.length, others.length);
  others.forEach((of, other) => {
    const sums = new Float64Array(shares.length);
    for (let row = 0; row < cells.length; row++) sums[cells[row]] += of[row];
    sums.forEach((sum, code) => means.set(code, other, counts[code] === 0 ? 0 : sum / counts[code]));
  });
  // The right singular vectors of sqrt(w) M are the eigenvectors of M' W M.
  const weighted = means.clone();
  shares.forEach((share, code) => weighted.mulRow(code, share));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(
    means.transpose().mmul(weighted),
    { assumeSymmetric: true },
  );
  const first = eigenvectorMatrix.getColumn(realEigenvalues.indexOf(Math.max(...realEigenvalues)));
  // The left vector over sqrt(w), which is M times the right one. With the vector itself rare categories keep to the middle: on the
  // census triples agree better by .003, but the share of high incomes by category is off by .100 instead of .065 on the mean, and a
  // seventh more husbands are female.
  const along = means.mmul(Matrix.columnVector(first)).to1DArray();
  // Of the two directions the one in which the most frequent category is on the left.
  if (along[byFrequency(shares)[0]] > 0) along.forEach((value, code) => (along[code] = -value));
  return asTheyAre(shares).sort((a, b) => along[a] - along[b] || a - b);
}

const asTheyAre = (shares: Float64Array): Int32Array => Int32Array.from(shares, (_, code) => code);

const byFrequency = (shares: Float64Array): Int32Array =>
  asTheyAre(shares).sort((a, b) => shares[b] - shares[a] || a - b);
