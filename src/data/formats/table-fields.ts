// The fields of a table in a manifest, and what a row says beside its labels.
import { z } from "zod";
import { name, names, oneOf, path, record as fieldRecord } from "../manifest/fields.ts";
import { brief, rowError } from "../../files/csv.ts";
import type { Delimiter, Table, TableForm } from "../../files/csv.ts";
import { isMissing } from "../../labels/wording.ts";
import { partHint, partOf } from "../catalogue/part-words.ts";
import { nameOfImage } from "./path-template.ts";
import { imageFolders } from "./table-rows.ts";
import type { RowFacts } from "./table-rows.ts";

/** Words in cells; YAML makes numbers and truth values of some of them. */
const cellWords = z
  .array(z.union([z.string(), z.number(), z.boolean()], { error: () => "must be a word or a number" }))
  .transform((words) => words.map(String));

/** How a table is written, the one of the images and each that is joined to it. */
const form = {
  /** The text between two cells; a blank is any run of blanks and tabs, and cells that hold some stand in quotes. */
  delimiter: oneOf([",", ";", "tab", "blank"]).default(","),
  /** "none": the first row is data, too, and columns are called by their numbers, from 1. */
  header: z.literal("none", { error: () => 'must be "none", or left out where the first row names the columns' }).optional(),
};

/** The columns by which rows of two tables belong together: of the same name in both, or each with the other's. */
const keys = z
  .union([name.transform((one) => [one]), names, z.record(z.string(), name)], {
    error: ({ input }) =>
      input === undefined
        ? undefined
        : "must be a column, a list of columns, or pairs {column of the table: column of the joined one}",
  })
  .transform((on): (readonly [string, string])[] =>
    Array.isArray(on) ? on.map((column) => [column, column]) : Object.entries(on),
  )
  .refine((pairs) => pairs.length > 0, "names no column");

const join = fieldRecord({
  table: path,
  ...form,
  /** The columns that say which row goes with which. */
  on: keys,
  /** Put before the names of its columns, for columns that both tables have and that mean different things. */
  prefix: z.string().min(1).optional(),
  /** What becomes of rows without a partner in it: all that it would say is absent, or they are left out. */
  unmatched: oneOf(["absent", "left-out"]).default("absent"),
});
export type JoinFields = z.output<typeof join>;

export const tableFields = {
  /** With a row an image. */
  table: path,
  ...form,
  /**
   * Other tables, with a row a study, patient or image: every row of `table` gets the columns of the row that goes with it. Many
   * images may share one row of a joined table, but a row of `table` has one partner.
   */
  join: z
    .union([join.transform((one) => [one]), z.array(join).min(1)], {
      error: ({ input }) =>
        typeof input === "object" ? undefined : "must be a group with table and on, or a list of such groups",
    })
    .optional(),
  /** The folder, or folders, of the images. Default: the folder of the table. */
  images: imageFolders.optional(),
  /**
   * The column with the image's file name, or its path below the folder; or a path with columns in braces, of which
   * {column:2} are the first two letters: "p{subject_id:2}/p{subject_id}/{dicom_id}.jpg".
   */
  image: name,
  /** Appended to a name that does not end in it, nor in .png, .jpg or .jpeg (or one of these and .gz). */
  suffix: z.string().min(1).optional(),
  /** The column of the patient: images of one patient stay in one part of a split. */
  patient: name.optional(),
  /** The column of the official part of a row: train, valid, test and the like (part-words.ts). */
  official: name.optional(),

  /** The column whose words are the labels: an image is positive for its own, and negative for all others. */
  label: name.optional(),
  /** The text between two words of one cell; "list" for cells like ['a', 'b']; without it, a cell is one word. */
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

export type TableEntry = z.output<z.ZodObject<typeof tableFields>>;
const delimiters: Readonly<Record<TableEntry["delimiter"], Delimiter>> = {
  ",": ",",
  ";": ";",
  tab: "\t",
  blank: " ",
};

/** How a table is written, by the fields of its entry or join. */
export function formOf({ delimiter, header }: Pick<TableEntry, "delimiter" | "header">): TableForm {
  return { delimiter: delimiters[delimiter], header: header === undefined };
}

/** The content of a row beside its labels. */
export function factsOf(entry: TableEntry, rows: Table, record: number): RowFacts {
  const { cells } = rows.rows[record];
  const image = nameOfImage(entry.image, rows.rows[record]);
  if ("missing" in image) {
    const cell = cells[image.missing];
    const said = cell === "" ? "is empty" : `is ${brief(cell)}, which means that it is missing`;
    throw rowError(rows, record, `names no image: ${image.missing} ${said}`, image.missing);
  }
  const patient = saidIn(cells, entry.patient);
  const word = saidIn(cells, entry.official);
  const part = partOf(word ?? "");
  if (word !== undefined && part === undefined) {
    const reason = `${entry.official} is ${brief(word)}; it must be one of ${partHint(word)}`;
    throw rowError(rows, record, reason, entry.official);
  }
  return { image: image.name, patient, part };
}

/** What stands in a column that an entry may name; undefined for a cell that says nothing. */
function saidIn(cells: Readonly<Record<string, string>>, column: string | undefined): string | undefined {
  const cell = column === undefined ? "" : cells[column];
  return isMissing(cell) ? undefined : cell;
}
