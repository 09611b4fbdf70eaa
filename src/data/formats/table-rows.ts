// Code shared by the formats that read a table: from rows to records, each with an image file below the folder of the images.
// No image is looked for: a table may list 100,000, and a missing one is found when it is decoded.
import { readdir } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { z } from "zod";
import { DataError } from "../../errors/data-errors.ts";
import { path } from "../manifest/fields.ts";
import { brief, readTable, rowError } from "../../files/csv.ts";
import type { Delimiter, Table, TableRow } from "../../files/csv.ts";
import { askFolder, belowRoot } from "../../files/paths.ts";
import { mostLabels } from "../catalogue/listing.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import type { ListContext, ListedRecord, Listing, Part } from "../catalogue/listing.ts";

/** The most bytes of all labels of all images of a source: 256 MiB. */
const mostGiven = 2 ** 28;

/** A folder of images, or several that share them, such as `images_001/images` to `images_012/images`. */
export const imageFolders = z.union([path, z.array(path).min(1)], {
  error: ({ input }) =>
    input === undefined ? undefined : "must be a folder below the data root, or a list of them",
});

/** The absolute path of an image that a table names; undefined where the name leaves the folder. */
export type FindImage = (name: string) => string | undefined;

/**
 * Several folders are listed once each; a name that none of them holds counts to the first, where decoding finds it missing.
 * A single folder is not listed.
 *
 * @throws DataError when a folder does not exist
 */
export async function findImagesIn(
  folders: z.output<typeof imageFolders>,
  context: ListContext,
): Promise<FindImage> {
  const paths = typeof folders === "string" ? [folders] : folders;
  const roots = await Promise.all(paths.map((folder) => context.locate(folder)));
  const first = imagesBelow(roots[0]);
  if (roots.length === 1) return first;
  const holder = new Map<string, FindImage>();
  for (const root of roots) {
    const inRoot = imagesBelow(root);
    for (const name of await context.once(`names in ${root}`, () =>
      askFolder(root, (folder) => readdir(folder)),
    )) {
      if (!holder.has(name)) holder.set(name, inRoot);
    }
  }
  return (name) => (holder.get(name) ?? first)(name);
}

/** Images of one folder. */
export function imagesBelow(root: string): FindImage {
  const top = resolve(root);
  const start = top.endsWith(sep) ? top : top + sep;
  // Most names are plain ones, which cannot lead elsewhere; to normalise 100,000 of them takes as long as to read them.
  return (name) => (/^[^./\\:\0][^/\\:\0]*$/u.test(name) ? start + name : belowRoot(root, name));
}

/** The table at a path of the manifest; entries that share it share its rows. */
export async function locateTable(
  path: string,
  context: ListContext,
  delimiter: Delimiter = ",",
): Promise<Table> {
  const file = await context.locate(path);
  return context.once(`table ${delimiter} ${file}`, () => readTable(file, delimiter, context.bad));
}

/** Whether a name looks like an image file's, gzip'd or not; the content decides what it is. */
export function isImageName(file: string): boolean {
  return /\.(?:png|jpe?g|dcm|dicom)(?:\.gz)?$/iu.test(file);
}

/** The content of one row; `image` is the name of its image file in the table. */
export interface RowFacts {
  readonly image: string;
  readonly patient?: string | undefined;
  readonly part?: Part | undefined;
}

/**
 * Lists a table whose rows are one image each.
 *
 * @param read reads a row and sets its labels, [labelNames], which are blank at first; throws rowError
 * @param bad called with the fault of a row, which is then left out: two rows of one image, an image outside the folder,
 *   anything that `read` throws
 * @throws DataError for more labels than fit
 */
export function listRows(
  table: Table,
  labelNames: readonly string[],
  findImage: FindImage,
  read: (row: TableRow, at: number, labels: Uint8Array) => RowFacts,
  bad: ListContext["bad"],
): Listing {
  const width = labelNames.length;
  if (width > mostLabels || width * table.rows.length > mostGiven) {
    throw new DataError(
      table.file,
      `has ${width} labels of ${table.rows.length} images; that is too many to hold`,
    );
  }
  const labels = new Uint8Array(table.rows.length * width);
  const lineOf = new Map<string, number>();
  const records: ListedRecord[] = [];
  const list = (row: TableRow, at: number): ListedRecord => {
    const own = labels.subarray(records.length * width, (records.length + 1) * width).fill(rawLabel.blank);
    const { image, patient, part } = read(row, at, own);
    if (image === "") throw rowError(table, at, "names no image");
    const file = findImage(image);
    if (file === undefined) {
      throw rowError(table, at, `the image ${brief(image)} does not lie below the folder of the images`);
    }
    const line = lineOf.get(file);
    if (line !== undefined) {
      throw rowError(table, at, `the image ${brief(image)} was already on line ${line}`);
    }
    lineOf.set(file, row.line);
    return {
      id: image,
      image: { kind: "file", file },
      ...(patient === undefined || patient === "" ? {} : { patient }),
      ...(part === undefined ? {} : { part }),
      row: row.cells,
    };
  };
  for (const [at, row] of table.rows.entries()) {
    try {
      records.push(list(row, at));
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      bad(error);
    }
  }
  return { labelNames, records, rawLabels: labels.subarray(0, records.length * width) };
}

/** Makes some labels positive, and all others negative. */
export function setPositive(labels: Uint8Array, positives: Iterable<number>): void {
  labels.fill(rawLabel.negative);
  for (const at of positives) labels[at] = rawLabel.positive;
}
