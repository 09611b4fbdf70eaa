// Which label volume belongs to which volume, by the three ways in which a manifest says where masks are.
import { statSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { DataError } from "../../errors/data-errors.ts";
import { belowRoot, exists } from "../../files/paths.ts";
import { isMissing } from "../../labels/wording.ts";
import type { Links, ListContext } from "../catalogue/listing.ts";
import { columnsOfName, imageName } from "../formats/path-template.ts";
import type { MaskPlaces } from "../manifest/mask-fields.ts";
import { volumeSuffixes } from "./volume-files.ts";
import type { VolumeFile } from "./volume-files.ts";

/** A volume with its row, where a table names it. */
export interface ListedVolume extends VolumeFile {
  readonly patient: string;
  readonly row?: Readonly<Record<string, string>>;
}

/** The file of a volume's labels. @throws DataError where there is none */
export type LabelFileOf = (volume: ListedVolume) => Promise<string>;

/** @param refuse called with a field below `masks` and what is wrong with it */
export async function labelFinder(
  masks: MaskPlaces,
  volumes: readonly ListedVolume[],
  context: Pick<ListContext, "locate" | "links">,
  refuse: (field: string, reason: string) => never,
): Promise<LabelFileOf> {
  const { links } = context;
  if (masks.kind === "folder") {
    const root = await context.locate(masks.folder);
    if (statSync(root).isFile()) {
      if (volumes.length > 1) {
        refuse(
          "masks",
          `name one file for ${volumes.length} volumes; name the folder of their label volumes, or a path with {name}`,
        );
      }
      return () => Promise.resolve(root);
    }
    return (volume) => inFolder(root, volume, links);
  }
  const columns = Object.keys(volumes.at(0)?.row ?? {});
  if (masks.kind === "column") {
    const { column, folder } = masks;
    if (!columns.includes(column)) {
      refuse("masks.column", `is ${JSON.stringify(column)}, which is no column of its table`);
    }
    const root = folder === undefined ? undefined : await context.locate(folder);
    return async ({ file, row }) => {
      const cell = row?.[column] ?? "";
      const path = isMissing(cell) ? undefined : belowRoot(root ?? dirname(file), cell);
      if (path === undefined) {
        throw new DataError(
          file,
          `has no label volume: its cell in column ${column} is empty or leads elsewhere`,
        );
      }
      return await present(file, [path], links);
    };
  }
  const { template } = masks;
  const start = template.slice(0, template.search(/[{}]/u)).lastIndexOf("/") + 1;
  const root = await context.locate(start === 0 ? "." : template.slice(0, start - 1));
  const known = [...columns, "name", "folder"];
  columnsOfName(template, known, (reason) => refuse("masks", reason));
  const nameOf = imageName(template.slice(start), known);
  return async ({ file, name, folder, row }) => {
    const made = nameOf({ ...row, name, folder: folder === "." ? "./" : folder });
    const path = made === undefined ? undefined : belowRoot(root, posix.normalize(made));
    if (path === undefined)
      throw new DataError(file, `has no label volume: ${template} leads nowhere for it`);
    return await present(file, [path], links);
  };
}

/** Called as the volume is, or as nnU-Net calls it: images have the number of their channel behind the name, labels have none. */
async function inFolder(root: string, { file, id }: VolumeFile, links: Links | undefined): Promise<string> {
  const stems = [...new Set([id, id.replace(/_0000$/u, "")])];
  const found = stems.flatMap((stem) => volumeSuffixes.map((suffix) => join(root, stem + suffix)));
  return await present(file, found, links);
}

async function present(volume: string, paths: readonly string[], links: Links | undefined): Promise<string> {
  for (const path of paths) {
    links?.refuse(path);
    if (path !== volume && (await exists(path))) return path;
  }
  throw new DataError(
    volume,
    `has no label volume: ${paths.join(" and ")} ${paths.length > 1 ? "do" : "does"} not exist`,
  );
}
