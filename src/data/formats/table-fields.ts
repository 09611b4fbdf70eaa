// The fields of a table in a manifest.
import { z } from "zod";
import { column, columns, name, names, oneOf, record as fieldRecord } from "../manifest/fields.ts";
import { path } from "../manifest/path-field.ts";
import type { MaskValues } from "../manifest/mask-values.ts";
import type { ColumnWords } from "../manifest/values-field.ts";
import { delimiters, type TableForm } from "../../files/table-forms.ts";
import { rowFields } from "./rows-field.ts";
import { imageFolders } from "./table-rows.ts";

/** How a table is written, the one of the images and each that is joined to it. */
const form = {
  /** The text between two cells; a blank is any run of blanks and tabs, and cells that hold some stand in quotes. */
  delimiter: oneOf([",", ";", "tab", "blank"]).default(","),
  /** "none": the first row is data, too, and columns are called by their numbers, from 1. */
  header: z
    .literal("none", { error: () => 'must be "none", or left out where the first row names the columns' })
    .optional(),
};

/** The columns by which rows of two tables belong together: of the same name in both, or each with the other's. */
const keys = z
  .union([column.transform((one) => [one]), columns, z.record(column, column)], {
    error: ({ input }) =>
      input === undefined
        ? undefined
        : "must be a column, a list of columns, or pairs {column of the table: column of the joined one}",
  })
  .transform((on): (readonly [string, string])[] =>
    Array.isArray(on) ? on.map((own) => [own, own]) : Object.entries(on),
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
    .preprocess(
      (given) => (given === undefined || Array.isArray(given) ? given : [given]),
      z.array(join).min(1),
    )
    .optional(),
  /** The folder, or folders, of the images. Default: the folder of the table. */
  images: imageFolders.optional(),
  /**
   * The column with the image's file name, or its path below the folder; or a path with columns in braces, of which
   * {column:2} are the first two letters: "p{subject_id:2}/p{subject_id}/{dicom_id}.jpg".
   */
  image: name,
  /** Appended to a name that does not end in it, nor as names of image files do (.png, .jpg.gz, .dcm ...). */
  suffix: z.string().min(1).optional(),
  /** The column of the patient: images of one patient stay in one part of a split. */
  patient: column.optional(),
  /** The column of the official part of a row: train, valid, test and the like (part-words.ts). */
  official: column.optional(),
  /**
   * The column with the number of bits that an image's values take, for films whose 10, 12 or 14 bits lie in 16-bit files. It goes
   * before `bits` of the source. Other images are read as that says, or their files.
   */
  bitsColumn: column.optional(),
  ...rowFields,

  /** The column whose words are the labels: an image is positive for its own, and negative for all others. */
  label: column.optional(),
  /** The text between two words of one cell; "list" for cells like ['a', 'b']; without it, a cell is one word. */
  separator: z.string().min(1).optional(),
  /**
   * Words which mean that nobody has looked yet: all labels of the image are absent, also where `blank` is negative. An empty
   * cell is blank, and so is one of the words for "missing" (labels/wording.ts) that is named neither here nor under `words`,
   * `mapping`, `knows` or the classes; beside other words it makes all labels blank that these do not make positive.
   */
  unlabelled: names.optional(),
  /**
   * All allowed words; any other is an error. Default: those that occur, and those that `mapping` and `knows` name, unless they
   * look like a typing error.
   */
  words: names.optional(),

  /**
   * For segmentation with masks of two numbers, 0 and another: the column of the word that says of which label the other is. Words are
   * read as those of `label`.
   */
  inside: column.optional(),

  /** Instead of `label`: columns with one label each. */
  columns: columns.optional(),
  /**
   * Whether numbers from 0 to 1 in these columns are probabilities: soft labels, to a hundredth, but 0 and 1 are certain. Words
   * under `values` and their defaults go before.
   */
  probabilities: z.boolean().optional(),
};

export type TableEntry = z.output<z.ZodObject<typeof tableFields>> & {
  /** The words in `columns` (../manifest/entry-schema.ts). */
  readonly values?: ColumnWords | MaskValues | undefined;
};
/** How a table is written, by the fields of its entry or join. */
export function formOf({ delimiter, header }: Pick<TableEntry, "delimiter" | "header">): TableForm {
  return { delimiter: delimiters[delimiter], header: header === undefined };
}
