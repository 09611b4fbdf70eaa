// What the cells of one column show at a glance: how many are missing, how many values there are, which are frequent.
import type { Table } from "../../files/csv.ts";
import type { TypedColumn } from "../../metrics/tables/typed-columns.ts";
import { columnCells, type ColumnCells } from "../columns/column-cells.ts";
import { isEmptyCell, type ColumnForm } from "../columns/column-forms.ts";
import { guessForm } from "../columns/guess-form.ts";
import { typedColumn } from "../columns/typed-table.ts";

export interface ColumnFacts {
  readonly name: string;
  readonly form: ColumnForm;
  /** Why it cannot be learned from before somebody says more. */
  readonly doubt?: string;
  /** A row that shows the doubt. */
  readonly doubtRow?: number;
  readonly rows: number;
  readonly missing: number;
  /** How often each cell occurs that is not missing, the most frequent first, in the letters of the table. */
  readonly counts: readonly (readonly [cell: string, count: number])[];
  /** [rows]: which of `counts` a cell is; -1 missing. */
  readonly places: Int32Array;
  /** Of numbers and dates: [rows], NaN where missing. */
  readonly numbers?: Float64Array;
  readonly column: ColumnCells;
}

export function columnFacts(tables: readonly Table[], name: string): ColumnFacts {
  const column = columnCells(tables, name);
  const { form, doubt, row } = guessForm(column);
  const counts = new Map<string, number>();
  let missing = 0;
  for (const cell of column.cells) {
    if (isEmptyCell(cell, form)) missing++;
    else counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const placeOf = new Map(sorted.map(([cell], place) => [cell, place]));
  const typed: TypedColumn | undefined =
    form.kind === "identifier" || form.kind === "category" ? undefined : typedColumn(column, form);
  return {
    ...{ name, form, rows: column.cells.length, missing, counts: sorted, column },
    places: Int32Array.from(column.cells, (cell) => placeOf.get(cell) ?? -1),
    ...(doubt === undefined ? {} : { doubt }),
    ...(row === undefined ? {} : { doubtRow: row }),
    ...(typed?.kind === "number" ? { numbers: typed.values } : {}),
  };
}
