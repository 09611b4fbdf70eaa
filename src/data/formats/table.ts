// Any table with a row for each image: its labels are words in one column, or have a column each.
import { dirname, posix } from "node:path";
import { ManifestError } from "../../errors/data-errors.ts";
import { requireColumns } from "../../files/csv.ts";
import type { Format } from "./format.ts";
import { listColumns } from "./table-columns.ts";
import { delimiters, tableFields } from "./table-fields.ts";
import type { TableEntry } from "./table-fields.ts";
import { findImagesIn, imagesBelow, isImageName, locateTable } from "./table-rows.ts";
import type { FindImage } from "./table-rows.ts";
import { listWords } from "./table-words.ts";

export const table: Format<typeof tableFields> = {
  fields: tableFields,
  exhaustive: false,
  patients: sharedFiles,
  list: async (entry, context) => {
    const rows = await locateTable(entry.table, context, delimiters[entry.delimiter]);
    const { image, patient, official, label, columns, probabilities } = entry;
    requireColumns(
      rows,
      [image, patient, official, label, ...(columns ?? [])].filter((column) => column !== undefined),
    );
    const inFolder: FindImage =
      entry.images === undefined
        ? imagesBelow(dirname(rows.file))
        : await findImagesIn(entry.images, context);
    const findImage: FindImage = (imageName) => inFolder(withSuffix(imageName, entry.suffix));
    if (probabilities !== undefined && columns === undefined) {
      throw new ManifestError(
        `"${context.entry}"`,
        "probabilities",
        "are in columns: name these under columns",
      );
    }
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
function sharedFiles({ table, images = posix.dirname(table) }: TableEntry): [string, ...string[]] {
  const folders = typeof images === "string" ? [images] : images;
  const plain = (path: string): string => posix.resolve("/", path);
  return [`table ${plain(table)}`, ...folders.map((folder) => `images ${plain(folder)}`)];
}

function withSuffix(imageName: string, suffix: string | undefined): string {
  if (imageName === "" || suffix === undefined) return imageName;
  return imageName.endsWith(suffix) || isImageName(imageName) ? imageName : imageName + suffix;
}
