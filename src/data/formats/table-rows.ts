// Code shared by the formats that read a table: where the table is, and where the image files are that it names.
// No image is looked for: a table may list 100,000, and a missing one is found when it is decoded.
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { posix, resolve, sep } from "node:path";
import { z } from "zod";
import { path } from "../manifest/path-field.ts";
import { DataError } from "../../errors/data-errors.ts";
import { brief } from "../../files/csv.ts";
import type { Table } from "../../files/csv.ts";
import { withSlashes } from "../../files/path-text.ts";
import { readTable } from "../../files/read-table.ts";
import type { TableForm } from "../../files/table-forms.ts";
import { isHarmless } from "../../files/harmless.ts";
import { askFolder, belowRoot } from "../../files/paths.ts";
import type { ListContext } from "../catalogue/listing.ts";
import { pathsOnDisk } from "../../files/spelled-paths.ts";
import { canonicalName } from "../../labels/wording.ts";

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
 * @returns throws DataError for a name that several folders hold: nobody knows which image is meant
 * @throws DataError when a folder does not exist
 */
export async function findImagesIn(
  folders: z.output<typeof imageFolders>,
  context: ListContext,
): Promise<FindImage> {
  const paths = typeof folders === "string" ? [folders] : folders;
  const roots = [...new Set(await Promise.all(paths.map((folder) => context.locate(folder))))];
  const first = imagesBelow(roots[0]);
  if (roots.length === 1) return first;
  const holders = new Map<string, { readonly root: string; readonly find: FindImage }[]>();
  for (const root of roots) {
    const find = imagesBelow(root);
    for (const name of await context.once(`names in ${root}`, () =>
      askFolder(root, (folder) => readdir(folder)),
    )) {
      if (isHarmless(name)) continue;
      const key = canonicalName(name);
      const others = holders.get(key);
      if (others === undefined) holders.set(key, [{ root, find }]);
      else others.push({ root, find });
    }
  }
  return (named) => {
    const name = plainPath(named);
    const [top] = name.split("/", 1);
    let able = holders.get(canonicalName(top)) ?? [];
    if (able.length > 1 && top !== name) {
      able = able.filter(({ find }) => existsSync(find(name) ?? ""));
    }
    if (able.length > 1) {
      const where = able.map(({ root }) => root).join(" and in ");
      throw new DataError(
        able[0].find(name) ?? name,
        `is meant by ${brief(named)}, and so is a file of that name in another folder under images: it is in ${where}; keep ` +
          "one of them, or name under images the folder that holds these, and in the table the path from there",
      );
    }
    return (able.at(0)?.find ?? first)(named);
  };
}

/** A path whose first part is the name of a file or folder: `./a.png` and `b\\..\\a.png` are `a.png`. */
function plainPath(name: string): string {
  return /^[^./\\][^/\\]*$/u.test(name) ? name : posix.normalize(withSlashes(name));
}

/** Images of one folder. */
export function imagesBelow(root: string): FindImage {
  const top = resolve(root);
  const start = top.endsWith(sep) ? top : top + sep;
  const onDisk = pathsOnDisk();
  // Most names are plain ones, which cannot lead elsewhere; to normalise 100,000 of them takes as long as to read them.
  return (name) => {
    const file = /^[^./\\:\0][^/\\:\0]*$/u.test(name) ? start + name : belowRoot(root, name);
    return file === undefined ? undefined : onDisk(file);
  };
}

/** The table at a path of the manifest; entries that share it share its rows. */
export async function locateTable(path: string, context: ListContext, form: TableForm = {}): Promise<Table> {
  const file = await context.locate(path);
  const { delimiter = ",", header = true } = form;
  return context.once(`table ${delimiter} ${header} ${file}`, () => readTable(file, form, context.bad));
}
