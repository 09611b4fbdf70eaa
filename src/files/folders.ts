// Folders that something is to be written into: made one by one, or refused with the reason before any work is done for them.
import { accessSync, constants, mkdirSync, statfsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { codeOf, messageOf } from "./causes.ts";

/** What is at a path; undefined where nothing is, also where the path leads through a file. */
function at(path: string): "file" | "folder" | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? undefined : found.isDirectory() ? "folder" : "file";
  } catch {
    return undefined;
  }
}

/** The folder itself, or the nearest one above it that is there, or the file that is in its way. */
function nearestThere(path: string): string {
  let there = resolve(path);
  while (at(there) === undefined && dirname(there) !== there) there = dirname(there);
  return there;
}

/** Kinds of file systems of Linux that are the kernel's own view of itself: proc and sysfs. */
const withoutFolders: readonly number[] = [0x9fa0, 0x62656572];

/** Whether the system makes no folders at a place; false, too, where it does not say of what kind its file system is. */
function makesNone(there: string): boolean {
  try {
    return withoutFolders.includes(statfsSync(there).type);
  } catch {
    return false;
  }
}

/** Why nothing can be written into a folder, which need not be there yet, to follow its path; undefined where it can. */
export function whyNoFolder(path: string): string | undefined {
  const there = nearestThere(path);
  const itself = there === resolve(path);
  if (at(there) === "file") return itself ? "is a file; name a folder" : `${there} is a file, not a folder`;
  if (makesNone(there))
    return `${itself ? "" : `${there} `}is the system's own, and takes no files; name another folder`;
  try {
    accessSync(there, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const why = codeOf(cause) === "EROFS" ? "is on a read-only disk" : "may not be written to";
    return `${itself ? "" : `${there} `}${why}; name another folder`;
  }
  return undefined;
}

/**
 * Makes a folder and those above it. Not with Node's own recursion, which never ends where the system makes no folders, as
 * below /proc (Node 20 to 24).
 *
 * @throws Error with the reason in words
 */
export function makeFolders(path: string): void {
  const why = whyNoFolder(path);
  if (why !== undefined) throw new Error(why);
  const there = nearestThere(path);
  const missing: string[] = [];
  for (let next = resolve(path); next !== there; next = dirname(next)) missing.push(next);
  for (const folder of missing.reverse()) {
    try {
      mkdirSync(folder);
    } catch (cause) {
      if (codeOf(cause) === "EEXIST" && at(folder) === "folder") continue; // made by another process meanwhile
      throw new Error(`the system makes no folder ${folder}: ${messageOf(cause)}`, { cause });
    }
  }
}
