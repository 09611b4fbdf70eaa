// From a table that has been read to the images and labels of its rows, whatever it was read from.
import { ManifestError } from "../../errors/data-errors.ts";
import { brief, requireColumns } from "../../files/csv.ts";
import type { Table } from "../../files/csv.ts";
import type { ListContext, Listing } from "../catalogue/listing.ts";
import { isImageName } from "../images/image-names.ts";
import { columnsOfName } from "./path-template.ts";
import { listColumns } from "./table-columns.ts";
import type { FactColumns } from "./table-facts.ts";
import type { TableEntry } from "./table-fields.ts";
import type { JoinedTable } from "./table-join.ts";
import type { FindImage } from "./table-rows.ts";
import { listWords } from "./table-words.ts";

/** The images that a table names, wherever they are. */
export interface TableImages {
  /** Finds them by their names in the table; asked for once the columns are known to be there. */
  readonly find: () => FindImage | Promise<FindImage>;
  readonly isThere: (file: string) => boolean;
}

/**
 * Lists the images of a table that has been read, with the columns of all that are joined to it.
 *
 * @throws DataError, ManifestError for columns that are not there, or rows that say nothing that can be meant
 */
export async function listTableRows(
  entry: TableEntry,
  rows: JoinedTable,
  { find, isThere }: TableImages,
  context: ListContext,
): Promise<Listing> {
  const { label, columns, probabilities } = entry;
  const needed = [
    ...nameColumns(entry, { ...rows, columns: [...rows.columns, ...rows.clashes.keys()] }, context),
    ...[label, entry.inside, ...(columns ?? [])].filter((column) => column !== undefined),
  ];
  for (const column of needed) {
    const clash = rows.clashes.get(column);
    if (clash !== undefined) throw clash;
  }
  requireColumns(rows, needed);
  const inFolder = await find();
  const findImage: FindImage = (imageName) => inFolder(withSuffix(imageName, entry.suffix));
  refuseLostRow(entry, rows, findImage, isThere, context);
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
  isThere: TableImages["isThere"],
  { entry }: ListContext,
): void {
  if (header !== undefined || !columns.includes(image)) return;
  const file = findImage(image);
  if (file === undefined || !isImageName(file) || !isThere(file)) return;
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

function withSuffix(imageName: string, suffix: string | undefined): string {
  if (imageName === "" || suffix === undefined) return imageName;
  return imageName.endsWith(suffix) || isImageName(imageName) ? imageName : imageName + suffix;
}
