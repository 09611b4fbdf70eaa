// "Did you mean ...?" for files and folders that are not there: the nearest name in the folder that should hold them.
import { readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { nearest } from "../errors/nearest.ts";
import { isHarmless } from "./harmless.ts";
import { exists } from "./paths.ts";

/** Names of more than this are compared whole alone, not letter by letter. */
const mostCompared = 1000;

/** A folder is listed anew after this many milliseconds: a table may miss 100,000 images of one folder. */
const listingAge = 2000;

interface FolderNames {
  readonly at: number;
  readonly all: readonly string[];
  /** By the name as a person reads it, and by that without its ending. */
  readonly byLook: ReadonlyMap<string, string>;
  readonly byStem: ReadonlyMap<string, string>;
}

/** Without regard to capitals and to how accents are put down. */
const look = (name: string): string => name.normalize("NFC").toLowerCase();
/** Without what says which kind of file it is, packed or not. */
const stem = (name: string): string => look(name).replace(/(?:\.[a-z0-9]{1,5})?(?:\.gz)?$/u, "");
const digits = (name: string): string => name.replace(/\D+/gu, " ");

const known = new Map<string, FolderNames>();

/** @returns undefined for a folder that cannot be listed */
async function namesIn(folder: string): Promise<FolderNames | undefined> {
  const before = known.get(folder);
  if (before !== undefined && performance.now() - before.at < listingAge) return before;
  const found = await readdir(folder).catch(() => undefined);
  if (found === undefined) return undefined;
  const all = found.filter((name) => !isHarmless(name)).sort();
  const names = {
    at: performance.now(),
    all,
    byLook: new Map(all.map((name) => [look(name), name])),
    byStem: new Map(all.map((name) => [stem(name), name])),
  };
  if (known.size >= 8) known.clear();
  known.set(folder, names);
  return names;
}

/**
 * The name that was probably meant.
 * @param numbered whether names that differ in a number are different things, as images are
 */
function meant(wanted: string, names: FolderNames, numbered: boolean): string | undefined {
  const alike = names.byLook.get(look(wanted)) ?? names.byStem.get(stem(wanted));
  if (alike !== undefined || names.all.length > mostCompared) return alike;
  if (!numbered) return nearest(wanted, names.all);
  const others = [...names.byStem.keys()].filter((name) => digits(name) === digits(stem(wanted)));
  return names.byStem.get(nearest(stem(wanted), others) ?? "");
}

/**
 * What to say of an image that is not there, to follow "does not exist": that its folder is not there, that the table leaves
 * out the ending, or which name is near; nothing where no name is.
 *
 * @param suffixes the endings that images may have
 */
export async function missingImage(path: string, suffixes: readonly string[]): Promise<string> {
  const folder = dirname(path);
  const names = await namesIn(folder);
  if (names === undefined) {
    if (await exists(folder)) return "";
    let there = folder;
    while (dirname(there) !== there && !(await exists(dirname(there)))) there = dirname(there);
    const near = await nearName(dirname(there), basename(there));
    return `: there is no folder ${there}${near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`}`;
  }
  const name = basename(path);
  for (const suffix of suffixes) {
    if (names.byLook.get(look(name + suffix)) === name + suffix) {
      return `, but ${name}${suffix} does; for a table, write suffix: ${suffix} in the manifest`;
    }
  }
  const near = meant(name, names, true);
  return near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`;
}

/** The name in a folder that was probably meant by one that is not there. */
export async function nearName(folder: string, name: string): Promise<string | undefined> {
  const names = await namesIn(folder);
  return names === undefined ? undefined : meant(name, names, false);
}

/** `; did you mean "runs/first"?` for a path that is not there, or nothing: the first name of it that is wrong is mended. */
export async function suggestedPath(path: string): Promise<string> {
  const found = await nearPath("", path);
  return found === undefined ? "" : `; did you mean ${JSON.stringify(found)}?`;
}

/**
 * The path below a folder that was probably meant, name by name; undefined where some name of it has none that is near.
 * @param root "" for the folder that the process runs in
 */
export async function nearPath(root: string, path: string): Promise<string | undefined> {
  const absolute = path.startsWith("/");
  let there = "";
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    const folder = resolve(root, absolute ? `/${there}` : there);
    const next = (await exists(join(folder, name))) ? name : await nearName(folder, name);
    if (next === undefined) return undefined;
    there = there === "" ? next : `${there}/${next}`;
  }
  const found = absolute ? `/${there}` : there;
  return found === path ? undefined : found;
}
