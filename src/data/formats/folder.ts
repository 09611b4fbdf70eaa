// A folder of image files for each class, as many small datasets come.
import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { DataError } from "../../errors/data-errors.ts";
import { path } from "../manifest/path-field.ts";
import { codeOf } from "../../files/causes.ts";
import { isHarmless } from "../../files/harmless.ts";
import { askFolder } from "../../files/paths.ts";
import { isDicomList, isUnnamedDicom } from "../images/dicom-names.ts";
import type { Links, ListedRecord } from "../catalogue/listing.ts";
import { mostLabels } from "../catalogue/listing.ts";
import { oneClassEach, withWanted } from "./class-labels.ts";
import type { Format } from "./format.ts";
import type { ImageReading } from "../images/image.ts";
import { imageSuffixList, isImageName } from "../images/image-names.ts";

const fields = {
  /**
   * The folder of the folders: each folder in it is a label, by its name, and holds its images, at any depth, under names of
   * image files (images/image-names.ts), gzip'd (.png.gz) or not, or DICOM files without an ending. Other files in a label's
   * folder, and images beside these folders, are errors, or left out with --skip-bad; hidden files and folders, and what
   * systems leave behind (Thumbs.db, __MACOSX and the like), are none of it. With `masks`: a folder of images, at any depth.
   */
  folder: path,
};

/** Far more files than any dataset of this form has; a folder with more is the wrong one. */
const mostFiles = 2_000_000;
const deepest = 32;

export const folder: Format<typeof fields> = {
  fields,
  // The folders are those that somebody made; what else an image of one shows, nobody says.
  exhaustive: false,
  patients: "entry",
  list: async (entry, context) => {
    const root = await context.locate(entry.folder);
    const { links } = context;
    if (context.masked === true) {
      return { records: await imagesBelow(root, { links }), labelNames: [], rawLabels: new Uint8Array(0) };
    }
    const realRoot = await realFolder(root);
    const top = await entriesOf(root, links);
    const folders = top.filter(({ kind }) => kind === "folder").map(({ name }) => name);
    if (folders.length === 0) throw new DataError(root, "holds no folder; it should hold a folder a class");
    if (folders.length > mostLabels) {
      throw new DataError(root, `holds ${folders.length} folders; a source may have ${mostLabels} classes`);
    }
    const labelNames = withWanted(new Set(folders), context);
    const records: ListedRecord[] = [];
    const classOf: number[] = [];
    const others: string[] = [];
    const labelOf = new Map<string, string>(); // by the folder that a path really is
    for (const label of folders) {
      const k = labelNames.indexOf(label);
      const seen = new Set<string>();
      for await (const id of filesBelow({ root, realRoot, links }, label, seen, 1)) {
        if (records.length + others.length >= mostFiles) {
          throw new DataError(root, `holds over ${mostFiles} files`);
        }
        if (isDicomList(id)) continue;
        if (!isImageName(id) && !(await isUnnamedDicom(join(root, id)))) {
          others.push(id);
          continue;
        }
        records.push({ id, image: { kind: "file", file: join(root, id) } });
        classOf.push(k);
      }
      for (const real of seen) refuseSecondLabel(root, label, real, labelOf);
    }
    const more = others.length === 1 ? "" : `; ${others.length} files below ${root} are not`;
    for (const id of others) {
      context.bad(new DataError(join(root, id), `is no image by its name (${imageSuffixList})${more}`));
    }
    for (const { name, kind } of top) {
      if (kind === "file" && isImageName(name)) {
        context.bad(new DataError(join(root, name), "lies in no class's folder, but beside them"));
      }
    }
    return { ...oneClassEach(classOf, labelNames), records, wordsOccur: true };
  },
};

/** Images that two labels have would be positive and negative for both. */
function refuseSecondLabel(root: string, label: string, real: string, labelOf: Map<string, string>): void {
  const before = labelOf.get(real);
  if (before !== undefined) {
    throw new DataError(
      join(root, label),
      `leads to ${real}, and so does ${join(root, before)}: its images would be of one class and not of it; remove one of the links`,
    );
  }
  labelOf.set(real, label);
}

/**
 * All image files of a folder, at any depth, in order; they have no labels.
 *
 * @param options how all of them are read, and which links are refused
 * @throws DataError when there are none, or too many
 */
export async function imagesBelow(
  root: string,
  {
    reading,
    links,
  }: { readonly reading?: ImageReading | undefined; readonly links?: Links | undefined } = {},
): Promise<ListedRecord[]> {
  const realRoot = await realFolder(root);
  const records: ListedRecord[] = [];
  const take = async (id: string): Promise<void> => {
    if (!isImageName(id) && (isDicomList(id) || !(await isUnnamedDicom(join(root, id))))) return;
    if (records.length >= mostFiles) throw new DataError(root, `holds over ${mostFiles} images`);
    const image = {
      kind: "file",
      file: join(root, id),
      ...(reading === undefined ? {} : { reading }),
    } as const;
    records.push({ id, image });
  };
  const seen = new Set<string>();
  for (const { name, kind } of await entriesOf(root, links)) {
    if (kind === "file") await take(name);
    else for await (const id of filesBelow({ root, realRoot, links }, name, seen, 1)) await take(id);
  }
  if (records.length === 0) {
    throw new DataError(root, `holds no image (${imageSuffixList})`);
  }
  return records;
}

/** The folder whose files are listed. */
interface ListedFolder {
  readonly root: string;
  /** The same without links. */
  readonly realRoot: string;
  readonly links: Links | undefined;
}

/** Paths below `root`, with forward slashes. `seen` are the folders listed so far: links may lead back to one. */
async function* filesBelow(
  folder: ListedFolder,
  below: string,
  seen: Set<string>,
  depth: number,
): AsyncGenerator<string> {
  const { root, realRoot, links } = folder;
  const real = await realFolder(join(root, below));
  // A link to the root, or to what it lies in, would list other classes' images as this one's.
  if (seen.has(real) || `${realRoot}${sep}`.startsWith(`${real}${sep}`)) return;
  seen.add(real);
  if (depth > deepest) throw new DataError(join(root, below), `lies over ${deepest} folders deep`);
  for (const { name, kind } of await entriesOf(join(root, below), links)) {
    if (kind === "folder") yield* filesBelow(folder, `${below}/${name}`, seen, depth + 1);
    else yield `${below}/${name}`;
  }
}

const realFolder = (folder: string): Promise<string> => askFolder(folder, (path) => realpath(path));

interface FolderEntry {
  readonly name: string;
  readonly kind: "file" | "folder";
}

/** What a folder holds, links followed, sorted by code units: the system's order differs between machines. */
async function entriesOf(folder: string, links: Links | undefined): Promise<readonly FolderEntry[]> {
  const entries = await askFolder(folder, (path) => readdir(path, { withFileTypes: true }));
  links?.listed(folder, entries);
  const found: FolderEntry[] = [];
  for (const entry of entries) {
    const { name } = entry;
    if (isHarmless(name)) continue;
    if (entry.isSymbolicLink()) links?.refuse(join(folder, name));
    const kind = entry.isSymbolicLink() ? await kindOfTarget(join(folder, name)) : kindOf(entry);
    if (kind !== undefined) found.push({ name, kind });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function kindOf(entry: { isDirectory(): boolean; isFile(): boolean }): FolderEntry["kind"] | undefined {
  if (entry.isDirectory()) return "folder";
  return entry.isFile() ? "file" : undefined; // a pipe or device holds no image
}

/** A link that leads nowhere is listed as a file, so that decoding says so; one that leads to itself is left out. */
async function kindOfTarget(link: string): Promise<FolderEntry["kind"] | undefined> {
  try {
    return kindOf(await stat(link));
  } catch (cause) {
    return codeOf(cause) === "ELOOP" ? undefined : "file";
  }
}
