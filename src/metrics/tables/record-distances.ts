// Distances of the rows of tables: Gower's, with ranks for numbers, in whole numbers so that equal distances are equal exactly.

import { lowerBound, upperBound } from "./common-codes.ts";
import type { TypedColumn, TypedTable } from "./typed-columns.ts";

/** Rows as whole numbers, row by row: columns of categories first. */
export interface MeasuredRows {
  readonly rows: number;
  /** [rows, categories + numbers]: a category's number, or the mid-rank of a number as a share of `most`; -1 for a missing cell. */
  readonly cells: Int32Array;
}

/** What rows of several tables are measured by. */
export interface RecordMeasure {
  readonly categories: number;
  readonly columns: number;
  /** The distance of two rows in a column where they differ as much as they can. */
  readonly most: number;
  readonly measured: (table: TypedTable) => MeasuredRows;
}

/** The greatest distance in a column. With the most columns that a table may have, 4,096, distances stay below 2^31. */
const most = 2 ** 18;

/**
 * The measure of Gower (Biometrics 27, 1971): the mean over columns of 0 or 1 for categories, and for numbers of the difference of their
 * ranks among the reference's rows, as a share. A missing cell is at 0 from another, and at 1 from a value.
 *
 * @param reference tables whose rows, together, give the ranks
 */
export function recordMeasure(reference: readonly TypedTable[]): RecordMeasure {
  const { columns } = reference[0];
  // Categories first, those with the most values foremost: they tell most rows apart, so that few columns of a row are looked at.
  const worth = columns.map((column) => (column.kind === "number" ? 0 : new Set(column.values).size));
  const order = [...columns.keys()].sort((a, b) => worth[b] - worth[a]);
  const coders = order.map((c) => coderOf(reference.map((table) => table.columns[c])));
  return {
    categories: order.filter((c) => !isNumber(columns[c])).length,
    columns: order.length,
    most,
    measured(table) {
      const cells = new Int32Array(table.rows * order.length);
      for (const [place, c] of order.entries()) {
        const { values } = table.columns[c];
        for (let row = 0; row < table.rows; row++)
          cells[row * order.length + place] = coders[place](values[row]);
      }
      return { rows: table.rows, cells };
    },
  };
}

const isNumber = ({ kind }: TypedColumn): boolean => kind === "number";

/** The whole number of a cell. */
function coderOf(columns: readonly TypedColumn[]): (cell: string | number) => number {
  if (!isNumber(columns[0])) {
    const codes = new Map<string | number, number>([["", -1]]);
    return (cell) => {
      let code = codes.get(cell);
      if (code === undefined) codes.set(cell, (code = codes.size));
      return code;
    };
  }
  const sorted = Float64Array.from(columns.flatMap(({ values }) => Array.from(values as Float64Array)))
    .filter((value) => !Number.isNaN(value))
    .sort();
  const scale = most / (2 * Math.max(1, sorted.length));
  return (cell) => {
    const value = cell as number;
    return Number.isNaN(value)
      ? -1
      : Math.round((lowerBound(sorted, value) + upperBound(sorted, value)) * scale);
  };
}

/**
 * The distance of each row to the nearest of others, in the measure's whole numbers; a row is left as soon as it is farther than one that
 * was found.
 *
 * @param each told of every row that is as near as the nearest so far, and whether it is nearer
 */
export function nearestDistances(
  measure: RecordMeasure,
  rows: MeasuredRows,
  others: MeasuredRows,
  each?: (row: number, other: number, isNearer: boolean) => void,
): Int32Array {
  const { categories, columns } = measure;
  const [a, b] = [rows.cells, others.cells];
  const nearest = new Int32Array(rows.rows);
  for (let row = 0; row < rows.rows; row++) {
    const start = row * columns;
    let best = 2 ** 31 - 1;
    for (let other = 0; other < others.rows; other++) {
      const from = other * columns;
      let distance = 0;
      let c = 0;
      for (; c < categories && distance <= best; c++) if (a[start + c] !== b[from + c]) distance += most;
      for (; c < columns && distance <= best; c++) {
        const x = a[start + c];
        const y = b[from + c];
        if (x === y) continue;
        distance += x < 0 || y < 0 ? most : Math.abs(x - y);
      }
      if (distance > best) continue;
      each?.(row, other, distance < best);
      best = distance;
    }
    nearest[row] = best;
  }
  return nearest;
}
