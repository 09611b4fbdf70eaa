// Fitting the copula: in closed form, from counts and correlations of a table in codes, in seconds on the CPU.

import type { Matrix } from "ml-matrix";
import { aFlag, expectArgument, expectOptions, wholeFrom } from "../../errors/arguments.ts";
import { UsageError } from "../../errors/errors.ts";
import type { CodedTable } from "../coded-table.ts";
import { aCodedTable } from "../table-checks.ts";
import { chosenParents } from "./choose-parents.ts";
import { scoresOf } from "./code-cuts.ts";
import { CopulaModel } from "./copula-model.ts";
import { orderByAssociation } from "./category-order.ts";
import { isAbove, ranksWithin, rootRanks, type ColumnRanks } from "./ranks.ts";
import {
  correlationMatrix,
  hermiteSeries,
  latentCorrelation,
  positiveDefinite,
} from "./latent-correlation.ts";

export interface CopulaOptions {
  /**
   * Rounds in which categories are ordered by what the other columns are like for them. Default 8; 0 keeps them by frequency,
   * which is weaker: on the census pairs of columns agree with held-out rows by .948 instead of .957.
   */
  readonly rounds?: number;
  /**
   * Whether ranks of a column are taken within the codes of another one where two have more to do with each other than two normal variables
   * can. Default true; without, the census' pairs agree by .941 instead of .957, and 500 of 10,000 rows are female husbands.
   */
  readonly within?: boolean;
}

/**
 * Fits a rank copula: each column's codes lie on a latent normal variable in the shares that they have, the latents are normal
 * together, and their correlations are such that the codes' scores correlate as in the table. Categories are put in the order in
 * which they are most alike in the other columns. Where a pair of columns is still far from the table, ranks of the one are taken within
 * the codes of the other.
 *
 * @throws UsageError for a table without rows or columns, or options that cannot work
 */
export function fitCopula(coded: CodedTable, options: CopulaOptions = {}): CopulaModel {
  expectArgument("fitCopula", "the table", coded, aCodedTable);
  expectOptions("fitCopula", options, { rounds: wholeFrom(0), within: aFlag });
  const { rounds = 8, within = true } = options;
  if (coded.rows < 1 || coded.columns.length < 1) {
    throw new UsageError(`fitCopula: a table of ${coded.rows} rows and ${coded.columns.length} columns`);
  }
  const cuts = orderByAssociation(coded, rounds);
  const alone = coded.columns.map(({ shares }, column) => rootRanks(shares, cuts[column]));
  const correlations = correlationsOf(coded, alone);
  const parents = within ? chosenParents(coded, cuts, (i, j) => correlations.get(i, j)) : [];
  if (parents.every((each) => each === undefined))
    return new CopulaModel(coded.columns, alone, positiveDefinite(correlations));
  const ranks = alone.map((own, column) => {
    const chosen = parents.at(column);
    return chosen === undefined ? own : ranksWithin(chosen.parent, chosen.shares, cuts[column].codeAt);
  });
  return new CopulaModel(coded.columns, ranks, positiveDefinite(correlationsOf(coded, ranks)));
}

/** The correlations of the latents, from those of the scores. */
function correlationsOf({ columns, cells }: CodedTable, ranks: readonly ColumnRanks[]): Matrix {
  const scores = ranks.map(({ cuts }) => cuts.map(scoresOf));
  const series = ranks.map(({ parent, cuts, shares }, column) =>
    meanOf(
      cuts.map((each, code) => ({
        series: hermiteSeries(each, scores[column][code], shares[code]),
        variance: varianceOf(scores[column][code], shares[code]),
        share: parent < 0 ? 1 : columns[parent].shares[code],
      })),
    ),
  );
  const seen = ranks.map(({ parent }, column) => {
    const beside = parent < 0 ? undefined : cells[parent];
    const values = Float64Array.from(
      cells[column],
      (code, row) => scores[column][beside === undefined ? 0 : beside[row]][code],
    );
    return standardised(values);
  });
  const parentOf = (column: number): number => ranks[column].parent;
  return correlationMatrix(ranks.length, (i, j) => {
    const isConstant = series[i][0] === 0 || series[j][0] === 0;
    // Ranks within the codes of a column have nothing to do with it. What they have to do with its own parent is left out: they would have to do
    // with it by that way, and codes would not come as often as they should.
    const isOwn = isAbove(parentOf, i, j) || isAbove(parentOf, j, i);
    return isConstant || isOwn ? 0 : latentCorrelation(meanProduct(seen[i], seen[j]), series[i], series[j]);
  });
}

interface PartSeries {
  readonly series: Float64Array;
  readonly variance: number;
  /** Of the rows. */
  readonly share: number;
}

/** The series of ranks within codes: the mean over these, right where the other latent has nothing to do with the parent. */
function meanOf(parts: readonly PartSeries[]): Float64Array {
  const variance = parts.reduce((sum, each) => sum + each.share * each.variance, 0);
  const scale = variance > 0 ? 1 / Math.sqrt(variance) : 0;
  return parts[0].series.map((_, p) =>
    parts.reduce((sum, each) => sum + each.share * each.series[p] * Math.sqrt(each.variance) * scale, 0),
  );
}

const varianceOf = (scores: Float64Array, shares: Float64Array): number =>
  shares.reduce((sum, share, code) => sum + share * scores[code] ** 2, 0);

/** [rows] scores with mean 0 and deviation 1; zeros where all are alike. */
function standardised(values: Float64Array): Float64Array {
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
