// Code shared by the formats that read a table: where the table is, and where the image files are that it names.
// No image is looked for: a table may list 100,000, and a missing one is found when it is decoded.
import { readdir } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { z } from "zod";
import { path } from "../manifest/fields.ts";
import { readTable } from "../../files/csv.ts";
import type { Table } from "../../files/csv.ts";
import type { TableForm } from "../../files/table-forms.ts";
import { askFolder, belowRoot } from "../../files/paths.ts";
import type { ListContext } from "../catalogue/listing.ts";

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
export async function locateTable(path: string, context: ListContext, form: TableForm = {}): Promise<Table> {
  const file = await context.locate(path);
  const { delimiter = ",", header = true } = form;
  return context.once(`table ${delimiter} ${header} ${file}`, () => readTable(file, form, context.bad));
}

/** Whether a name looks like an image file's, gzip'd or not; the content decides what it is. */
export function isImageName(file: string): boolean {
  return /\.(?:png|jpe?g)(?:\.gz)?$/iu.test(file);
}
