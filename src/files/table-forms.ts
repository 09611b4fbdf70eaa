// How tables are written: what parts their cells, and whether their first row names the columns; and by which signs a message can
// tell that a table is written in another way than it was read.

/** What stands between two cells; a blank is any run of blanks and tabs. */
export type Delimiter = "," | ";" | "\t" | " ";

/** Delimiters by the words of manifests and the command line. */
export const delimiters = { ",": ",", ";": ";", tab: "\t", blank: " " } as const satisfies Readonly<
  Record<string, Delimiter>
>;

/** How a table is written. */
export interface TableForm {
  /** Default: a comma. */
  readonly delimiter?: Delimiter;
  /** Whether its first row names the columns, which is the default; else their names are "1", "2", "3", ... */
  readonly header?: boolean;
  /** Names of the columns of a table without a header, in their order. */
  readonly names?: readonly string[];
}

/**
 * One blank for each run of blanks and tabs, and none at the ends of a line. What stands in quotes stays as it is, and so does the
 * number of lines.
 */
export function singleBlanks(text: string): string {
  return text
    .replace(/"(?:[^"]|"")*"|[ \t]*(\r\n|\n|\r)[ \t]*|[ \t]+/gu, (run, end: string | undefined) =>
      run.startsWith('"') ? run : (end ?? " "),
    )
    .replace(/^ | $/gu, "");
}

/** The end of a message: how a table may be written that has not the columns it should have; undefined without a sign of it. */
export function otherForm({
  columns,
  rows,
}: {
  readonly columns: readonly string[];
  readonly rows: readonly { readonly cells: Readonly<Record<string, string>> }[];
}): string | undefined {
  const isNumbered = columns.every((name, c) => name === String(c + 1));
  const first = isNumbered ? (rows.at(0)?.cells ?? {}) : {};
  const texts = isNumbered ? columns.map((name) => first[name] ?? "") : columns;
  const [only = ""] = texts;
  const mark = columns.length === 1 ? [",", ";", "\t", " "].find((each) => only.includes(each)) : undefined;
  const isData = !isNumbered && texts.some((text) => text.split(/[,;\s]+/u).some(isImageFileName));
  const below = rows.at(0)?.cells[columns[0]] ?? "";
  const isOneName = mark === " " && !isNumbered && !isData && !below.split(" ").some(isImageFileName);
  if (isOneName) return undefined; // a column whose name is two words
  if (mark === undefined && !isData) {
    return isNumbered ? "; without a header, columns are called by their numbers" : undefined;
  }
  const delimiter = mark === undefined ? "" : `its delimiter ${markNames[mark]}`;
  if (!isData) return `; is ${delimiter}?`;
  const header = "header: none, and call columns by their numbers, such as image: 1";
  return `; its first row looks like data: say ${header}${delimiter === "" ? "" : `; and is ${delimiter}?`}`;
}

const markNames: Readonly<Record<string, string>> = { ",": '","', ";": '";"', "\t": "tab", " ": "blank" };

/** Whether a text is the name of an image file, which no column is called. */
function isImageFileName(text: string): boolean {
  return /.\.(?:png|jpe?g|gif|bmp|tiff?|webp|dcm|dicom)(?:\.gz)?$/iu.test(text);
}
