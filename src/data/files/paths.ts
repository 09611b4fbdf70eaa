// Where the paths that a table names may lead: below the folder that holds the images, and nowhere else.
import { join, resolve } from "node:path";
import { escapes } from "../fields.ts";

/**
 * The absolute path of what a table names.
 *
 * @param root the folder that the table's paths start from
 * @param path with forward slashes, as the table has it
 * @returns undefined when the path, read as text, does not lead to something below the root
 */
export function belowRoot(root: string, path: string): string | undefined {
  if (path === "" || escapes(path)) return undefined;
  const top = resolve(root);
  const file = resolve(join(top, path));
  return file === top ? undefined : file;
}
