// What a table is like before anything is learned from it: the kinds of its columns as guessed, and what to decide.
import { expectArgument } from "../../errors/arguments.ts";
import type { Table } from "../../files/csv.ts";
import { fewestRows, leastRows } from "../codes/fit-codes.ts";
import type { ColumnForm } from "../columns/column-forms.ts";
import { fewestHeldOut } from "../judging/judge-tables.ts";
import { writeDate } from "../columns/date-cells.ts";
import { checkSameColumns } from "../columns/typed-table.ts";
import { columnFacts, type ColumnFacts } from "./column-facts.ts";
import { findingTopics, type Finding } from "./finding.ts";
import { textTables } from "../table-checks.ts";
import { relationFindings } from "./relation-findings.ts";
import { listMark, valueFindings } from "./value-findings.ts";

export interface ColumnDescription {
  readonly name: string;
  readonly form: ColumnForm;
  readonly isCertain: boolean;
  readonly missing: number;
  readonly distinct: number;
  /** The most frequent value and how many rows have it. */
  readonly most?: { readonly value: string; readonly rows: number };
  /** Of numbers and dates, as the table writes them. */
  readonly lowest?: string;
  readonly highest?: string;
  /** What parts the words of cells that hold several. */
  readonly list?: "|" | ";";
  /** Of identifiers: the letters of all cells with # for each digit, where they have one such shape. */
  readonly shape?: string;
}

export interface TableDescription {
  readonly files: readonly string[];
  readonly rows: number;
  readonly columns: readonly ColumnDescription[];
  /** By topic, the gravest first. */
  readonly findings: readonly Finding[];
}

/**
 * What a table is like: the kinds of its columns as their cells show them, and what somebody should decide before it is learned from.
 *
 * @param tables with the same columns, as one table
 * @throws UsageError for what is no list of tables
 * @throws DataError where one lacks a column of the first
 */
export function describeTable(tables: readonly Table[]): TableDescription {
  expectArgument("describeTable", "the tables", tables, textTables);
  checkSameColumns(tables);
  const facts = tables[0].columns.map((name) => columnFacts(tables, name));
  const rows = tables.reduce((sum, { rows }) => sum + rows.length, 0);
  const few: Finding[] =
    rows >= fewestRows + fewestHeldOut
      ? []
      : [
          {
            ...{ topic: "few rows", columns: [] },
            sentence: `the table has ${rows} rows: too few to learn from and to keep private`,
            advice: `${fewestRows} are needed, and ${fewestHeldOut} more to judge by`,
          },
        ];
  const findings = [...few, ...facts.flatMap((each) => valueFindings(each)), ...relationFindings(facts)];
  findings.sort((a, b) => findingTopics.indexOf(a.topic) - findingTopics.indexOf(b.topic));
  return { files: tables.map(({ file }) => file), rows, columns: facts.map(described), findings };
}

function described(facts: ColumnFacts): ColumnDescription {
  const { name, form, doubt, missing, counts, numbers, column } = facts;
  const most = counts.at(0);
  const list = form.kind === "category" ? listMark(facts)?.mark : undefined;
  const shape = form.kind === "identifier" ? shapeOf(column.cells) : undefined;
  return {
    ...{ name, form, isCertain: doubt === undefined, missing, distinct: counts.length },
    ...(most === undefined ? {} : { most: { value: most[0], rows: most[1] } }),
    ...(numbers === undefined || counts.length === 0 ? {} : extremes(numbers, form)),
    ...(list === undefined ? {} : { list }),
    ...(shape === undefined ? {} : { shape }),
  };
}

function extremes(numbers: Float64Array, form: ColumnForm): { lowest: string; highest: string } {
  let low = Infinity;
  let high = -Infinity;
  for (const value of numbers) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const shown = (value: number): string =>
    form.kind === "date" ? writeDate(value, form.dates ?? { order: "year-first" }) : String(value);
  return { lowest: shown(low), highest: shown(high) };
}

/** `########_###.png` where all cells are like 00000001_000.png, and are ten or more; at least one digit. */
function shapeOf(cells: readonly string[]): string | undefined {
  if (cells.length < leastRows) return undefined;
  const shape = (cell: string): string => cell.replace(/\d/gu, "#");
  const first = shape(cells[0]);
  return first.includes("#") && cells.every((cell) => shape(cell) === first) ? first : undefined;
}
