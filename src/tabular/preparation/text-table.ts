// A table of texts by columns, under way from a file to what is learned from, and back.
import type { DataError } from "../../errors/data-errors.ts";
import type { TypedTable } from "../../metrics/tables/typed-columns.ts";
import type { ColumnForm } from "../columns/column-forms.ts";
import { typedColumn } from "../columns/typed-table.ts";

export interface TextColumn {
  readonly name: string;
  readonly form: ColumnForm;
  /** [rows] */
  readonly cells: readonly string[];
}

export interface TextTable {
  readonly rows: number;
  readonly columns: readonly TextColumn[];
  /** An error about a row, which names file, line and column. */
  readonly complain: (row: number, column: string, reason: string) => DataError;
}

/** Some rows, in the order that is given; a row may be there several times. */
export function rowsOfTexts(table: TextTable, rows: ArrayLike<number>): TextTable {
  const places = Array.from(rows);
  return {
    rows: places.length,
    columns: table.columns.map((column) => ({ ...column, cells: places.map((row) => column.cells[row]) })),
    complain: (row, column, reason) => table.complain(places[row], column, reason),
  };
}

/** The columns that are no identifiers, typed. @throws DataError for a cell that its form cannot read */
export function typedTexts({ rows, columns, complain }: TextTable): TypedTable {
  return {
    rows,
    columns: columns
      .filter(({ form }) => form.kind !== "identifier")
      .map(({ name, form, cells }) =>
        typedColumn({ name, cells, complain: (row, reason) => complain(row, name, reason) }, form),
      ),
  };
}
