// Finds a file whose name is composed in another Unicode form on the disk than in a table or manifest: a Mac writes "é" as two
// letters where others write one, and both look the same.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { DataError } from "../errors/data-errors.ts";
import { canonicalName, visible } from "../labels/wording.ts";

/** Names of plain letters have one form. */
const isPlain = /^[ -~]*$/u;

/**
 * Makes a function that gives the path under which a file is kept: the path itself where it exists or where nothing of another
 * form does, too, so that whoever opens it says that it is missing. Each folder is listed once.
 *
 * @returns throws DataError where two names on the disk are the path's in other forms
 */
export function pathsOnDisk(): (path: string) => string {
  const folders = new Map<string, ReadonlyMap<string, readonly string[]>>();
  const namesIn = (folder: string): ReadonlyMap<string, readonly string[]> => {
    const known = folders.get(folder) ?? listed(folder);
    folders.set(folder, known);
    return known;
  };
  const onDisk = (path: string): string => {
    if (isPlain.test(path) || existsSync(path)) return path;
    const folder = dirname(path);
    if (folder === path) return path;
    const own = onDisk(folder);
    const name = path.slice(folder.endsWith(sep) ? folder.length : folder.length + 1);
    if (existsSync(join(own, name))) return join(own, name);
    const names = namesIn(own).get(canonicalName(name)) ?? [];
    if (names.length > 1) {
      throw new DataError(
        path,
        `may be ${names.map(visibleForm).join(" or ")}, which look the same; rename one`,
      );
    }
    return join(own, names.at(0) ?? name);
  };
  return onDisk;
}

/** The names in a folder by what is one for a reader; none where it cannot be listed. */
function listed(folder: string): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  if (!existsSync(folder)) return names;
  for (const name of readdirSync(folder)) {
    const key = canonicalName(name);
    names.set(key, [...(names.get(key) ?? []), name]);
  }
  return names;
}

/** Forms that look the same, told apart by the numbers of their letters. */
const visibleForm = (name: string): string =>
  visible(name).replace(/[^ -~]/gu, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
