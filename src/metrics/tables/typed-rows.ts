// Rows of a typed table that are taken out, drawn or shuffled, by a seed: the parts that measures compare.

import { ShapeError } from "../../errors/errors.ts";
import { philox } from "../../operators/random/philox.ts";
import type { TypedColumn, TypedTable } from "./typed-columns.ts";

/** A table of some rows of another, in that order; a row may be taken more than once. */
export function rowsOf(table: TypedTable, rows: ArrayLike<number>): TypedTable {
  return { rows: rows.length, columns: table.columns.map((column) => takenFrom(column, rows)) };
}

function takenFrom(column: TypedColumn, rows: ArrayLike<number>): TypedColumn {
  if (column.kind === "category") {
    return { ...column, values: Array.from(rows, (row) => column.values[row]) };
  }
  return { ...column, values: Float64Array.from(rows, (row) => column.values[row]) };
}

/**
 * The numbers 0 to count - 1 in a random order (Fisher and Yates).
 *
 * @param stream a number that tells apart the orders that share a seed
 */
export function shuffledRows(count: number, seed: number, stream: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, row) => row);
  const below = wholeNumbers(seed, stream);
  for (let last = count - 1; last > 0; last--) {
    const other = below(last + 1);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/** At most so many rows of a table, drawn without putting back; the table itself where it has no more. */
export function someRows(table: TypedTable, most: number, seed: number, stream: number): TypedTable {
  if (table.rows <= most) return table;
  return rowsOf(table, shuffledRows(table.rows, seed, stream).subarray(0, most).sort());
}

/** The table with each column shuffled by itself: every column stays as it was, and nothing that ties columns together is left. */
export function independentColumns(table: TypedTable, seed: number): TypedTable {
  return {
    rows: table.rows,
    columns: table.columns.map((column, c) => takenFrom(column, shuffledRows(table.rows, seed, 1000 + c))),
  };
}

/** A source of whole numbers below a bound, by a seed and a stream of its own. */
export function wholeNumbers(seed: number, stream: number): (bound: number) => number {
  const words = new Uint32Array(4);
  let draw = 0;
  return (bound) => {
    if (draw % 4 === 0) {
      [words[0], words[1], words[2], words[3]] = [draw / 4, stream, 0, 0];
      philox(words, seed >>> 0, Math.floor(seed / 2 ** 32));
    }
    // 32 bits scaled: of a million rows, one is favoured by .02 % at most.
    return Math.floor((words[draw++ % 4] * bound) / 2 ** 32);
  };
}

/** @throws ShapeError when two tables have not the same columns, by name and kind, in the same order, or one has no row */
export function expectAlike(what: string, first: TypedTable, ...others: readonly TypedTable[]): void {
  for (const table of [first, ...others]) {
    if (table.rows < 1 || table.columns.length === 0)
      throw new ShapeError(`${what}: a table has no rows or no columns`);
    const ragged = table.columns.find(({ values }) => values.length !== table.rows);
    if (ragged !== undefined) {
      throw new ShapeError(
        `${what}: column "${ragged.name}" has ${ragged.values.length} cells in a table of ${table.rows} rows`,
      );
    }
    const at = table.columns.findIndex(
      ({ name, kind }, c) => name !== first.columns[c]?.name || kind !== first.columns[c].kind,
    );
    if (at < 0 && table.columns.length === first.columns.length) continue;
    const odd = table.columns[at] as TypedColumn | undefined;
    throw new ShapeError(
      `${what}: the tables have other columns (${odd === undefined ? "fewer" : `"${odd.name}", ${odd.kind}`}); ` +
        "give each the same, by name and kind, in the same order",
    );
  }
}
