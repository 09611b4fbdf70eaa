// Any table with a row for each image: its labels are words in one column, or have a column each, in the table itself or in one that
// is joined to it.
import { existsSync } from "node:fs";
import { dirname, posix } from "node:path";
import type { ListContext, Listing } from "../catalogue/listing.ts";
import type { Format } from "./format.ts";
import { formOf, tableFields } from "./table-fields.ts";
import type { TableEntry } from "./table-fields.ts";
import { joinTables } from "./table-join.ts";
import type { JoinedTable } from "./table-join.ts";
import { listTableRows } from "./table-listing.ts";
import { findImagesIn, imagesBelow, locateTable } from "./table-rows.ts";
import type { FindImage } from "./table-rows.ts";

export const table: Format<typeof tableFields> = {
  fields: tableFields,
  exhaustive: false,
  patients: sharedFiles,
  list: listTable,
};

/** Lists the images of a table, as an entry of this format or of one that fills its fields says. */
export async function listTable(entry: TableEntry, context: ListContext): Promise<Listing> {
  const rows = await joined(entry, context);
  const find = async (): Promise<FindImage> =>
    entry.images === undefined ? imagesBelow(dirname(rows.file)) : findImagesIn(entry.images, context);
  return listTableRows(entry, rows, { find, isThere: existsSync }, context);
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
