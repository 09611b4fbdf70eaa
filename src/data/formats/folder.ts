// A folder of image files for each class, as many small datasets come.
import { readdir, realpath, stat } from "node:fs/promises";
import type { Dirent } from "node:fs";
import { join, sep } from "node:path";
import { z } from "zod";
import { DataError } from "../failures.ts";
import { path } from "../fields.ts";
import type { Format, ListedRecord } from "../listing.ts";
import { given } from "../listing.ts";
import { mostLabels } from "./rows.ts";

const fields = {
  format: z.literal("folder"),
  /**
   * The folder of the folders: each folder in it is a label, by its name, and holds its images, at any depth, as .png,
   * .jpg or .jpeg files. Hidden files and folders are left out.
   */
  folder: path,
};

const imageFile = /\.(?:png|jpe?g)$/iu;

/** No dataset of this form is near it; what is, is the wrong folder. */
const mostImages = 2_000_000;
const deepest = 32;

export const folder: Format<typeof fields> = {
  fields,
  list: async (entry, context) => {
    const root = await context.locate(entry.folder);
    const labelNames = (await entriesOf(root))
      .filter(({ kind }) => kind === "folder")
      .map(({ name }) => name);
    if (labelNames.length === 0)
      throw new DataError(root, "holds no folder; it should hold a folder a class");
    if (labelNames.length > mostLabels) {
      throw new DataError(
        root,
        `holds ${labelNames.length} folders; a source may have ${mostLabels} classes`,
      );
    }
    const records: ListedRecord[] = [];
    const classOf: number[] = [];
    for (const [k, label] of labelNames.entries()) {
      for await (const id of imagesBelow(root, label, new Set(), 1)) {
        if (records.length >= mostImages) throw new DataError(root, `holds over ${mostImages} images`);
        records.push({ id, image: { kind: "file", file: join(root, id) } });
        classOf.push(k);
      }
    }
    const labels = new Uint8Array(records.length * labelNames.length).fill(given.negative);
    for (const [record, k] of classOf.entries()) labels[record * labelNames.length + k] = given.positive;
    return { labelNames, records, given: labels };
  },
};

/** Paths below `root`, with forward slashes. `seen` are the folders listed so far: links may lead back to one. */
async function* imagesBelow(
  root: string,
  below: string,
  seen: Set<string>,
  depth: number,
): AsyncGenerator<string> {
  const real = await realFolder(join(root, below));
  // A link to the root, or to what it lies in, would list other classes' images as this one's.
  if (seen.has(real) || `${await realFolder(root)}${sep}`.startsWith(`${real}${sep}`)) return;
  seen.add(real);
  if (depth > deepest) throw new DataError(join(root, below), `lies over ${deepest} folders deep`);
  for (const { name, kind } of await entriesOf(join(root, below))) {
    if (kind === "folder") yield* imagesBelow(root, `${below}/${name}`, seen, depth + 1);
    else if (imageFile.test(name)) yield `${below}/${name}`;
  }
}

async function realFolder(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (cause) {
    throw new DataError(folder, "cannot be read as a folder", { cause });
  }
}

interface FolderEntry {
  readonly name: string;
  readonly kind: "file" | "folder";
}

/** What a folder holds, links followed, sorted by code units: the system's order differs between machines. */
async function entriesOf(folder: string): Promise<readonly FolderEntry[]> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw new DataError(folder, "cannot be read as a folder", { cause });
  }
  const found: FolderEntry[] = [];
  for (const entry of entries) {
    const { name } = entry;
    if (name.startsWith(".")) continue;
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
    return cause instanceof Error && "code" in cause && cause.code === "ELOOP" ? undefined : "file";
  }
}
