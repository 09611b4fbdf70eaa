// A table of text (CSV and its relatives) as rows, every cell by the name of its column. read-table.ts reads it from a file.
import { parseCells, type CellProblem } from "#csv-cells";
import { counted } from "../errors/counted.ts";
import { suggestion } from "../errors/nearest.ts";
import { DataError } from "../errors/data-errors.ts";
import { canonicalName } from "../labels/wording.ts";
import { bareCell } from "./guarded-cells.ts";
import { otherForm, singleBlanks } from "./table-forms.ts";
import type { Delimiter, TableForm } from "./table-forms.ts";

export interface TableRow {
  /** Which row of the file below the header, counted from 0, those among them that were left out. */
  readonly record: number;
  /** Where it ends in the file, counted from 1: a quoted cell may hold line breaks. */
  readonly line: number;
  /** Trimmed, by column. */
  readonly cells: Readonly<Record<string, string>>;
  /** Columns of joined tables that have no row for this one: nobody says what stands there. */
  readonly without?: ReadonlySet<string>;
  /** Why it cannot be joined, in a joined table, or cannot be read, in a list. */
  readonly fault?: DataError;
  /** What stands in a row whose cells nobody can tell apart. */
  readonly pieces?: readonly string[];
}

export interface Table {
  readonly file: string;
  /** In the order of the file, without those that have no name. */
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
  /** Rows that were left out, in the order of the file. */
  readonly faults: readonly TableFault[];
  /** Of a table that is joined from several: the row of the file that holds a cell. */
  readonly origin?: (row: number, column: string) => CellOrigin;
}

export interface CellOrigin {
  readonly table: Table;
  readonly row: number;
}

/** A row that could not be read, and what is known of it all the same. */
export interface TableFault {
  readonly error: DataError;
  /** A line of it, counted from 1. */
  readonly line: number;
  /** Its cells; where nobody knows where they end, every piece of its line between delimiters, quotes and blanks. */
  readonly pieces: readonly string[];
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
  /** Letters that are parsed at a time, about. */
  readonly piece: number;
}

/**
 * The largest published label tables have 400,000 rows, or 36 columns, or 110 MB. The parser holds the text up to three
 * times (bytes, and a string of two-byte letters), and a short cell takes 32 bytes: about 1 GiB at the worst.
 */
export const mostOfAll: TableLimits = {
  bytes: 2 ** 27,
  record: 2 ** 20,
  columns: 4096,
  rows: 2_000_000,
  cells: 2 ** 24,
  piece: 2 ** 16,
};

/** So many faults of quotes are bad rows; more are a damaged file, and to look for each would take long. */
const mostFaults = 100;

/**
 * The first line names the columns. A name with the delimiter bare inside its brackets, `Image[Width,Height]`, as in
 * ChestX-ray14, names two: `Image[Width]` and `Image[Height]`. Columns without a name, which spreadsheets and pandas
 * leave behind, are dropped; empty lines too. Names of columns are canonical (labels/wording.ts), as `column` of a manifest is.
 *
 * Of two columns of one name, each is called after its place as well, `note [column 3]` and `note [column 4]`: whoever wants
 * one of them says which.
 *
 * @param file its name, for messages
 * @param content all its text
 * @param bad takes what is wrong with one row, which is then left out: a cell too few or too many, a quote out of place
 * @throws DataError for no row at all, telling the first that is bad; and a table over the limits
 */
export function parseTable(
  file: string,
  content: string,
  { delimiter = ",", names: told, header: named = told === undefined }: TableForm = {},
  bad: (error: DataError) => void = refuse,
  limits: TableLimits = mostOfAll,
): Table {
  const text = delimiter === " " ? singleBlanks(content) : content;
  let header = told === undefined ? undefined : readHeader(file, told, delimiter, limits);
  const rows: TableRow[] = [];
  const faults: TableFault[] = [];
  let record = 0;
  let first: DataError | undefined;
  const leaveOut = (fault: TableFault): void => {
    first ??= fault.error;
    bad(fault.error);
    faults.push(fault);
  };
  for (const parsed of parseRows(file, text, delimiter, limits)) {
    if ("fault" in parsed) {
      const { fault: reason, cause, line, text: content } = parsed;
      if (header === undefined && named) throw new DataError(file, reason, { cause }); // nothing can be read without it
      const error = new DataError(file, reason, { record: record++, cause });
      leaveOut({ error, line, pieces: piecesOf(content, delimiter) });
      continue;
    }
    const { line, cells } = parsed;
    if (header === undefined) {
      header = readHeader(file, named ? cells : cells.map((_, c) => String(c + 1)), delimiter, limits);
      if (named) continue;
    }
    // Columns without a name at the end of a header are nobody's, and rows may end before them, as in ChestX-ray14's list of boxes.
    if (cells.length > header.length || header.slice(cells.length).some((name) => name !== "")) {
      const names = named
        ? `the header names ${counted(header.length, "column")}`
        : told === undefined
          ? `the first row has ${header.length}`
          : `${counted(header.length, "name")} of columns are given`;
      const hint =
        delimiter === " "
          ? '; a cell with a blank in it stands in quotes, as in "a b"'
          : named && header.length === 1
            ? (otherForm({ columns: header, rows: [] }) ?? "; the first line should name all columns")
            : "";
      const reason = `has ${counted(cells.length, "cell")}, but ${names}${hint}`;
      const error = new DataError(file, `line ${line}: ${reason}`, { record: record++ });
      leaveOut({ error, line, pieces: cells.map((cell) => cell.trim()) });
      continue;
    }
    const row: Record<string, string> = {};
    for (let c = 0; c < cells.length; c++) if (header[c] !== "") row[header[c]] = bareCell(cells[c].trim());
    rows.push({ record: record++, line, cells: row });
  }
  if (header === undefined || (told !== undefined && record === 0))
    throw new DataError(
      file,
      named ? "is empty; a table starts with the names of its columns" : "has no row",
    );
  if (rows.length === 0) {
    throw (
      first?.advising("no row of the table can be read") ?? new DataError(file, "has a header but no row")
    );
  }
  return { file, columns: header.filter((name) => name !== ""), rows, faults };
}

function refuse(error: DataError): never {
  throw error;
}

/** Whatever may be a cell of a line whose cells cannot be told apart, each once. */
export function piecesOf(line: string, delimiter: string): string[] {
  const cuts = [`[${delimiter}]`, '"', `["${delimiter}]`, `["${delimiter}\\s]`].map(
    (mark) => new RegExp(mark, "u"),
  );
  const pieces = cuts.flatMap((cut) => line.split(cut)).map((piece) => piece.trim());
  return [...new Set(pieces)].filter((piece) => piece !== "");
}

/** A row of the text, or what is wrong with a line where a row should begin. */
type Parsed =
  | { readonly line: number; readonly cells: readonly string[] }
  | { readonly fault: string; readonly cause: unknown; readonly line: number; readonly text: string };

/**
 * The rows of a text that are not empty, in order. Behind a quote out of place nobody knows what is quoted, so the line on
 * which its row begins is left, and what follows is read as a text of its own. The text is parsed piece by piece, so that a fault
 * costs a piece and not all that follows it.
 */
function* parseRows(
  file: string,
  text: string,
  delimiter: Delimiter,
  limits: TableLimits,
): Generator<Parsed, void, undefined> {
  let place: Place = { at: 0, line: 1, rows: 0, cells: 0 };
  let faults = 0;
  while (place.at <= text.length) {
    const { ends, overlong } = findRows(file, text, place, delimiter, limits);
    const stop = ends.at(-1);
    const isLast = stop === undefined || stop.at > text.length;
    const piece = text.slice(place.at, overlong === undefined && isLast ? undefined : (stop?.at ?? place.at));
    const { rows, problem } = parseCells(piece, {
      delimiter,
      ends: ends.map(({ at, line }) => ({ line: line - 1, next: at - place.at })),
    });
    for (const [at, cells] of rows.entries()) {
      if (cells.length !== 1 || cells[0] !== "") yield { line: ends[at].line - 1, cells };
    }
    if (problem === undefined && overlong === undefined) {
      if (isLast) return;
      place = stop;
      continue;
    }
    const before = (rows.length === 0 ? undefined : ends.at(rows.length - 1)) ?? place;
    const fault =
      problem === undefined ? (overlong ?? "") : whyNotParsed(problem, place.line, before.line - 1);
    const newline = /\r\n|\n|\r/gu;
    newline.lastIndex = before.at;
    const end = newline.exec(text)?.index;
    yield { fault, cause: problem?.cause, line: before.line, text: text.slice(before.at, end) };
    if (faults++ === mostFaults) throw new DataError(file, `has over ${mostFaults} quotes out of place`);
    if (end === undefined) return;
    place = { ...before, at: newline.lastIndex, line: before.line + 1 };
  }
}

/** Where a row of the text begins, behind the one before it. */
interface Place {
  readonly at: number;
  /** Counted from 1. */
  readonly line: number;
  /** Rows and cells before it. */
  readonly rows: number;
  readonly cells: number;
}

/**
 * The ends of the rows of a piece of the text, and whether it is safe to parse them: the parser itself limits neither rows nor cells,
 * and is slow at telling lines. Agrees with it up to the first quote out of place, at which the parser stops.
 *
 * @param from where the piece begins
 * @returns overlong: why the row behind the last end is too long to parse
 */
function findRows(
  file: string,
  text: string,
  from: Place,
  delimiter: Delimiter,
  limits: TableLimits,
): { readonly ends: readonly Place[]; readonly overlong?: string } {
  const mark = delimiter.charCodeAt(0);
  const ends: Place[] = [];
  let { line, rows, cells, at: start } = from;
  let quoted = false;
  const tooMany = (what: string, most: number): DataError =>
    new DataError(file, `line ${line}: ${what} too many: a table may have ${most}`);
  for (let at = from.at; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : 10;
    if (code === 34) quoted = !quoted;
    const isEnd = code === 10 || (code === 13 && text.charCodeAt(at + 1) !== 10);
    if (isEnd && !quoted) {
      cells++;
      rows++;
      start = at + 1;
      ends.push({ at: start, line: line + 1, rows, cells });
      if (rows > limits.rows) throw tooMany("is one row", limits.rows);
    } else if (at - start >= limits.record) {
      const open = quoted ? "; is a quote not closed?" : "";
      return { ends, overlong: `line ${line}: is part of a row of over ${limits.record} characters${open}` };
    } else if (code === mark && !quoted) {
      cells++;
    }
    if (cells > limits.cells) throw tooMany("has one cell", limits.cells);
    if (isEnd) line++;
    if (start - from.at >= limits.piece) return { ends };
  }
  return { ends };
}

/** @throws DataError when the table has no column of one of these names, with the nearest that it has */
export function requireColumns(table: Table, names: readonly string[]): void {
  const missing = names.find((name) => !table.columns.includes(name));
  if (missing === undefined) return;
  const several = table.columns.filter((name) => isRepeated(name, missing));
  if (several.length > 0) {
    throw new DataError(
      table.file,
      `has ${several.length} columns called ${brief(missing)}: rename all but one, or name the one that is meant: ` +
        several.map((name) => brief(name)).join(" or "),
    );
  }
  const shown = table.columns.slice(0, 20).map((name) => brief(name));
  const rest = table.columns.length > shown.length ? ", ..." : "";
  const hint = otherForm(table) ?? suggestion(missing, table.columns);
  throw new DataError(
    table.file,
    `has no column ${brief(missing)}; its columns are ${shown.join(", ")}${rest}${hint}`,
  );
}

/**
 * A DataError about one of a table's rows, which names its line as well.
 *
 * @param column the column at fault, if it is one: of a joined table, the error names the file and line that it comes from
 */
export function rowError(table: Table, row: number, reason: string, column?: string): DataError {
  const origin = column === undefined ? undefined : table.origin?.(row, column);
  const { line, record } = (origin?.table ?? table).rows[origin?.row ?? row];
  return new DataError((origin?.table ?? table).file, `line ${line}: ${reason}`, { record });
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
    // A tab inside is the delimiter of another kind of table, which the complaint about columns looks for.
    cells.map((cell) => (cell.includes("\t") ? bareCell(cell.trim()) : canonicalName(bareCell(cell)))),
    delimiter,
  );
  const names = header.map((name, at) => {
    const isTwice = name !== "" && (header.indexOf(name) !== at || header.includes(name, at + 1));
    return isTwice ? repeated(name, at) : name;
  });
  const seen = new Set<string>();
  for (const name of names) {
    // Assigning to this name would change what the row is, not what it holds.
    if (name === "__proto__") throw new DataError(file, `cannot have a column called ${name}; rename it`);
    if (name !== "" && seen.has(name)) throw new DataError(file, `has two columns called ${brief(name)}`);
    seen.add(name);
  }
  return names;
}

/** What a column is called whose name another one has, too. */
const repeated = (name: string, at: number): string => `${name} [column ${at + 1}]`;
const isRepeated = (column: string, name: string): boolean =>
  column.startsWith(`${name} [column `) && /^\d+\]$/u.test(column.slice(name.length + " [column ".length));

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

/** @param first the line that the text begins with. @param lastLine the last one that was read */
function whyNotParsed(cause: CellProblem, first: number, lastLine: number): string {
  const line = cause.line === undefined ? lastLine + 1 : cause.line + first - 1;
  switch (cause.code) {
    case "CSV_QUOTE_NOT_CLOSED":
      return `a quote that opens after line ${lastLine} is never closed`;
    case "INVALID_OPENING_QUOTE":
    case "CSV_INVALID_CLOSING_QUOTE":
      return (
        `line ${line}: a quote stands inside a cell${line > lastLine + 1 ? ` of the row that begins on line ${lastLine + 1}` : ""}; ` +
        "put the cell in quotes and double those inside"
      );
    default:
      return `line ${line}: ${cause.message}`;
  }
}
