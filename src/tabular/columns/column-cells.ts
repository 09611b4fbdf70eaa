// The cells of one column over one or several tables, with the way back to file and line for messages.
import type { DataError } from "../../errors/data-errors.ts";
import { rowError, type Table } from "../../files/csv.ts";

export interface ColumnCells {
  readonly name: string;
  /** [rows], table after table. */
  readonly cells: readonly string[];
  /** An error about one of the cells, which names file and line. */
  readonly complain: (row: number, reason: string) => DataError;
}

/** @param tables with the same columns */
export function columnCells(tables: readonly Table[], name: string): ColumnCells {
  const cells = tables.flatMap((table) => table.rows.map((row) => row.cells[name] ?? ""));
  const complain = (row: number, reason: string): DataError => {
    let left = row;
    for (const table of tables) {
      if (left < table.rows.length) return rowError(table, left, `${name}: ${reason}`);
      left -= table.rows.length;
    }
    throw new RangeError(`row ${row} of ${cells.length}`);
  };
  return { name, cells, complain };
}
