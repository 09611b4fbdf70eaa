// The fields of a table in a manifest, and what a row says beside its labels.
import { z } from "zod";
import { name, names, oneOf, path, record as fieldRecord } from "../manifest/fields.ts";
import { brief, rowError } from "../../files/csv.ts";
import type { Delimiter, Table } from "../../files/csv.ts";
import { partHint, partOf } from "../catalogue/part-words.ts";
import { imageFolders } from "./table-rows.ts";
import type { RowFacts } from "./table-rows.ts";

/** Words in cells; YAML makes numbers and truth values of some of them. */
const cellWords = z
  .array(z.union([z.string(), z.number(), z.boolean()], { error: () => "must be a word or a number" }))
  .transform((words) => words.map(String));

export const tableFields = {
  table: path,
  /** The text between two cells. */
  delimiter: oneOf([",", ";", "tab"]).default(","),
  /** The folder, or folders, of the images. Default: the folder of the table. */
  images: imageFolders.optional(),
  /** The column with the image's file name, or its path below the folder. */
  image: name,
  /** Appended to a name that does not end in it, nor as names of image files do (.png, .jpg.gz, .dcm ...). */
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

export type TableEntry = z.output<z.ZodObject<typeof tableFields>>;
export const delimiters: Readonly<Record<TableEntry["delimiter"], Delimiter>> = {
  ",": ",",
  ";": ";",
  tab: "\t",
};

/** The content of a row beside its labels. */
export function factsOf(entry: TableEntry, rows: Table, record: number): RowFacts {
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
