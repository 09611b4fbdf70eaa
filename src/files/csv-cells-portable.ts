// The cells of a text's rows without Node, as csv-cells.ts has them from csv-parse: the same cells, and the same first quote out of
// place (test/files/csv-cells.test.ts).
import type { CellProblem, CellsForm } from "./csv-cells.ts";

/** As `parseCells` of csv-cells.ts. */
export function parseCells(
  text: string,
  { delimiter, ends }: CellsForm,
): { readonly rows: readonly string[][]; readonly problem?: CellProblem } {
  const rows: string[][] = [];
  let start = 0;
  for (const { next } of ends) {
    if (start >= text.length) return { rows };
    if (next > text.length && trims(delimiter) && text.slice(start).trim() === "") return { rows };
    const stop = next - (text.startsWith("\r\n", next - 2) ? 2 : 1);
    const cells = cellsOf(text, start, stop, delimiter);
    if (!Array.isArray(cells)) return { rows, problem: cells };
    rows.push(cells);
    start = next;
  }
  if (start >= text.length) return { rows };
  // A row that does not end: its last quote is open, unless another is out of place before.
  const cells = cellsOf(text, start, text.length, delimiter);
  return Array.isArray(cells) ? { rows: [...rows, cells] } : { rows, problem: cells };
}

/** Whether blanks beside a cell are none of it. */
const trims = (delimiter: string): boolean => delimiter !== "\t" && delimiter !== " ";

/** The cells between two places of a text, or what is wrong with them. */
function cellsOf(text: string, start: number, stop: number, delimiter: string): string[] | CellProblem {
  const problem = (code: string, at: number | undefined): CellProblem => ({
    code,
    message: messages[code] ?? code,
    line: at === undefined ? undefined : lineAt(text, at),
  });
  const isBlank = (at: number): boolean =>
    trims(delimiter) && text[at] !== delimiter && text[at].trim() === "";
  const cells: string[] = [];
  for (let at = start; ; at++) {
    let cell = "";
    let quoted = false;
    for (; at < stop && text[at] !== delimiter; at++) {
      if (text[at] === '"') {
        if (cell !== "") return problem("INVALID_OPENING_QUOTE", at);
        if (quoted) return problem("CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE", at);
        quoted = true;
        // Up to the quote that closes; two of them are one of the cell.
        for (at++; ; at += 2) {
          const close = text.indexOf('"', at);
          if (close < 0 || close >= stop) return problem("CSV_QUOTE_NOT_CLOSED", undefined);
          cell += text.slice(at, close);
          at = close;
          if (close + 1 >= stop || text[close + 1] !== '"') break;
          cell += '"';
        }
        const isClosed = at + 1 >= stop || text[at + 1] === delimiter || isBlank(at + 1);
        if (!isClosed) return problem("CSV_INVALID_CLOSING_QUOTE", at);
      } else if (quoted) {
        if (!isBlank(at)) return problem("CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE", at);
      } else if (cell !== "" || !isBlank(at)) {
        cell += text[at];
      }
    }
    cells.push(quoted || !trims(delimiter) ? cell : cell.trimEnd());
    if (at >= stop) return cells;
  }
}

/** For the one problem that is told in the parser's words. */
const messages: Readonly<Record<string, string>> = {
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: "Invalid Closing Quote: found non trimable byte after quote",
};

/** The line of a place in a text, counted from 1. */
function lineAt(text: string, at: number): number {
  return text.slice(0, at).split(/\r\n|\n|\r/u).length;
}
