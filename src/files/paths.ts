// Paths: whether something exists, and where the paths of a table may lead: below the folder of the images, and nowhere else.
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join, posix, resolve, sep, win32 } from "node:path";
import { DataError } from "../errors/data-errors.ts";

/**
 * The absolute path of what a table names. Backslashes are read as slashes, since tables are made on Windows, too; where a file
 * of that very name is there, it is meant.
 *
 * @param root the folder that the table's paths start from
 * @param path as the table has it
 * @returns undefined when the path, read as text, does not lead to something below the root: `whyOutside` says why
 */
export function belowRoot(root: string, path: string): string | undefined {
  const plain = withSlashes(path);
  if (plain === "" || escapes(plain)) return undefined;
  const top = resolve(root);
  if (plain !== path && sep === "/" && existsSync(join(top, path))) return join(top, path);
  const file = resolve(join(top, plain));
  return file === top ? undefined : file;
}

/** A path with forward slashes, also where Windows wrote it. */
export function withSlashes(path: string): string {
  return path.replaceAll("\\", "/");
}

/** Why a path cannot be below the folder that it starts from, to follow the path in a message; undefined where it can. */
export function whyOutside(path: string): string | undefined {
  const plain = withSlashes(path);
  if (/^\/\/[^/]/u.test(plain)) return "is the path of a network share";
  if (/^[A-Za-z]:/u.test(plain)) return "is the path of a Windows drive";
  if (plain.includes("\0")) return "holds a NUL character";
  if (posix.isAbsolute(plain)) return "is an absolute path";
  if (/^\.\.(\/|$)/u.test(posix.normalize(plain))) return "leads out of it by ..";
  return undefined;
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
