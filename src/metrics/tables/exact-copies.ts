// Rows of one table that another has, too, cell for cell.

import type { TypedTable } from "./typed-columns.ts";
import { expectAlike } from "./typed-rows.ts";

/**
 * How many rows of a table are equal to some row of another.
 *
 * @throws ShapeError for tables with other columns or no rows
 */
export function equalRows(table: TypedTable, other: TypedTable): number {
  expectAlike("equalRows", table, other);
  const known = new Set(keysOf(other));
  return keysOf(table).filter((key) => known.has(key)).length;
}

/** How many rows of a table are equal to another of its rows. @throws ShapeError for a table without rows */
export function twins(table: TypedTable): number {
  expectAlike("twins", table, table);
  const counts = new Map<string, number>();
  const keys = keysOf(table);
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return keys.filter((key) => (counts.get(key) ?? 0) > 1).length;
}

export interface ExactCopies {
  /** Synthetic rows that are equal to a training row. */
  readonly copies: number;
  readonly rows: number;
  /** Hold-out rows that are equal to a training row, as happens by chance where columns are few. */
  readonly ofHoldout: number;
  readonly holdoutRows: number;
  /** Copies beyond those that as many hold-out rows would have; 0 where there are fewer. */
  readonly excess: number;
}

/** Counts exact copies. @throws ShapeError for tables with other columns or no rows */
export function exactCopies(training: TypedTable, holdout: TypedTable, synthetic: TypedTable): ExactCopies {
  const [copies, ofHoldout] = [equalRows(synthetic, training), equalRows(holdout, training)];
  const expected = (ofHoldout * synthetic.rows) / holdout.rows;
  return {
    ...{ copies, rows: synthetic.rows, ofHoldout, holdoutRows: holdout.rows },
    excess: Math.max(0, copies - expected),
  };
}

const keysOf = ({ rows, columns }: TypedTable): string[] =>
  Array.from({ length: rows }, (_, row) => JSON.stringify(columns.map(({ values }) => String(values[row]))));
