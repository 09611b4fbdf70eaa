// Any table with a row for each image: its labels are words in one column, or have a column each.
import { dirname, posix } from "node:path";
import { z } from "zod";
import { suggestion } from "../../errors/nearest.ts";
import { DataError, ManifestError } from "../../errors/data-errors.ts";
import { name, names, oneOf, path, record as fieldRecord } from "../manifest/fields.ts";
import { brief, requireColumns, rowError } from "../../files/csv.ts";
import type { Delimiter, Table, TableRow } from "../../files/csv.ts";
import { mostLabels } from "../catalogue/listing.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import type { ListContext, Listing } from "../catalogue/listing.ts";
import { partHint, partOf } from "../catalogue/part-words.ts";
import { withWanted } from "./class-labels.ts";
import type { Format } from "./format.ts";
import {
  findImagesIn,
  imageFolders,
  imagesBelow,
  isImageName,
  listRows,
  locateTable,
  setPositive,
} from "./table-rows.ts";
import type { FindImage, RowFacts } from "./table-rows.ts";

/** Words in cells; YAML makes numbers and truth values of some of them. */
const cellWords = z
  .array(z.union([z.string(), z.number(), z.boolean()], { error: () => "must be a word or a number" }))
  .transform((words) => words.map(String));

const fields = {
  table: path,
  /** The text between two cells. */
  delimiter: oneOf([",", ";", "tab"]).default(","),
  /** The folder, or folders, of the images. Default: the folder of the table. */
  images: imageFolders.optional(),
  /** The column with the image's file name, or its path below the folder. */
  image: name,
  /** Appended to a name that does not end in it, nor in .png, .jpg or .jpeg (or one of these and .gz). */
  suffix: z.string().min(1).optional(),
  /** The column of the patient: images of one patient stay in one part of a split. */
  patient: name.optional(),
  /** The column of the official part of a row: train, valid, test and the like (part-words.ts). */
  official: name.optional(),

  /** The column whose words are the labels: an image is positive for its own, and negative for all others. */
  label: name.optional(),
  /** The text between two words of one cell; without it, a cell is one word. */
  separator: z.string().min(1).optional(),
  /**
   * Words which mean that nobody has looked yet: all labels of the image are absent, also where `blank` is negative. An empty
   * cell is blank.
   */
  unlabelled: names.optional(),
  /**
   * All allowed words; any other is an error. Default: those that occur, and those that `mapping` and `knows` name, unless they
   * look like a typing error.
   */
  words: names.optional(),

  /** Instead of `label`: columns with one label each. */
  columns: names.optional(),
  /**
   * The words in these columns; numbers are compared as numbers, words without regard to case. Defaults: 1, true, yes,
   * positive; 0, false, no, negative; -1, uncertain, u; nan, na. An empty cell is always blank.
   */
  values: fieldRecord({
    positive: cellWords.optional(),
    negative: cellWords.optional(),
    uncertain: cellWords.optional(),
    blank: cellWords.optional(),
  }).optional(),
};

type Entry = z.output<z.ZodObject<typeof fields>>;
const delimiters: Readonly<Record<Entry["delimiter"], Delimiter>> = { ",": ",", ";": ";", tab: "\t" };

export const table: Format<typeof fields> = {
  fields,
  exhaustive: false,
  patients: sharedFiles,
  list: async (entry, context) => {
    const rows = await locateTable(entry.table, context, delimiters[entry.delimiter]);
    const { image, patient, official, label, columns } = entry;
    requireColumns(
      rows,
      [image, patient, official, label, ...(columns ?? [])].filter((column) => column !== undefined),
    );
    const inFolder: FindImage =
      entry.images === undefined
        ? imagesBelow(dirname(rows.file))
        : await findImagesIn(entry.images, context);
    const findImage: FindImage = (imageName) => inFolder(withSuffix(imageName, entry.suffix));
    if (label !== undefined && columns === undefined)
      return listWords(entry, label, rows, findImage, context);
    if (columns !== undefined && label === undefined) {
      return listColumns(entry, columns, rows, findImage, context);
    }
    throw new ManifestError(
      `"${context.entry}"`,
      label === undefined ? "label" : "columns",
      label === undefined
        ? "is missing: name the column of the label words under label, or a column a label under columns"
        : "cannot stand beside label: labels are words in one column, or a column each",
    );
  },
};

/** Tables that are one file, or share a folder of images, are of one dataset. */
function sharedFiles({ table, images = posix.dirname(table) }: Entry): [string, ...string[]] {
  const folders = typeof images === "string" ? [images] : images;
  const plain = (path: string): string => posix.resolve("/", path);
  return [`table ${plain(table)}`, ...folders.map((folder) => `images ${plain(folder)}`)];
}

function withSuffix(imageName: string, suffix: string | undefined): string {
  if (imageName === "" || suffix === undefined) return imageName;
  return imageName.endsWith(suffix) || isImageName(imageName) ? imageName : imageName + suffix;
}

/** The content of a row beside its labels. */
function factsOf(entry: Entry, rows: Table, record: number): RowFacts {
  const { cells } = rows.rows[record];
  const image = cells[entry.image];
  const patient = entry.patient === undefined ? undefined : cells[entry.patient];
  const word = entry.official === undefined ? "" : cells[entry.official];
  const part = partOf(word);
  if (word !== "" && part === undefined) {
    throw rowError(rows, record, `${entry.official} is ${brief(word)}; it must be one of ${partHint(word)}`);
  }
  return { image, patient, part };
}

function listWords(
  entry: Entry,
  label: string,
  rows: Table,
  findImage: FindImage,
  context: ListContext,
): Listing {
  const { separator } = entry;
  const unlabelled = new Set(entry.unlabelled);
  const wordsOf = ({ cells }: TableRow): readonly string[] =>
    (separator === undefined ? [cells[label]] : cells[label].split(separator))
      .map((word) => word.trim())
      .filter((word) => word !== "");
  const isUnlabelled = (word: string): boolean => unlabelled.has(word);

  const found = new Set<string>();
  for (const row of entry.words === undefined ? rows.rows : []) {
    const words = wordsOf(row);
    if (!words.some(isUnlabelled)) for (const word of words) found.add(word);
    if (found.size > mostLabels) {
      throw new DataError(
        rows.file,
        `has over ${mostLabels} different words in column ${label}; is it a column of labels?`,
      );
    }
  }
  const labelNames = entry.words ?? withWanted(found, context);
  if (labelNames.length === 0) throw new DataError(rows.file, `has no label in column ${label}`);
  const columnOf = new Map(labelNames.map((word, at) => [word, at]));
  const read = (row: TableRow, at: number, labels: Uint8Array): RowFacts => {
    const words = wordsOf(row);
    const cell = brief(row.cells[label]);
    if (words.some(isUnlabelled)) {
      if (!words.every(isUnlabelled)) {
        throw rowError(rows, at, `${label} is ${cell}: an unlabelled word cannot stand beside a label`);
      }
      labels.fill(rawLabel.unknown);
      return factsOf(entry, rows, at);
    }
    const positives = words.map((word) => {
      const column = columnOf.get(word);
      if (column !== undefined) return column;
      const hint = suggestion(word, labelNames) || `; those are ${labelNames.slice(0, 20).join(", ")}`;
      throw rowError(rows, at, `${label} is ${brief(word)}, which is none of the words given${hint}`);
    });
    if (words.length > 0) setPositive(labels, positives);
    return factsOf(entry, rows, at);
  };
  return listRows(rows, labelNames, findImage, read, context.bad);
}

function listColumns(
  entry: Entry,
  columns: readonly string[],
  rows: Table,
  findImage: FindImage,
  context: ListContext,
): Listing {
  const marks = readMarks(entry, context.entry);
  const read = ({ cells }: TableRow, at: number, labels: Uint8Array): RowFacts => {
    for (const [k, column] of columns.entries()) {
      const mark = marks.get(canonical(cells[column]));
      if (mark === undefined) {
        const known = [...marks.keys()].filter((word) => word !== "");
        const reason = `${column} is ${brief(cells[column])}; it must be blank or one of ${known.join(", ")}`;
        throw rowError(rows, at, `${reason}${suggestion(cells[column], known)}`);
      }
      labels[k] = mark;
    }
    return factsOf(entry, rows, at);
  };
  return listRows(rows, columns, findImage, read, context.bad);
}

/** The meaning of each word in a cell. @throws ManifestError for a word with two meanings */
function readMarks(entry: Entry, entryName: string): ReadonlyMap<string, number> {
  const { positive, negative, uncertain, blank } = entry.values ?? {};
  const words = {
    positive: positive ?? ["1", "true", "yes", "positive"],
    negative: negative ?? ["0", "false", "no", "negative"],
    uncertain: uncertain ?? ["-1", "uncertain", "u"],
    blank: ["", ...(blank ?? ["nan", "na"])],
  };
  const marks = new Map<string, number>();
  for (const kind of ["positive", "negative", "uncertain", "blank"] as const) {
    for (const word of words[kind].map(canonical)) {
      const known = marks.get(word);
      if (known !== undefined && known !== rawLabel[kind]) {
        throw new ManifestError(
          `"${entryName}"`,
          `values.${kind}`,
          `has ${brief(word)}, which means something else already; values left out keep their defaults`,
        );
      }
      marks.set(word, rawLabel[kind]);
    }
  }
  return marks;
}

/** "1", "1.0" and "1.00" are one number; capitals mean nothing. */
function canonical(cell: string): string {
  return /^[+-]?\d{1,15}(?:\.\d*)?$/u.test(cell) ? String(Number(cell)) : cell.trim().toLowerCase();
}
