// Joins tables: the rows of one, of which each is an image, get the columns of others, whose rows speak of the same image, study or
// patient. What has no partner is counted and told, and never gets a label.
import { DataError } from "../../errors/data-errors.ts";
import { brief, requireColumns, rowError } from "../../files/csv.ts";
import type { CellOrigin, Table, TableRow } from "../../files/csv.ts";
import { canonicalWord, isMissing, nearMatch } from "../../labels/wording.ts";
import type { ListContext } from "../catalogue/listing.ts";

/** How a table is joined to another. */
export interface Join {
  /** Pairs of columns that must say the same: the first table's, and the joined one's. */
  readonly keys: readonly (readonly [ours: string, theirs: string])[];
  /** Put before the names of the joined table's columns. */
  readonly prefix: string;
  /** Whether rows without a partner are left out; else they stay, and nothing is known of the joined columns. */
  readonly leavesOut: boolean;
}

export interface JoinedTable extends Table {
  /** Columns that both tables have, and that do not say the same: nobody can ask for them. */
  readonly clashes: ReadonlyMap<string, DataError>;
}

/** One table's place in a join. */
interface Side {
  readonly table: Table;
  readonly columns: readonly string[];
}

/**
 * Gives every row of a table the columns of its one partner in another. A row with several, or with one that a bad row may be
 * about as well, gets the fault that says so.
 *
 * @param titles of the two tables, for remarks
 * @throws DataError for a key column that is missing, and where no two rows go together
 */
export function joinTables(
  left: JoinedTable,
  right: Table,
  join: Join,
  titles: readonly [left: string, right: string],
  context: Pick<ListContext, "entry" | "remark">,
): JoinedTable {
  const ours = { table: left, columns: join.keys.map(([column]) => column) };
  const theirs = { table: right, columns: join.keys.map(([, column]) => column) };
  requireColumns(left, ours.columns);
  requireColumns(right, theirs.columns);
  const partners = findPartners(ours, theirs);
  tellUnmatched(ours, theirs, partners, join, titles, context);

  const isKey = new Set(join.keys.filter(([a, b]) => a === b && join.prefix === "").map(([a]) => a));
  const added = right.columns.filter((column) => !isKey.has(column)).map((column) => join.prefix + column);
  const theirsOf = new Map(added.map((name) => [name, name.slice(join.prefix.length)]));
  const shared = added.filter((name) => left.columns.includes(name));
  const clashes = findClashes(left, right, shared, theirsOf, partners);
  const kept = left.columns.filter((name) => !clashes.has(name));
  const fresh = added.filter((name) => !shared.includes(name) && !clashes.has(name));

  const rows: TableRow[] = [];
  const places: number[] = []; // of the left rows that stay
  const nothing = new Map<ReadonlySet<string> | undefined, ReadonlySet<string>>();
  for (const [at, row] of left.rows.entries()) {
    const partner = partners.of[at];
    if (partner === noPartner && join.leavesOut) continue;
    const cells: Record<string, string> = {};
    for (const name of kept) cells[name] = row.cells[name];
    const partnerCells = partner < 0 ? undefined : right.rows[partner].cells;
    for (const name of fresh) cells[name] = partnerCells?.[theirsOf.get(name) ?? name] ?? "";
    let { without } = row;
    if (partner < 0) {
      without = nothing.get(row.without) ?? new Set([...(row.without ?? []), ...fresh]);
      nothing.set(row.without, without);
    }
    const fault = row.fault ?? partners.faults.get(at);
    places.push(at);
    rows.push({
      record: row.record,
      line: row.line,
      cells,
      ...(without === undefined ? {} : { without }),
      ...(fault === undefined ? {} : { fault }),
    });
  }
  const isFresh = new Set(fresh);
  return {
    file: left.file,
    columns: [...kept, ...fresh],
    rows,
    faults: left.faults,
    clashes,
    origin: (row: number, column: string): CellOrigin => {
      const at = places[row];
      const partner = partners.of[at];
      if (isFresh.has(column) && partner >= 0) return { table: right, row: partner };
      return left.origin?.(at, column) ?? { table: left, row: at };
    },
  };
}

const noPartner = -1;
const badPartner = -2;

interface Partners {
  /** For each row of the first table its partner's row, or one of the two numbers above. */
  readonly of: Int32Array;
  /** By row of the first table: why it has a bad partner. */
  readonly faults: ReadonlyMap<number, DataError>;
  /** For each row of the joined table, whether its key is that of any row of the first. */
  readonly used: Uint8Array;
}

/** Rows of the joined table that are equal are one partner; rows that differ are none, and are told by the lines of both. */
function findPartners(ours: Side, theirs: Side): Partners {
  const { rows } = theirs.table;
  const firstOf = new Map<string, number>();
  const first = Int32Array.from(rows, (_, at) => at); // the first row of each one's key
  const bad = new Map<number, DataError>(); // by first row
  for (const [at, row] of rows.entries()) {
    const key = keyOf(row, theirs.columns);
    if (key === undefined) continue;
    const before = firstOf.get(key);
    if (before === undefined) firstOf.set(key, at);
    else {
      first[at] = before;
      if (!bad.has(before) && !sayTheSame(rows[before], row, theirs)) {
        const reason =
          `has the ${described(row, theirs.columns)} of line ${rows[before].line}, with other cells; ` +
          `a row of ${ours.table.file} goes with one row only`;
        bad.set(before, rowError(theirs.table, at, reason));
      }
    }
  }
  for (const [at, error] of blamed(theirs, first)) if (!bad.has(at)) bad.set(at, error);

  const used = new Uint8Array(rows.length);
  const faults = new Map<number, DataError>();
  const of = Int32Array.from(ours.table.rows, (row, at) => {
    const key = keyOf(row, ours.columns);
    const partner = key === undefined ? undefined : firstOf.get(key);
    if (partner === undefined) return noPartner;
    used[partner] = 1;
    const fault = bad.get(partner);
    if (fault === undefined) return partner;
    faults.set(at, fault);
    return badPartner;
  });
  for (const [at, before] of first.entries()) used[at] = used[before];
  return { of, faults, used };
}

/** Rows whose keys are among the pieces of a row that nobody can read: what that says of them is lost. */
function blamed({ table, columns }: Side, first: Int32Array): Map<number, DataError> {
  const found = new Map<number, DataError>();
  if (table.faults.length === 0) return found;
  const rowsOf = new Map<string, number[]>(); // by the first cell of their key
  for (const [at, { cells }] of table.rows.entries()) {
    if (first[at] !== at) continue;
    const word = canonicalWord(cells[columns[0]]);
    const others = rowsOf.get(word);
    if (others === undefined) rowsOf.set(word, [at]);
    else others.push(at);
  }
  for (const { line, pieces } of table.faults) {
    const words = new Set(pieces.map(canonicalWord));
    for (const word of words) {
      for (const at of rowsOf.get(word) ?? []) {
        const row = table.rows[at];
        if (!columns.every((column) => words.has(canonicalWord(row.cells[column])))) continue;
        const reason = `has the ${described(row, columns)}, which the bad row on line ${line} names too`;
        found.set(at, rowError(table, at, reason));
      }
    }
  }
  return found;
}

/** Whether rows with one key have the same cells beside it. */
function sayTheSame(a: TableRow, b: TableRow, { table, columns }: Side): boolean {
  return table.columns.every((column) => columns.includes(column) || a.cells[column] === b.cells[column]);
}

/** The key of a row; undefined where one of its cells says nothing. */
function keyOf({ cells }: TableRow, columns: readonly string[]): string | undefined {
  let key = "";
  for (const column of columns) {
    const cell = cells[column];
    // Most keys are plain: normalising 400,000 of them would take as long as reading the table.
    const isPlain = /^[A-Za-z\d][\w-]{4,}$/u.test(cell);
    if (!isPlain && isMissing(cell)) return undefined;
    key += `${isPlain ? cell : canonicalWord(cell)}\0`;
  }
  return key;
}

/** "subject_id 12, study_id 5" */
function described({ cells }: TableRow, columns: readonly string[]): string {
  return columns.map((column) => `${column} ${brief(cells[column])}`).join(", ");
}

/** Counts what has no partner on either side. @throws DataError where nothing has */
function tellUnmatched(
  ours: Side,
  theirs: Side,
  { of, used }: Partners,
  { leavesOut }: Join,
  [ourTitle, theirTitle]: readonly [string, string],
  { entry, remark }: Pick<ListContext, "entry" | "remark">,
): void {
  const alone = [...of.keys()].filter((at) => of[at] === noPartner);
  const spare = [...used.keys()].filter((at) => used[at] === 0);
  // Keys are patients as often as not, and a remark is shown to more people than the table: the line is enough to find them.
  const lineOf = ({ table }: Side, row: number): string => `line ${table.rows[row].line}`;
  const exampleOf = ({ table, columns }: Side, row: number): string =>
    `line ${table.rows[row].line}: ${described(table.rows[row], columns)}`;
  if (alone.length === of.length && of.length > 0) {
    throw new DataError(
      theirs.table.file,
      `has no row that goes with one of ${ours.table.file}, such as ${exampleOf(theirs, 0)}, and there ${exampleOf(ours, 0)}`,
    );
  }
  const tell = (
    rows: readonly number[],
    [title, other]: readonly string[],
    example: string,
    end: string,
  ): void =>
    remark({
      kind: "rows-without-partner",
      sentence:
        `"${entry}": ${rows.length} ${rows.length === 1 ? "row" : "rows"} of ${title} ` +
        `${rows.length === 1 ? "goes" : "go"} with no row of ${other}, such as ${example}: ${end}.`,
      cases: [{ name: title, count: rows.length, example }],
    });
  if (alone.length > 0) {
    const near = nearPartner(ours, theirs, alone, spare);
    const end = leavesOut ? "their images are left out" : "nothing that it says is known of their images";
    tell(alone, [ourTitle, theirTitle], near ?? lineOf(ours, alone[0]), end);
  }
  if (spare.length > 0)
    tell(
      spare,
      [theirTitle, ourTitle],
      lineOf(theirs, spare[0]),
      spare.length === 1 ? "it is not used" : "they are not used",
    );
}

/** So many rows are searched for one whose key is nearly another's: each looks at as many others. */
const mostSearched = 200;

/** Says where a key is nearly one of the other table's, as "P-12" is nearly "P12". */
function nearPartner(
  ours: Side,
  theirs: Side,
  alone: readonly number[],
  spare: readonly number[],
): string | undefined {
  for (const [k, column] of ours.columns.entries()) {
    const rows = spare.slice(0, mostSearched).map((at) => theirs.table.rows[at]);
    const texts = rows.map(({ cells }) => cells[theirs.columns[k]]);
    for (const at of alone.slice(0, mostSearched)) {
      const { line, cells } = ours.table.rows[at];
      const near = nearMatch(cells[column], texts);
      if (near === undefined) continue;
      const other = rows[texts.indexOf(near)].line;
      return `line ${line}, whose ${column} is nearly that of line ${other} there`;
    }
  }
  return undefined;
}

/** The columns that both tables have and in which partners differ, each with its first case, and those of joins before. */
function findClashes(
  left: JoinedTable,
  right: Table,
  shared: readonly string[],
  theirsOf: ReadonlyMap<string, string>,
  { of }: Partners,
): Map<string, DataError> {
  const clashes = new Map(left.clashes);
  for (const name of shared) {
    const theirs = theirsOf.get(name) ?? name;
    const at = left.rows.findIndex(({ cells }, row) => {
      const partner = of[row] < 0 ? undefined : right.rows[of[row]].cells[theirs];
      return (
        partner !== undefined &&
        partner !== cells[name] &&
        canonicalWord(partner) !== canonicalWord(cells[name])
      );
    });
    if (at < 0) continue;
    const { line, cells } = left.rows[at];
    const reason =
      `${theirs} is ${brief(right.rows[of[at]].cells[theirs])}, but ${left.file} says ${brief(cells[name])} on line ${line}: ` +
      "a column of both tables must say the same; tell the two apart by a prefix of the join";
    clashes.set(name, rowError(right, of[at], reason));
  }
  return clashes;
}
