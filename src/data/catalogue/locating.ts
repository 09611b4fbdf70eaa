// How formats find the files that a manifest names below the data root, and read once what several entries share.
import { join, resolve } from "node:path";
import { DataError } from "../../errors/data-errors.ts";
import { nearPath, suggestedPath } from "../../files/near-files.ts";
import { exists } from "../../files/paths.ts";
import { pathsOnDisk } from "../../files/spelled-paths.ts";
import type { ListContext } from "./listing.ts";

export function locator(dataRoot: string): ListContext["locate"] {
  const root = resolve(dataRoot);
  const onDisk = pathsOnDisk();
  return async (path) => {
    const file = onDisk(join(root, path));
    if (await exists(file)) return file;
    if (!(await exists(root))) {
      throw new DataError(
        root,
        `does not exist; name the folder of the datasets with --data-root${await suggestedPath(root)}`,
      );
    }
    const near = await nearPath(root, path);
    throw new DataError(
      file,
      `does not exist; --data-root is ${root}, and the manifest names ${path} below it` +
        (near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`),
    );
  };
}

/** Two entries often share a file; it is read once and forgotten after listing. */
export function sharer(): ListContext["once"] {
  const known = new Map<string, Promise<unknown>>();
  return <Content>(key: string, read: () => Promise<Content>): Promise<Content> => {
    const content = known.get(key) ?? read();
    known.set(key, content);
    return content as Promise<Content>; // a key stands for one content
  };
}
