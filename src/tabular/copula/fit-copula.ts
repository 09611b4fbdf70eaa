// Fitting the copula: in closed form, from counts and correlations of a table in codes, in seconds on the CPU.

import { aList, expectFields, expectOptions, required, wholeFrom } from "../../errors/arguments.ts";
import { UsageError } from "../../errors/errors.ts";
import type { CodedTable } from "../coded-table.ts";
import { scoresOf } from "./code-cuts.ts";
import { CopulaModel } from "./copula-model.ts";
import { orderByAssociation } from "./category-order.ts";
import {
  correlationMatrix,
  hermiteSeries,
  latentCorrelation,
  positiveDefinite,
} from "./latent-correlation.ts";

export interface CopulaOptions {
  /**
   * Rounds in which categories are ordered by what the other columns are like for them. Default 8; 0 keeps them by frequency,
   * which is weaker: on the census pairs of columns agree with held-out rows by .936 instead of .947.
   */
  readonly rounds?: number;
}

/**
 * Fits a rank copula: each column's codes lie on a latent normal variable in the shares that they have, the latents are normal
 * together, and their correlations are such that the codes' scores correlate as in the table. Categories are put in the order in
 * which they are most alike in the other columns.
 *
 * @throws UsageError for a table without rows or columns, or options that cannot work
 */
export function fitCopula(coded: CodedTable, options: CopulaOptions = {}): CopulaModel {
  expectFields("fitCopula", coded, {
    rows: required(wholeFrom(0)),
    columns: required(aList),
    cells: required(aList),
  });
  expectOptions("fitCopula", options, { rounds: wholeFrom(0) });
  const { rounds = 8 } = options;
  if (coded.rows < 1 || coded.columns.length < 1) {
    throw new UsageError(`fitCopula: a table of ${coded.rows} rows and ${coded.columns.length} columns`);
  }
  const cuts = orderByAssociation(coded, rounds);
  const scores = cuts.map(scoresOf);
  const series = cuts.map((each, column) =>
    hermiteSeries(each, scores[column], coded.columns[column].shares),
  );
  const seen = coded.cells.map((cells, column) => standardised(cells, scores[column]));
  const correlations = correlationMatrix(cuts.length, (i, j) => {
    const isConstant = series[i][0] === 0 || series[j][0] === 0;
    return isConstant ? 0 : latentCorrelation(meanProduct(seen[i], seen[j]), series[i], series[j]);
  });
  return new CopulaModel(coded.columns, cuts, positiveDefinite(correlations));
}

/** [rows] scores with mean 0 and deviation 1; zeros where all are alike. */
function standardised(cells: Int32Array, scores: Float64Array): Float64Array {
  const values = Float64Array.from(cells, (code) => scores[code]);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const scale = variance > 0 ? 1 / Math.sqrt(variance) : 0;
  return values.map((value) => (value - mean) * scale);
}

function meanProduct(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < one.length; row++) sum += one[row] * other[row];
  return sum / one.length;
}
