// Synthetic rows beside the real rows that are nearest to them: for eyes, and only where somebody asks, since real rows are shown.

import { nearestDistances, recordMeasure } from "../../metrics/tables/record-distances.ts";
import type { TypedTable } from "../../metrics/tables/typed-columns.ts";
import { expectAlike, shuffledRows, someRows } from "../../metrics/tables/typed-rows.ts";
import type { NumberWords } from "./column-bars.ts";

/** A synthetic row and the real row that is nearest to it; of several as near, the first. */
export interface NearestRecord {
  /** By column, as text; nothing for a missing cell. */
  readonly synthetic: readonly string[];
  readonly real: readonly string[];
  /** Gower's, in [0, 1]: 0 equal, 1 different in all columns. */
  readonly distance: number;
}

/** Two choices of synthetic rows. */
export interface NearestRecords {
  readonly columns: readonly string[];
  /** Those that are nearest to a real row, of all that were measured. */
  readonly nearest: readonly NearestRecord[];
  /** Drawn by the seed, so that the nearest are not taken for the usual. */
  readonly drawn: readonly NearestRecord[];
  /** Synthetic rows that were measured, against all real rows. */
  readonly measured: number;
}

/** Rows of each choice. */
const shown = 5;
/** Synthetic rows that are measured: each looks at all real rows. */
const measuredRows = 500;

/** Looks up the real rows nearest to some synthetic ones. @throws ShapeError for tables with other columns or no rows */
export function nearestRecords(
  real: TypedTable,
  synthetic: TypedTable,
  { seed, words }: { readonly seed: number; readonly words: NumberWords },
): NearestRecords {
  expectAlike("nearestRecords", real, synthetic);
  const some = someRows(synthetic, measuredRows, seed, 8);
  const measure = recordMeasure([real]);
  const found = new Uint32Array(some.rows);
  const distances = nearestDistances(
    measure,
    measure.measured(some),
    measure.measured(real),
    (row, other, isNearer) => {
      if (isNearer) found[row] = other;
    },
  );
  const cellsOf = (table: TypedTable, row: number): string[] =>
    table.columns.map(({ name, values }) => {
      const cell = values[row];
      return typeof cell === "string" ? cell : Number.isNaN(cell) ? "" : words(name, cell);
    });
  const record = (row: number): NearestRecord => ({
    synthetic: cellsOf(some, row),
    real: cellsOf(real, found[row]),
    distance: distances[row] / (measure.most * measure.columns),
  });
  const order = [...distances.keys()].sort((a, b) => distances[a] - distances[b]);
  const drawn = shuffledRows(some.rows, seed, 9).subarray(0, shown);
  return {
    columns: real.columns.map(({ name }) => name),
    nearest: order.slice(0, shown).map(record),
    drawn: Array.from(drawn, record),
    measured: some.rows,
  };
}
