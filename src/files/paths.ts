// Paths: whether something exists, and where the paths of a table may lead: below the folder of the images, and nowhere else.
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { DataError } from "../errors/data-errors.ts";
import { escapes, withSlashes } from "./path-text.ts";

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
