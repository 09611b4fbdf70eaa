// Paths: whether something exists, and where the paths of a table may lead: below the folder of the images, and nowhere else.
import { stat } from "node:fs/promises";
import { join, posix, resolve, win32 } from "node:path";
import { DataError } from "../errors/data-errors.ts";

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

/** Whether a path exists and can be reached; false, too, for any other error, since opening it would fail. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** What the system says of a folder. @throws DataError where it cannot */
export async function askFolder<Answer>(
  folder: string,
  ask: (folder: string) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await ask(folder);
  } catch (cause) {
    throw new DataError(folder, "cannot be read as a folder", { cause });
  }
}

/** Whether a path, read as text, does not stay below the folder it is relative to. */
export function escapes(text: string): boolean {
  return (
    posix.isAbsolute(text) ||
    win32.isAbsolute(text) ||
    /[\\\0]|^[A-Za-z]:/u.test(text) ||
    /^\.\.(\/|$)/u.test(posix.normalize(text))
  );
}
