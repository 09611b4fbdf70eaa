// The cells of a text's rows, in Node by csv-parse. Imported as #csv-cells, for which a browser has csv-cells-portable.ts (package.json,
// "imports").
import { CsvError, parse } from "csv-parse/sync";
import type { Delimiter } from "./table-forms.ts";

/** Where a row of a text ends. */
export interface RowEnd {
  /** Counted from 1. */
  readonly line: number;
  /** Where the next one begins. */
  readonly next: number;
}

/** Why a row has no cells: a quote is out of place. */
export interface CellProblem {
  /** In the words of csv-parse. */
  readonly code: string;
  readonly message: string;
  /** Of the text, counted from 1; undefined where nobody knows. */
  readonly line: number | undefined;
  readonly cause?: unknown;
}

export interface CellsForm {
  readonly delimiter: Delimiter;
  /** Of the rows, up to the first quote out of place. */
  readonly ends: readonly RowEnd[];
}

/** All rows up to the first quote out of place, empty ones too. */
export function parseCells(
  text: string,
  { delimiter, ends }: CellsForm,
): { readonly rows: readonly string[][]; readonly problem?: CellProblem } {
  const read = (part: string): string[][] =>
    parse(part, {
      delimiter,
      record_delimiter: ["\r\n", "\n", "\r"],
      trim: delimiter !== "\t" && delimiter !== " ", // a quote may stand beside a space; of tabs, it would eat empty cells
      relax_column_count: true, // counted by the caller, in our words
    });
  try {
    return { rows: read(text) };
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const whole = Number(cause["records"] ?? 0);
    const line = cause["lines"] === undefined ? undefined : Number(cause["lines"]);
    const problem = { code: cause.code, message: cause.message, line, cause };
    return { rows: whole === 0 ? [] : read(text.slice(0, ends[whole - 1].next)), problem };
  }
}
