// Rows that were drawn, written as the table writes its cells.

import { expectArgument } from "../../errors/arguments.ts";
import { UsageError } from "../../errors/errors.ts";
import { suggestion } from "../../errors/nearest.ts";
import { brief, type Table } from "../../files/csv.ts";
import { leastRows } from "../codes/fit-codes.ts";
import type { SampledTable } from "../sampling/draw-rows.ts";
import { aSampledTable, expectTablesAndForms } from "../table-checks.ts";
import { columnCells } from "./column-cells.ts";
import { cellWriter, writtenColumn, type ColumnForms } from "./typed-table.ts";

/**
 * The cells of rows that were drawn, as texts: dates in the order of the table, numbers with as many decimals as it has, and for no value
 * the word that it has for it, as far as at least ten rows show it.
 *
 * @param sampled as `sample` gives it
 * @param tables those that were learned from
 * @param forms those that they were read by
 * @returns [rows, columns], below a first row with the names of the columns
 * @throws UsageError for a column that the forms do not name
 */
export function sampledRows(sampled: SampledTable, tables: readonly Table[], forms: ColumnForms): string[][] {
  expectArgument("sampledRows", "the sample", sampled, aSampledTable);
  expectTablesAndForms("sampledRows", tables, forms);
  const columns = sampled.columns.map(({ name, values }) => {
    const form = forms.get(name);
    if (form === undefined)
      throw new UsageError(
        `sampledRows: the forms name no column ${brief(name)}${suggestion(name, [...forms.keys()])}`,
      );
    const write = cellWriter(writtenColumn(columnCells(tables, name).cells, form, leastRows));
    return values.map(write);
  });
  const rows = Array.from({ length: sampled.rows }, (_, row) => columns.map((cells) => cells[row]));
  return [sampled.columns.map(({ name }) => name), ...rows];
}
