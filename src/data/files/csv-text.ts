// Writes a table of text as CSV that every reader takes (RFC 4180), ours in csv.ts among them.

/**
 * @param rows the first one names the columns; a number is written with all its digits, null as an empty cell
 * @returns lines that end in a line feed; a cell with a comma, a quote, a line break or a space at an end is in quotes
 */
export function csvText(rows: readonly (readonly (string | number | boolean | null)[])[]): string {
  // A line with nothing on it would not be taken for a row.
  return rows.map((row) => `${row.map(csvCell).join(",") || '""'}\n`).join("");
}

function csvCell(value: string | number | boolean | null): string {
  const text = value === null ? "" : String(value);
  return /[",\r\n]|^\s|\s$/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
