// Which mask belongs to which image of an entry: by its name in a folder of masks, by a path that is made of the image's name and
// columns, or by a column.
import { dirname, posix, sep } from "node:path";
import { suggestion } from "../../errors/nearest.ts";
import { belowRoot } from "../../files/paths.ts";
import { canonicalName, isMissing, visible } from "../../labels/wording.ts";
import { imagesBelow } from "../formats/folder.ts";
import { columnsOfName, imageName } from "../formats/path-template.ts";
import { imageSuffixes } from "../images/image-names.ts";
import type { MaskPlaces } from "../manifest/mask-fields.ts";
import type { ListContext, ListedRecord, Listing } from "./listing.ts";
import type { Refuse } from "./mapping.ts";

/** An entry's records with the places of their masks. */
export interface PlacedMasks {
  readonly listing: Listing;
  /** Why a record without a place has none, after the name of its image. */
  readonly whyNone: string;
  /** Of a folder of masks: the folder as the manifest names it, and the masks there that are no image's. */
  readonly left?: { readonly folder: string; readonly masks: ReadonlySet<string> };
}

type PlaceContext = Pick<ListContext, "locate" | "entry" | "links">;

/** The path of a record's mask; undefined where it has none. */
type MaskOf = (record: ListedRecord) => string | undefined;

/**
 * @param masks as the manifest says, for images that the format has given none
 * @param refuse called where the manifest's words fit no image
 */
export async function placeMasks(
  listing: Listing,
  masks: MaskPlaces | undefined,
  context: PlaceContext,
  refuse: Refuse,
): Promise<PlacedMasks> {
  const { records } = listing;
  // Formats of arrays place their masks themselves.
  if (records.length === 0 || records.some(({ mask }) => mask !== undefined)) {
    return { listing, whyNone: "has no mask" };
  }
  if (masks === undefined) return refuse([], "has no masks");
  if (records.some(({ image }) => image.kind !== "file")) {
    refuse(["masks"], "are those of image files, and the images of this format lie in arrays");
  }
  const finders = { folder: inFolder, template: byTemplate, column: byColumn };
  const {
    find,
    whyNone,
    left,
    isImage = () => true,
  } = await finders[masks.kind](records, masks as never, context, refuse);
  const paths = records.map(find);
  const isMask = new Set(paths);
  // Images and masks in one folder: a mask of an image is no image.
  const rows = [...records.keys()].filter((i) => {
    const { image } = records[i];
    return image.kind === "file" && !isMask.has(image.file) && isImage(image.file);
  });
  if (rows.every((i) => paths[i] === undefined)) refuse(["masks"], `fit no image: each of them ${whyNone}`);
  const width = listing.labelNames.length;
  const placed = rows.map((i): ListedRecord => {
    const file = paths[i];
    return file === undefined ? records[i] : { ...records[i], mask: { kind: "file", file } };
  });
  const rawLabels = new Uint8Array(rows.length * width);
  for (const [to, i] of rows.entries()) {
    rawLabels.set(listing.rawLabels.subarray(i * width, (i + 1) * width), to * width);
  }
  return {
    listing: { ...listing, records: placed, rawLabels },
    whyNone,
    ...(left === undefined ? {} : { left: left() }),
  };
}

interface Finder {
  readonly find: MaskOf;
  /** Tells files that are images from masks that lie among them. */
  readonly isImage?: (file: string) => boolean;
  readonly whyNone: string;
  readonly left?: () => { readonly folder: string; readonly masks: ReadonlySet<string> };
}

/** A path without the ending of an image file. */
function stemOf(path: string): string {
  const plain = path.replace(/\.gz$/iu, "");
  const suffix = imageSuffixes.find((each) => plain.toLowerCase().endsWith(each));
  return canonicalName(suffix === undefined ? plain : plain.slice(0, -suffix.length));
}

async function inFolder(
  listed: readonly ListedRecord[],
  { folder }: Extract<MaskPlaces, { kind: "folder" }>,
  context: PlaceContext,
  refuse: Refuse,
): Promise<Finder> {
  const root = await context.locate(folder);
  const fileOfImage = ({ image }: ListedRecord): string => (image.kind === "file" ? image.file : "");
  const isBeside = (file: string): boolean => !file.startsWith(root + sep);
  const beside = listed.filter((record) => isBeside(fileOfImage(record)));
  // A folder of masks within that of the images holds no image; one that holds the images, too, holds masks beside them.
  const records = beside.length === 0 ? listed : beside;
  const images = new Set(records.map(fileOfImage));
  const masks = (await imagesBelow(root, context)).filter((mask) => !images.has(fileOfImage(mask)));
  if (masks.length === 0) refuse(["masks"], "hold no file beside the images");
  const byStem = grouped(masks, ({ id }) => stemOf(id));
  const byName = grouped(masks, ({ id }) => posix.basename(stemOf(id)));
  const imagesByName = grouped(records, ({ id }) => posix.basename(stemOf(plainId(id))));
  const used = new Set<ListedRecord>();
  const maskOf = (record: ListedRecord): ListedRecord | undefined => {
    const stem = stemOf(plainId(record.id));
    const name = posix.basename(stem);
    // An image of its own in its folder of images; of that name in any other folder, where no other image is called so.
    const found = byStem.get(stem) ?? (imagesByName.get(name)?.length === 1 ? byName.get(name) : undefined);
    if (found === undefined) return undefined;
    const [first, second] = found;
    if (second !== undefined) {
      refuse(
        ["masks"],
        `hold two masks of ${visible(record.id)}: ${visible(first.id)} and ${visible(second.id)}; keep one`,
      );
    }
    used.add(first);
    return first;
  };
  const files = new Map(records.map((record) => [record, maskOf(record)]));
  if (used.size === 0) {
    refuse(
      ["masks"],
      `hold no mask that is called as an image: images are called like ${visible(records[0].id)}, and masks like ` +
        `${visible(masks[0].id)}${templateHint(records, masks, folder)}`,
    );
  }
  return {
    find: (record) => {
      const mask = files.get(record)?.image;
      return mask?.kind === "file" ? mask.file : undefined;
    },
    ...(beside.length === 0 ? {} : { isImage: isBeside }),
    whyNone: `has no mask: none in ${root} is called as it is`,
    left: () => ({
      folder,
      masks: new Set(masks.filter((mask) => !used.has(mask)).map(({ id }) => id)),
    }),
  };
}

/** The template for masks that are called as their images with something before or behind. */
function templateHint(
  records: readonly ListedRecord[],
  masks: readonly ListedRecord[],
  folder: string,
): string {
  const stems = masks.slice(0, 100).map(({ id }) => posix.basename(stemOf(id)));
  for (const { id } of records.slice(0, 1000)) {
    const name = posix.basename(stemOf(plainId(id)));
    const at = stems.findIndex((stem) => stem.includes(name));
    if (at < 0) continue;
    const called = posix.basename(masks[at].id).replace(name, "{name}");
    return `; did you mean masks: ${JSON.stringify(`${folder}/${called}`)}?`;
  }
  return '; masks: "FOLDER/{name}_mask.png" is for masks that are called as their images with something behind';
}

/** By a path with braces. */
async function byTemplate(
  records: readonly ListedRecord[],
  { template }: Extract<MaskPlaces, { kind: "template" }>,
  context: PlaceContext,
  refuse: Refuse,
): Promise<Finder> {
  const start = template.slice(0, template.search(/[{}]/u)).lastIndexOf("/") + 1;
  const root = await context.locate(start === 0 ? "." : template.slice(0, start - 1));
  const columns = [...Object.keys(records.at(0)?.row ?? {}), "name", "folder"];
  columnsOfName(template, columns, (reason) => refuse(["masks"], reason));
  const nameOf = imageName(template.slice(start), columns);
  return {
    find: ({ id, row }) => {
      const path = posix.normalize(plainId(id));
      const folder = posix.dirname(path);
      const name = posix.basename(path).replace(/\.gz$/iu, "");
      const suffix = imageSuffixes.find((each) => name.toLowerCase().endsWith(each));
      const stem = suffix === undefined ? name : name.slice(0, -suffix.length);
      const made = nameOf({ ...row, name: stem, folder: folder === "." ? "./" : folder });
      return made === undefined ? undefined : belowRoot(root, posix.normalize(made));
    },
    whyNone: `has no mask: a column in ${visible(template)} says nothing`,
  };
}

/** By a column with paths. */
async function byColumn(
  records: readonly ListedRecord[],
  { column, folder }: Extract<MaskPlaces, { kind: "column" }>,
  context: PlaceContext,
  refuse: Refuse,
): Promise<Finder> {
  const columns = Object.keys(records.at(0)?.row ?? {});
  if (!columns.includes(column)) {
    const known = columns.length === 0 ? "it has none" : `its columns are ${columns.join(", ")}`;
    refuse(
      ["masks", "column"],
      `is ${visible(column)}, which is no column of this source: ${known}${suggestion(column, columns)}`,
    );
  }
  const root = folder === undefined ? undefined : await context.locate(folder);
  return {
    find: (record) => {
      const cell = record.row?.[column] ?? "";
      return isMissing(cell) ? undefined : belowRoot(root ?? imageRoot(record), cell);
    },
    whyNone: `has no mask: its cell in column ${column} is empty, or leads out of the folder`,
  };
}

/** The folder that the names of images start from. */
function imageRoot({ id, image }: ListedRecord): string {
  let folder = image.kind === "file" ? image.file : "";
  for (const _ of posix.normalize(plainId(id)).split("/")) folder = dirname(folder);
  return folder;
}

const plainId = (id: string): string => id.replaceAll("\\", "/");

function grouped<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
