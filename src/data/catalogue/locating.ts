// How formats find the files that a manifest names below the data root, and read once what several entries share.
import { join, resolve } from "node:path";
import { DataError } from "../../errors/data-errors.ts";
import { nearPath, suggestedPath } from "../../files/near-files.ts";
import { LinkGuard } from "../../files/links.ts";
import { exists } from "../../files/paths.ts";
import { pathsOnDisk } from "../../files/spelled-paths.ts";
import type { Links, ListContext } from "./listing.ts";

/** Gives the paths of what the manifest names below the data root, as ListContext.locate. */
export function locator(dataRoot: string): (path: string, links?: Links) => Promise<string> {
  const root = resolve(dataRoot);
  const onDisk = pathsOnDisk();
  return async (path, links) => {
    const file = onDisk(join(root, path));
    links?.refuse(resolve(file)); // before anything is said of what lies there
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
        (near === undefined || near === path ? "" : `; did you mean ${JSON.stringify(near)}?`),
    );
  };
}

/**
 * Refuses what links lead to out of the data root.
 * @returns for a reader of files: throws its complaint
 */
export function linksWithin(dataRoot: string): (complain: (reason: string) => never) => Links {
  const guard = new LinkGuard(dataRoot);
  return (complain) => ({
    refuse: (path) => {
      const target = guard.leadsOut(path);
      if (target === undefined) return;
      complain(
        `reads ${path}, which a symbolic link leads to ${target}, out of the data root ${guard.root}: put a copy there in place of the ` +
          "link, or allow such links with --follow-links (in a program, followLinks: true)",
      );
    },
    listed: (folder, entries) => {
      guard.listed(folder, entries);
    },
  });
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
