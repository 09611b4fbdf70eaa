// Tables of text as CSV that every reader takes (RFC 4180), ours in csv.ts among them.

import { stringify } from "csv-stringify/sync";
import { guardedCell } from "./guarded-cells.ts";

/**
 * @param delimiter between two cells; default: a comma
 * @param rows the first one names the columns; a number is written with all its digits, null as an empty cell
 * @returns lines that end in a line feed; a cell with a delimiter, a quote, a line break or a space at an end is in quotes, and one that a
 *   spreadsheet would compute has an apostrophe before it
 */
export function csvText(
  rows: readonly (readonly (string | number | boolean | null)[])[],
  delimiter = ",",
): string {
  return stringify(
    rows.map((row) => row.map((cell) => (typeof cell === "string" ? guardedCell(cell) : cell))),
    // A reader may trim cells.
    { delimiter, quoted_match: /^\s|\s$/u, cast: { boolean: String } },
  );
}
