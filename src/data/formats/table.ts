// Any table with a row for each image: its labels are words in one column, or have a column each, in the table itself or in one that
// is joined to it.
import { existsSync } from "node:fs";
import { dirname, posix } from "node:path";
import { ManifestError } from "../../errors/data-errors.ts";
import { brief, requireColumns } from "../../files/csv.ts";
import type { Table } from "../../files/csv.ts";
import type { ListContext, Listing } from "../catalogue/listing.ts";
import { isImageName } from "../images/image-names.ts";
import type { Format } from "./format.ts";
import { columnsOfName } from "./path-template.ts";
import { listColumns } from "./table-columns.ts";
import { formOf, tableFields } from "./table-fields.ts";
import type { FactColumns, TableEntry } from "./table-fields.ts";
import { joinTables } from "./table-join.ts";
import type { JoinedTable } from "./table-join.ts";
import { findImagesIn, imagesBelow, locateTable } from "./table-rows.ts";
import type { FindImage } from "./table-rows.ts";
import { listWords } from "./table-words.ts";

export const table: Format<typeof tableFields> = {
  fields: tableFields,
  exhaustive: false,
  patients: sharedFiles,
  list: listTable,
};

/** Lists the images of a table, as an entry of this format or of one that fills its fields says. */
export async function listTable(entry: TableEntry, context: ListContext): Promise<Listing> {
  const { label, columns, probabilities } = entry;
  const rows = await joined(entry, context);
  const needed = [
    ...nameColumns(entry, { ...rows, columns: [...rows.columns, ...rows.clashes.keys()] }, context),
    ...[label, entry.inside, ...(columns ?? [])].filter((column) => column !== undefined),
  ];
  for (const column of needed) {
    const clash = rows.clashes.get(column);
    if (clash !== undefined) throw clash;
  }
  requireColumns(rows, needed);
  const inFolder: FindImage =
    entry.images === undefined ? imagesBelow(dirname(rows.file)) : await findImagesIn(entry.images, context);
  const findImage: FindImage = (imageName) => inFolder(withSuffix(imageName, entry.suffix));
  refuseLostRow(entry, rows, findImage, context);
  if (context.masked === true) {
    return entry.inside === undefined
      ? listColumns(entry, [], rows, findImage, context)
      : listWords(entry, entry.inside, rows, findImage, context);
  }
  if (probabilities !== undefined && columns === undefined) {
    throw new ManifestError(
      `"${context.entry}"`,
      "probabilities",
      "are in columns: name these under columns",
    );
  }
  if (label !== undefined && columns === undefined) return listWords(entry, label, rows, findImage, context);
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
}

/** @throws ManifestError where the first row has the name of an image in the place of a column's: it would be lost as a header */
function refuseLostRow(
  { image, header }: TableEntry,
  { columns }: Table,
  findImage: FindImage,
  { entry }: ListContext,
): void {
  if (header !== undefined || !columns.includes(image)) return;
  const file = findImage(image);
  if (file === undefined || !isImageName(file) || !existsSync(file)) return;
  throw new ManifestError(
    `"${entry}"`,
    "image",
    `is ${brief(image)}, which is no name of a column but the image of the first row: say header: none, and call columns by ` +
      "their numbers, such as image: 1",
  );
}

/** The columns that say something beside the labels. @throws ManifestError for a name of images that cannot be made of any */
export function nameColumns(
  { image, patient, official, bitsColumn }: FactColumns,
  { columns }: Pick<Table, "columns">,
  { entry }: Pick<ListContext, "entry">,
): string[] {
  const inName = columnsOfName(image, columns, (reason) => {
    throw new ManifestError(`"${entry}"`, "image", reason);
  });
  return [...inName, patient, official, bitsColumn].filter((column) => column !== undefined);
}

/** The table of an entry, with the columns of all that are joined to it, one after the other. */
async function joined(entry: TableEntry, context: ListContext): Promise<JoinedTable> {
  let rows: JoinedTable = { ...(await locateTable(entry.table, context, formOf(entry))), clashes: new Map() };
  for (const join of entry.join ?? []) {
    const other = await locateTable(join.table, context, formOf(join));
    const { on: keys, prefix = "", unmatched } = join;
    const titles = [entry.table, join.table] as const;
    rows = joinTables(rows, other, { keys, prefix, leavesOut: unmatched === "left-out" }, titles, context);
  }
  return rows;
}

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
