// Image files as listings: a folder a class, or images beside a table that says what they show. None is decoded yet.
import { DataError } from "../../errors/data-errors.ts";
import { suggestion } from "../../errors/nearest.ts";
import { mostOfAll, parseTable, brief } from "../../files/csv.ts";
import { plainPath, whyOutside, withSlashes } from "../../files/path-text.ts";
import { textOfBytes } from "../../files/text-of-bytes.ts";
import { canonicalName } from "../../labels/wording.ts";
import { mostLabels, type ListContext, type ListedRecord, type Listing } from "../catalogue/listing.ts";
import { oneClassEach, withWanted } from "../formats/class-labels.ts";
import { listTableRows } from "../formats/table-listing.ts";
import { imageSuffixList, isImageName } from "../images/image-names.ts";
import { recogniseTable, type ImagesBelow } from "./recognised-table.ts";
import type { ImageFilesOptions } from "./file-options.ts";
import { contentOf, lastOf, type NamedFile } from "./named-file.ts";

type Files = ReadonlyMap<string, NamedFile>;

/** Names of tables, gzip'd or not. */
export const isTableName = (path: string): boolean => /\.(?:csv|tsv|txt)(?:\.gz)?$/iu.test(path);

/** Paths folder by folder, as a walk through the folders meets them. */
function inFolderOrder(paths: readonly string[]): string[] {
  const steps = paths.map((path) => path.split("/"));
  return steps
    .sort((a, b) => {
      const at = a.findIndex((step, i) => step !== b[i]);
      return at < 0 || a[at] < (b[at] ?? "") ? -1 : 1;
    })
    .map((each) => each.join("/"));
}

/** The folder that holds all of some paths, with a slash at its end; "" where they have none in common. */
function commonFolder(paths: readonly string[]): string {
  const [first, ...others] = paths.map((path) => path.split("/").slice(0, -1));
  const end = first.findIndex((step, i) => others.some((each) => each[i] !== step));
  return (end < 0 ? first : first.slice(0, end)).map((step) => `${step}/`).join("");
}

/** A folder of image files a class. @throws DataError where there is no class */
export function listFolder(files: Files, { folder }: ImageFilesOptions, context: ListContext): Listing {
  const images = [...files.keys()].filter(isImageName);
  if (images.length === 0) throw new DataError(context.entry, `holds no image (${imageSuffixList})`);
  const stated = folder === undefined ? undefined : plainPath(withSlashes(folder));
  const root = stated === undefined ? commonFolder(images) : stated === "" ? "" : `${stated}/`;
  const below = inFolderOrder([...files.keys()].filter((path) => path.startsWith(root)));
  if (stated !== undefined && below.length === 0) throw new DataError(stated, "holds none of the files");
  const place = root === "" ? context.entry : root.slice(0, -1);
  const inFolders = below.filter((path) => path.slice(root.length).includes("/"));
  const found = new Set(inFolders.map((path) => path.slice(root.length).split("/", 1)[0]));
  if (found.size === 0) {
    throw new DataError(
      place,
      "holds images, but no folder a class: put the images of each class into a folder called after it, or give a table of labels",
    );
  }
  if (found.size > mostLabels) {
    throw new DataError(place, `holds ${found.size} folders; a source may have ${mostLabels} classes`);
  }
  const labelNames = withWanted(found, context);
  const records: ListedRecord[] = [];
  const classOf: number[] = [];
  const others = below.filter((path) => !isImageName(path) && path.slice(root.length).includes("/"));
  for (const path of inFolders) {
    if (!isImageName(path)) continue;
    records.push({ id: path.slice(root.length), image: { kind: "file", file: path } });
    classOf.push(labelNames.indexOf(path.slice(root.length).split("/", 1)[0]));
  }
  const more = others.length === 1 ? "" : `; ${others.length} files below ${place} are not`;
  for (const path of others) {
    context.bad(new DataError(path, `is no image by its name (${imageSuffixList})${more}`));
  }
  for (const path of below) {
    if (path.slice(root.length).includes("/") || !isImageName(path)) continue;
    context.bad(new DataError(path, "lies in no class's folder, but beside them"));
  }
  return { ...oneClassEach(classOf, labelNames), records, wordsOccur: true };
}

/** Images beside a table. @throws DataError for a table that names files which are not there */
export async function listTableFiles(
  files: Files,
  { table: stated = {} }: ImageFilesOptions,
  context: ListContext,
): Promise<Listing> {
  const tables = [...files.keys()].filter(isTableName);
  const [path, ...others] = tables;
  if (path === undefined || others.length > 0) {
    const found =
      path === undefined ? "no table" : `${tables.length} tables, ${tables.slice(0, 3).join(" and ")}`;
    throw new DataError(
      context.entry,
      `holds ${found}; give one (.csv, .tsv or .txt) with the images that it names`,
    );
  }
  const file = files.get(path) as NamedFile;
  const text = textOfBytes(path, await contentOf(path, file, mostOfAll.bytes));
  const folder = stated.images ?? path.slice(0, -lastOf(path).length);
  const images = imagesBelow(files, plainPath(withSlashes(folder)));
  const entry = recogniseTable({ path, text, stated, images, context });
  const rows = { ...parseTable(path, text, entry.form, context.bad), clashes: new Map<string, DataError>() };
  const isThere = (each: string): boolean => files.has(each);
  const listing = await listTableRows(entry.fields, rows, { find: () => images.find, isThere }, context);
  return withoutMissing(path, listing, files, context);
}

/** Images in a folder, by their paths below it; or, where nothing lies there, by the end of the one path that has it. */
function imagesBelow(files: Files, folder: string): ImagesBelow {
  const paths = new Set([...files.keys()].filter((path) => !isTableName(path)));
  const byLast = new Map<string, string[]>();
  for (const path of paths) {
    const key = canonicalName(lastOf(path));
    byLast.set(key, [...(byLast.get(key) ?? []), path]);
  }
  const find = (named: string): string | undefined => {
    const name = plainPath(withSlashes(named));
    if (name === "" || whyOutside(named) !== undefined) return undefined;
    const path = folder === "" ? name : `${folder}/${name}`;
    if (paths.has(path)) return path;
    const able = (byLast.get(canonicalName(lastOf(name))) ?? []).filter((each) =>
      `/${canonicalName(each)}`.endsWith(`/${canonicalName(name)}`),
    );
    if (able.length > 1) {
      throw new DataError(
        able[0],
        `is meant by ${brief(named)}, and so is ${able[1]}: write in the table the path from its folder`,
      );
    }
    return able.at(0) ?? path;
  };
  return { find, paths };
}

/** Refuses what the table names and is not there, or leaves it out. */
function withoutMissing(table: string, listing: Listing, files: Files, { bad }: ListContext): Listing {
  const isMissing = listing.records.map(({ image }) => image.kind === "file" && !files.has(image.file));
  const missing = listing.records.filter((_, i) => isMissing[i]);
  if (missing.length === 0) return listing;
  const more =
    missing.length === 1 ? "" : `; ${missing.length} of its ${listing.records.length} images are not`;
  const names = [...files.keys()].map(lastOf);
  for (const { id } of missing) {
    const near = names.length > 1000 ? "" : suggestion(lastOf(id), names);
    bad(new DataError(table, `names the image ${brief(id)}, which is not among the files${more}${near}`));
  }
  const records = listing.records.map((record, i) =>
    isMissing[i] ? { ...record, leftOut: true as const } : record,
  );
  return { ...listing, records };
}
