// PadChest (Bustos et al., Medical Image Analysis 2020): one table, the labels of a study's report as a list, paths of two columns.
import { DataError } from "../../errors/data-errors.ts";
import { brief, requireColumns, rowError } from "../../files/csv.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import { canonicalName, isMissing } from "../../labels/wording.ts";
import { path } from "../manifest/path-field.ts";
import { withWanted } from "./class-labels.ts";
import type { Format } from "./format.ts";
import { listExample, listSeparator, wordsIn } from "./list-cells.ts";
import { relativesOf } from "./padchest-terms.ts";
import { rowFields } from "./rows-field.ts";
import { listRows } from "./row-records.ts";
import { factsOf } from "./table-facts.ts";
import { tableFields } from "./table-fields.ts";
import { findImagesIn, imageFolders, locateTable } from "./table-rows.ts";
import { nameColumns } from "./table-listing.ts";

/** No film is judged: the report says nothing of it. */
const excluded = "exclude";
/** The report finds nothing. The publishers leave it out beside a finding. */
const normal = "normal";
/** The report refers to an earlier one: what that had found, nobody says here. */
const unchanged = "unchanged";
/** The film is poor: what the report does not name may be there. */
const suboptimal = "suboptimal study";

const fields = {
  /** `PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv`, or some of its rows under its header; gzip'd or not. */
  table: path,
  /** The folder that holds the folders 0 to 54 of the images. */
  images: imageFolders,
  /** As in a table; "ImageID" for images that lie in one folder. */
  image: tableFields.image.default("{ImageDir}/{ImageID}"),
  bitsColumn: tableFields.bitsColumn,
  ...rowFields,
};

export const padchest: Format<typeof fields> = {
  fields,
  exhaustive: false,
  patients: "format",
  list: async (entry, context) => {
    const table = await locateTable(entry.table, context);
    const names = { image: entry.image, bitsColumn: entry.bitsColumn, patient: "PatientID" };
    requireColumns(table, ["Labels", ...nameColumns(names, table, context)]);
    const findImage = await findImagesIn(entry.images, context);
    const wordsOf = (cell: string): string[] | undefined =>
      wordsIn(cell, listSeparator)
        ?.filter((word) => !isMissing(word))
        .map(canonicalName);

    const found = new Set<string>();
    for (const { cells } of table.rows) for (const word of wordsOf(cells["Labels"]) ?? []) found.add(word);
    found.delete(excluded);
    const labelNames = withWanted(found, context);
    if (labelNames.length === 0) throw new DataError(table.file, "has no label in column Labels");
    const columnOf = new Map(labelNames.map((word, at) => [word, at]));
    const relatives = new Map(
      labelNames.map((name) => [name, [...relativesOf(name)].flatMap((other) => columnOf.get(other) ?? [])]),
    );

    const labels = (cells: Readonly<Record<string, string>>, at: number, labels: Uint8Array): void => {
      const words = wordsOf(cells["Labels"]);
      if (words === undefined) {
        const reason = `Labels is ${brief(cells["Labels"])}, which is no list such as ${listExample}`;
        throw rowError(table, at, reason);
      }
      const stated = words.filter((word) => word !== excluded);
      const others = stated.filter((word) => word !== normal);
      labels.fill(restOf(stated));
      for (const word of others) for (const k of relatives.get(word) ?? []) labels[k] = rawLabel.unknown;
      for (const word of others.length > 0 ? others : stated) {
        const k = columnOf.get(word);
        if (k !== undefined) labels[k] = rawLabel.positive;
      }
    };
    const reader = { ...factsOf(names, table), labels };
    return { ...listRows(table, labelNames, findImage, reader, entry, context), unlisted: true };
  },
};

/** What a report says of the labels that it does not name. */
function restOf(stated: readonly string[]): number {
  if (stated.length === 0 || stated.includes(unchanged)) return rawLabel.unknown;
  return stated.includes(suboptimal) ? rawLabel.blank : rawLabel.negative;
}
