// Reads the cells of tables by the forms of their columns into typed columns, and writes typed values as cells again.
import { expectArgument, strings } from "../../errors/arguments.ts";
import { counted } from "../../errors/counted.ts";
import { DataError } from "../../errors/data-errors.ts";
import { UsageError } from "../../errors/errors.ts";
import { suggestion } from "../../errors/nearest.ts";
import { brief, type Table } from "../../files/csv.ts";
import type { TypedColumn, TypedTable } from "../../metrics/tables/typed-columns.ts";
import type { Drawn } from "../coded-table.ts";
import { expectTablesAndForms, textTables } from "../table-checks.ts";
import { columnCells, type ColumnCells } from "./column-cells.ts";
import { isEmptyCell, type ColumnForm } from "./column-forms.ts";
import { readDate, writeDate, type DateOrder } from "./date-cells.ts";
import { guessForm } from "./guess-form.ts";
import { decimalsOf, readNumber, writeNumber } from "./number-cells.ts";

/** Forms of columns by name, in the order of the table. */
export type ColumnForms = ReadonlyMap<string, ColumnForm>;

/**
 * The forms of columns of tables as their cells show them. A form of another kind may be put into the map by hand.
 *
 * @param tables with the same columns, as one table
 * @param names default: all columns
 * @throws DataError for a column that can be read in two ways, which names file, line and column and what to say
 */
export function guessForms(tables: readonly Table[], names?: readonly string[]): Map<string, ColumnForm> {
  expectArgument("guessForms", "the tables", tables, textTables);
  if (names !== undefined) expectArgument("guessForms", "the names", names, strings);
  const forms = new Map<string, ColumnForm>();
  for (const name of names ?? tables[0].columns) {
    const column = columnCells(tables, name);
    const { form, doubt, row } = guessForm(column);
    if (doubt !== undefined) throw column.complain(row ?? 0, doubt);
    forms.set(name, form);
  }
  return forms;
}

/**
 * The columns that `forms` names, in its order and without identifiers, over the rows of all tables.
 *
 * Dates become days since 1970-01-01; cells without a value become "" or NaN.
 *
 * @throws UsageError for forms of a column that is not there
 * @throws DataError naming file, line, column and cell, for a cell that its form cannot read
 */
export function typedTable(tables: readonly Table[], forms: ColumnForms): TypedTable {
  expectTablesAndForms("typedTable", tables, forms);
  const columns: TypedColumn[] = [];
  for (const [name, form] of forms) {
    if (form.kind === "identifier") continue;
    const table = tables.find((each) => !each.columns.includes(name));
    if (table !== undefined) {
      throw new UsageError(
        `typedTable: ${table.file} has no column ${brief(name)}${suggestion(name, table.columns)}`,
      );
    }
    columns.push(typedColumn(columnCells(tables, name), form));
  }
  return { rows: tables.reduce((sum, { rows }) => sum + rows.length, 0), columns };
}

/** One column. @throws DataError as typedTable */
export function typedColumn(column: ColumnCells, form: ColumnForm): TypedColumn {
  const { name, cells, complain } = column;
  if (form.kind === "category" || form.kind === "identifier") {
    return { name, kind: "category", values: cells.map((cell) => (isEmptyCell(cell, form) ? "" : cell)) };
  }
  const read = cellReader(form);
  const values = Float64Array.from(cells, (cell, row) => {
    if (isEmptyCell(cell, form)) return NaN;
    const value = read(cell);
    if (value === undefined) throw complain(row, `${brief(cell)} is no ${whatItIs(form)}${hintFor(form)}`);
    return value;
  });
  return { name, kind: "number", values };
}

/** What reads one cell that is not empty; undefined for a cell that is not of the form. */
export function cellReader(form: ColumnForm): (cell: string) => number | undefined {
  switch (form.kind) {
    case "integer":
      return (cell) => {
        const value = readNumber(cell, form.numbers);
        return Number.isSafeInteger(value) ? value : undefined;
      };
    case "number":
      return (cell) => readNumber(cell, form.numbers);
    case "date": {
      const order: DateOrder = form.dates?.order ?? "year-first";
      return (cell) => readDate(cell, order);
    }
    case "category":
    case "identifier":
      return () => undefined;
  }
}

function whatItIs(form: ColumnForm): string {
  if (form.kind !== "date") return form.kind === "integer" ? "whole number" : "number";
  const words = { "year-first": "2021-12-31", "day-first": "31/12/2021", "month-first": "12/31/2021" };
  return `date such as ${words[form.dates?.order ?? "year-first"]}`;
}

function hintFor(form: ColumnForm): string {
  return form.kind === "date"
    ? "; say dates: day-first, month-first or year-first"
    : '; say decimal: "," or thousands, or that it is a missing value (words: in a manifest)';
}

/** What writes a drawn value as a cell. */
export type CellWriter = (value: Drawn) => string;

/** How the values of a column are written, as far as at least ten rows show it. */
export interface WrittenColumn {
  readonly form: ColumnForm;
  /** Of numbers, at most. */
  readonly decimals: number;
  /** Whether all have so many, zeros included, as in 70.0. */
  readonly isPadded?: boolean;
  /** What stands for no value. */
  readonly empty: string;
}

/**
 * How a table writes a column.
 *
 * Numbers get as many decimals as all but fewer than `least` cells keep to: one person's seven digits are theirs. An empty cell is
 * written by the word that at least `least` cells have, else as nothing.
 */
export function writtenColumn(cells: readonly string[], form: ColumnForm, least: number): WrittenColumn {
  const empty = emptyWord(cells, form, least);
  if (form.kind !== "number" && form.kind !== "integer") return { form, decimals: 0, empty };
  const counts = rowsByDecimals(cells, form);
  const decimals = usualDecimals(counts, least);
  const isPadded = decimals > 0 && counts.every((rows, each) => rows === 0 || each === decimals);
  return {
    ...{ form, empty, decimals: form.kind === "integer" && !isPadded ? 0 : decimals },
    ...(isPadded ? { isPadded } : {}),
  };
}

/** What writes the values of a column. */
export function cellWriter({ form, decimals, isPadded, empty }: WrittenColumn): CellWriter {
  const { kind, numbers, dates = { order: "year-first" } as const } = form;
  if (kind === "category" || kind === "identifier") {
    return (value) => (value === null || value === "" ? empty : String(value));
  }
  return (value) => {
    if (typeof value !== "number" || Number.isNaN(value)) return empty;
    return kind === "date" ? writeDate(value, dates) : writeNumber(value, decimals, numbers, isPadded);
  };
}

/** How many cells have how many decimals. */
function rowsByDecimals(cells: readonly string[], form: ColumnForm): readonly number[] {
  const counts = new Array<number>(21).fill(0);
  for (const cell of cells) {
    if (isEmptyCell(cell, form)) continue;
    counts[Math.min(decimalsOf(cell, form.numbers), counts.length - 1)]++;
  }
  return counts;
}

/** The most decimals that at least `least` cells have. */
function usualDecimals(counts: readonly number[], least: number): number {
  let over = 0;
  for (let decimals = counts.length - 1; decimals > 0; decimals--) {
    over += counts[decimals];
    if (over >= least) return decimals;
  }
  return 0;
}

/** The word for no value that most cells without one have, where at least `least` have it. */
export function emptyWord(cells: readonly string[], form: ColumnForm, least: number): string {
  const counts = new Map<string, number>();
  for (const cell of cells) if (isEmptyCell(cell, form)) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  const [word = "", count = 0] = [...counts].sort((a, b) => b[1] - a[1]).at(0) ?? [];
  return count >= least ? word : "";
}

/** @throws DataError where a table has not the columns of the first, naming both */
export function checkSameColumns(tables: readonly Table[]): void {
  const [first, ...others] = tables;
  for (const other of others) {
    const missing = first.columns.filter((name) => !other.columns.includes(name));
    if (missing.length === 0) continue;
    throw new DataError(
      other.file,
      `has no ${counted(missing.length, "column")} of ${first.file}: ${missing.map((name) => brief(name)).join(", ")}`,
    );
  }
}
