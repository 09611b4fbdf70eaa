// Reads a table of text (CSV and its relatives, gzip'd or plain) whole, every cell by the name of its column.
import { CsvError, parse } from "csv-parse/sync";
import { suggestion } from "../../device/nearest.ts";
import { DataError } from "../failures.ts";
import { readText } from "./bytes.ts";

export interface TableRow {
  /** Where it ends in the file, counted from 1: a quoted cell may hold line breaks. */
  readonly line: number;
  /** Trimmed, by column. */
  readonly cells: Readonly<Record<string, string>>;
}

export interface Table {
  readonly file: string;
  /** In the order of the file, without those that have no name. */
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
}

/** The most that a table may have. */
export interface TableLimits {
  /** Of the text, unpacked. */
  readonly bytes: number;
  /** Letters of one row. */
  readonly record: number;
  readonly columns: number;
  readonly rows: number;
  readonly cells: number;
}

/** What stands between two cells. */
export type Delimiter = "," | ";" | "\t";

/**
 * The largest published label tables have 400,000 rows, or 36 columns, or 110 MB. The parser holds the text up to four
 * times (bytes, a string of two-byte letters, bytes again), and a short cell takes 32 bytes: about 1 GiB at the worst.
 */
const mostOfAll: TableLimits = {
  bytes: 2 ** 27,
  record: 2 ** 20,
  columns: 4096,
  rows: 2_000_000,
  cells: 2 ** 24,
};

/**
 * The first line names the columns. A name with the delimiter bare inside its brackets, `Image[Width,Height]`, as in
 * ChestX-ray14, names two: `Image[Width]` and `Image[Height]`. Columns without a name, which spreadsheets and pandas
 * leave behind, are dropped; empty lines too.
 *
 * @throws DataError as readText; for no row at all, two columns of one name, a row with a cell too few or too many, a
 *   quote out of place, and a table over the limits
 */
export async function readTable(
  file: string,
  delimiter: Delimiter = ",",
  limits: TableLimits = mostOfAll,
): Promise<Table> {
  const text = await readText(file, { most: limits.bytes });
  const ends = findRows(file, text, delimiter, limits);
  const parsed = parseCells(file, text, delimiter, ends);
  let header: readonly string[] | undefined;
  const rows: TableRow[] = [];
  for (const [at, cells] of parsed.entries()) {
    if (cells.length === 1 && cells[0] === "") continue; // an empty line
    if (header === undefined) {
      header = readHeader(file, cells, delimiter, limits);
      continue;
    }
    const { line } = ends[at];
    if (cells.length !== header.length) {
      const reason = `has ${counted(cells.length, "cell")}, but the header names ${counted(header.length, "column")}`;
      throw new DataError(file, `line ${line}: ${reason}`, { record: rows.length });
    }
    const row: Record<string, string> = {};
    for (let c = 0; c < cells.length; c++) if (header[c] !== "") row[header[c]] = cells[c].trim();
    rows.push({ line, cells: row });
  }
  if (header === undefined)
    throw new DataError(file, "is empty; a table starts with the names of its columns");
  if (rows.length === 0) throw new DataError(file, "has a header but no row");
  return { file, columns: header.filter((name) => name !== ""), rows };
}

function parseCells(file: string, text: string, delimiter: Delimiter, ends: readonly RowEnd[]): string[][] {
  try {
    return parse(text, {
      delimiter,
      record_delimiter: ["\r\n", "\n", "\r"],
      trim: delimiter !== "\t", // a quote may stand beside a space; of tabs, it would eat empty cells
      relax_column_count: true, // counted by the caller, in our words
    });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const before = ends.slice(0, Number(cause["records"] ?? 0));
    const record = before.filter(({ empty }) => !empty).length - 1;
    const reason = whyNotParsed(cause, before.at(-1)?.line ?? 0);
    throw new DataError(file, reason, { ...(record < 0 ? {} : { record }), cause });
  }
}

/** Where a row of the text ends. */
interface RowEnd {
  /** Counted from 1. */
  readonly line: number;
  readonly empty: boolean;
}

/**
 * The lines that rows end on, and whether it is safe to parse them: the parser itself limits neither rows nor cells, and
 * is slow at telling lines. Agrees with it up to the first quote out of place, at which the parser stops.
 */
function findRows(file: string, text: string, delimiter: Delimiter, limits: TableLimits): RowEnd[] {
  const mark = delimiter.charCodeAt(0);
  const ends: RowEnd[] = [];
  let line = 1;
  let start = 0;
  let cells = 0;
  let quoted = false;
  const refuse = (reason: string): never => {
    throw new DataError(file, `line ${line}: ${reason}`);
  };
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : 10;
    if (code === 34) quoted = !quoted;
    const isEnd = code === 10 || (code === 13 && text.charCodeAt(at + 1) !== 10);
    if (isEnd && !quoted) {
      ends.push({
        line,
        empty: at === start || (code === 10 && at === start + 1 && text.charCodeAt(start) === 13),
      });
      start = at + 1;
      cells++;
      if (ends.length > limits.rows) refuse(`is one row too many: a table may have ${limits.rows}`);
    } else if (at - start >= limits.record) {
      refuse(
        `is part of a row of over ${limits.record} characters${quoted ? "; is a quote not closed?" : ""}`,
      );
    } else if (code === mark && !quoted) {
      cells++;
    }
    if (cells > limits.cells) refuse(`has one cell too many: a table may have ${limits.cells}`);
    if (isEnd) line++;
  }
  return ends;
}

/** @throws DataError when the table has no column of one of these names, with the nearest that it has */
export function requireColumns(table: Table, names: readonly string[]): void {
  const missing = names.find((name) => !table.columns.includes(name));
  if (missing === undefined) return;
  const [only = ""] = table.columns;
  const other = table.columns.length === 1 ? [",", ";", "\t"].find((mark) => only.includes(mark)) : undefined;
  const hint =
    other === undefined
      ? suggestion(missing, table.columns)
      : `; is its delimiter ${other === "\t" ? "tab" : `"${other}"`}?`;
  const shown = table.columns.slice(0, 20).map((name) => brief(name));
  const rest = table.columns.length > shown.length ? ", ..." : "";
  throw new DataError(
    table.file,
    `has no column ${brief(missing)}; its columns are ${shown.join(", ")}${rest}${hint}`,
  );
}

/** A DataError about one row, which names its line as well. */
export function rowError(table: Table, record: number, reason: string): DataError {
  return new DataError(table.file, `line ${table.rows[record].line}: ${reason}`, { record });
}

/** What stands in a cell, quoted, short enough for a message of one line. */
export function brief(cell: string): string {
  return JSON.stringify(cell.length > 80 ? `${cell.slice(0, 77)}...` : cell);
}

/** The name of each cell; "" for a column that nobody can ask for. */
function readHeader(
  file: string,
  cells: readonly string[],
  delimiter: Delimiter,
  limits: TableLimits,
): readonly string[] {
  if (cells.length > limits.columns) {
    throw new DataError(file, `has ${cells.length} columns; a table may have ${limits.columns}`);
  }
  const header = splitBrackets(
    cells.map((cell) => cell.trim()),
    delimiter,
  );
  const seen = new Set<string>();
  for (const name of header) {
    // Assigning to this name would change what the row is, not what it holds.
    if (name === "__proto__") throw new DataError(file, `cannot have a column called ${name}; rename it`);
    if (name !== "" && seen.has(name)) throw new DataError(file, `has two columns called ${brief(name)}`);
    seen.add(name);
  }
  return header;
}

/** `Image[Width`, `Height]` -> `Image[Width]`, `Image[Height]`; brackets that never close are left as they are. */
function splitBrackets(cells: readonly string[], delimiter: Delimiter): string[] {
  const names = [...cells];
  for (let at = 0; at < cells.length; at++) {
    const open = /^([^[\]]*)\[([^[\]]*)$/u.exec(cells[at]);
    if (open === null || cells[at].includes(delimiter)) continue;
    const length = cells.slice(at + 1).findIndex((cell) => /[[\]]/u.test(cell)) + 1;
    if (length === 0 || !/^[^[\]]*\]$/u.test(cells[at + length])) continue;
    const [, stem, first] = open;
    names[at] = `${stem}[${first}]`;
    for (let i = at + 1; i < at + length; i++) names[i] = `${stem}[${cells[i]}]`;
    names[at + length] = `${stem}[${cells[at + length]}`;
    at += length;
  }
  return names;
}

function whyNotParsed(cause: CsvError, lastLine: number): string {
  const line = Number(cause["lines"] ?? lastLine + 1);
  switch (cause.code) {
    case "CSV_QUOTE_NOT_CLOSED":
      return `a quote that opens after line ${lastLine} is never closed`;
    case "INVALID_OPENING_QUOTE":
    case "CSV_INVALID_CLOSING_QUOTE":
      return `line ${line}: a quote stands inside a cell; put the cell in quotes and double those inside`;
    default:
      return `line ${line}: ${cause.message}`;
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
