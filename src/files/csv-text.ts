// Tables of text as CSV that every reader takes (RFC 4180), ours in csv.ts among them.

import { stringify } from "csv-stringify/sync";

/**
 * @param rows the first one names the columns; a number is written with all its digits, null as an empty cell
 * @returns lines that end in a line feed; a cell with a comma, a quote, a line break or a space at an end is in quotes
 */
export function csvText(rows: readonly (readonly (string | number | boolean | null)[])[]): string {
  return stringify(
    rows.map((row) => [...row]),
    // A reader may trim cells.
    { quoted_match: /^\s|\s$/u, cast: { boolean: String } },
  );
}
