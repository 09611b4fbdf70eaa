// Which columns of a table are what, where nobody has said so: the names of images are known by the images that are there. What is
// taken for what is told as a remark.
import { DataError } from "../../errors/data-errors.ts";
import { brief, parseTable, type Table } from "../../files/csv.ts";
import type { Delimiter, TableForm } from "../../files/table-forms.ts";
import { isMissing } from "../../labels/wording.ts";
import type { ListContext } from "../catalogue/listing.ts";
import { partOf } from "../catalogue/part-words.ts";
import type { TableEntry } from "../formats/table-fields.ts";
import type { TableReading } from "./file-options.ts";
import { lastOf } from "./named-file.ts";

const labelColumns =
  /^(?:labels?|class(?:es)?|categor(?:y|ies)|diagnos[ie]s|dx|targets?|findings?(?: labels?)?|conditions?)$/iu;
const patientColumns = /^(?:patient|subject|lesion|person)(?:[ _-]?id)?$/iu;
const partColumns = /^(?:split|set|part|partition|subset)$/iu;

/** The words that columns of labels have, where nobody has given others (formats/table-columns.ts). */
const markWords = /^(?:[01](?:\.0+)?|-1(?:\.0+)?|true|false|yes|no|positive|negative|uncertain|u)$/iu;

const delimiters: Readonly<Record<NonNullable<TableReading["delimiter"]>, Delimiter>> = {
  ",": ",",
  ";": ";",
  tab: "\t",
  blank: " ",
};

/** Finds images by the names that a table has for them. */
export interface ImagesBelow {
  /** The path of an image, which may not be there; undefined where the name leaves the folder. */
  readonly find: (name: string) => string | undefined;
  readonly paths: ReadonlySet<string>;
}

/** What is known of a table before its rows are read. */
interface Found {
  readonly path: string;
  readonly text: string;
  readonly stated: TableReading;
  readonly images: ImagesBelow;
  readonly context: ListContext;
}

/**
 * The entry that a manifest would have for a table.
 * @throws DataError where nobody can tell which column names the images, or which says what they show
 */
export function recogniseTable({ path, text, stated, images, context }: Found): {
  readonly fields: TableEntry;
  readonly form: TableForm;
} {
  const delimiter = stated.delimiter ?? delimiterOf(text);
  const form = { delimiter: delimiters[delimiter], header: stated.header === undefined };
  // Rows that are bad are told when the table is read for good.
  const table = parseTable(path, text, form, () => undefined);
  const { image, suffix } = stated.image === undefined ? imageColumn(table, images) : { image: stated.image };
  const others = table.columns.filter((column) => column !== image);
  const patient = stated.patient ?? others.find((column) => patientColumns.test(column));
  const official =
    stated.official ?? others.find((column) => partColumns.test(column) && areParts(table, column));
  const left = others.filter((column) => column !== patient && column !== official);
  const labels = stated.label === undefined && stated.columns === undefined ? labelsIn(table, left) : stated;
  const separator =
    stated.separator ?? (labels.label === undefined ? undefined : separatorIn(table, labels.label));
  const fields: TableEntry = {
    ...stated,
    ...{ table: path, delimiter, image, patient, official, separator },
    ...{ label: labels.label, columns: labels.columns === undefined ? undefined : [...labels.columns] },
    suffix: stated.suffix ?? suffix,
    ...{ unlabelled: copied(stated.unlabelled), words: copied(stated.words) },
  };
  tell(stated, fields, context);
  return { fields, form };
}

const copied = (names: readonly string[] | undefined): string[] | undefined => names && [...names];

/** What parts the cells of the first line. */
function delimiterOf(text: string): NonNullable<TableReading["delimiter"]> {
  const line = text.split(/\r\n|\n|\r/u, 1)[0].replaceAll(/"[^"]*"/gu, "");
  const count = (mark: string): number => line.split(mark).length;
  const [most] = ([",", ";", "tab"] as const).toSorted((a, b) => count(delimiters[b]) - count(delimiters[a]));
  return most;
}

/** The column most of whose cells are names of images, with or without their endings. */
function imageColumn(
  { file, columns, rows }: Table,
  { find, paths }: ImagesBelow,
): {
  readonly image: string;
  readonly suffix?: string;
} {
  const endings = new Map<string, number>();
  for (const each of paths) {
    const ending = /\.[^./]+(?:\.gz)?$/iu.exec(lastOf(each))?.[0] ?? "";
    endings.set(ending, (endings.get(ending) ?? 0) + 1);
  }
  const [commonest = ""] = [...endings].sort(([, a], [, b]) => b - a).map(([ending]) => ending);
  const hits = (column: string, suffix: string): number =>
    rows.filter(({ cells }) => {
      const cell = cells[column];
      return !isMissing(cell) && paths.has(find(cell + suffix) ?? "");
    }).length;
  for (const suffix of ["", commonest]) {
    const counts = columns.map((column) => hits(column, suffix));
    const most = Math.max(...counts);
    if (most > 0) {
      const image = columns[counts.indexOf(most)];
      return suffix === "" ? { image } : { image, suffix };
    }
  }
  const names = columns.slice(0, 20).map((name) => brief(name));
  throw new DataError(
    file,
    `has no column with the names of the ${paths.size} images: name it, as in table: { image: "file" }; its columns are ${names.join(", ")}`,
  );
}

function areParts({ rows }: Table, column: string): boolean {
  return rows.every(({ cells }) => isMissing(cells[column]) || partOf(cells[column]) !== undefined);
}

/** The column of label words, or the columns with a label each. */
function labelsIn(
  table: Table,
  left: readonly string[],
): { readonly label?: string; readonly columns?: readonly string[] } {
  const named = left.filter((column) => labelColumns.test(column));
  if (named.length === 1) return { label: named[0] };
  if (left.length === 1) return { label: left[0] };
  const marked = left.filter((column) => {
    const cells = table.rows.map((row) => row.cells[column]).filter((cell) => !isMissing(cell));
    return cells.length > 0 && cells.every((cell) => markWords.test(cell));
  });
  if (named.length === 0 && marked.length > 0) return { columns: marked };
  const columns = table.columns.slice(0, 20).map((name) => brief(name));
  throw new DataError(
    table.file,
    `has no column that can be told to be the labels: name it, as in table: { label: "diagnosis" }, or table: { columns: [...] } ` +
      `for a column a label; its columns are ${columns.join(", ")}`,
  );
}

/** A bar parts words in tables of findings. */
function separatorIn({ rows }: Table, label: string): string | undefined {
  return rows.some(({ cells }) => /[^|]\|[^|]/u.test(cells[label] ?? "")) ? "|" : undefined;
}

/** Tells what was recognised and not said. */
function tell(stated: TableReading, fields: TableEntry, { entry, remark }: ListContext): void {
  const guesses = (
    ["image", "suffix", "label", "columns", "separator", "patient", "official", "delimiter"] as const
  ).filter((field) => stated[field] === undefined && fields[field] !== undefined && fields[field] !== ",");
  if (guesses.length === 0) return;
  const said = guesses.map((field) => `${field}: ${JSON.stringify(fields[field])}`);
  remark({
    kind: "guess",
    sentence: `"${entry}" takes its table for one with ${said.join(", ")}; table: { ... } says so, or otherwise.`,
    cases: [],
  });
}
