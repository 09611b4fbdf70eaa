// One entry of a manifest, listed: what its format gives, checked, how its image files are read, and how many of its images are
// drawn. The catalogue and its checks share it.
import { DataError, ManifestError } from "../../errors/data-errors.ts";
import { formatOf } from "../formats/formats.ts";
import type { FieldPath } from "../manifest/complaints.ts";
import type { PlacedEntry } from "../manifest/entries.ts";
import type { Entry } from "../manifest/entry-schema.ts";
import type { DataManifest } from "../manifest/manifest.ts";
import type { GivenBox } from "./box-lists.ts";
import type { LeftOut } from "./left-out-records.ts";
import type { ListContext, Listing, Part } from "./listing.ts";
import type { ClassMapping, Refuse } from "./mapping.ts";
import type { EntryMasks } from "./masked-entry.ts";
import type { Taken } from "./shared-images.ts";

/** The seed of what --seed must not change. */
export const fixedSeed = 0;

/** How images are drawn from an entry that has more than its limit. */
export interface Drawing {
  readonly seed: number;
  /** At most so many images. */
  readonly limit: number;
  /** Whether --limit is the lower of the two. */
  readonly byOption: boolean;
  /** The part that limits are about. What a split sets apart is never limited: it would depend on the seed. */
  readonly part: Part;
  readonly splits: boolean;
}

/** An entry with the listing of its source, and the manifest's mapping of it. */
export interface ListedEntry extends Taken {
  readonly role: PlacedEntry["role"];
  readonly mapping: ClassMapping;
  readonly drawing: Drawing;
  /** What cannot be read of it: of its masks, as soon as they are read. */
  readonly leftOut: LeftOut;
  /** Its masks, for segmentation. */
  readonly masks?: EntryMasks | undefined;
  /** Boxes on its images, by record of the listing. */
  readonly boxes?: ReadonlyMap<number, readonly GivenBox[]> | undefined;
}

export function drawingOf(place: PlacedEntry, seed: number, limit: number): Drawing {
  const own = place.entry.limit ?? Infinity;
  if (place.role !== "source") {
    return { seed: fixedSeed, limit: own, byOption: false, part: place.role, splits: false };
  }
  const splits = place.entry.split !== undefined;
  return { seed, limit: Math.min(limit, own), byOption: limit < own, part: "train", splits };
}

/** Whether records of an entry may be left out after listing, so that the listing must not be limited. */
export function isFiltered({ rows, part, where, holds, limitPerClass }: Entry): boolean {
  return [rows, part, where, holds, limitPerClass].some((filter) => filter !== undefined);
}

/** Lists an entry. Complaints of its format about the manifest get their line. */
export async function listEntry(
  manifest: DataManifest,
  path: FieldPath,
  entry: Entry,
  context: ListContext,
): Promise<Listing> {
  let listing: Listing;
  try {
    listing = await formatOf(entry).list(entry, context);
  } catch (cause) {
    if (!(cause instanceof ManifestError) || cause.line !== undefined) throw cause;
    const keys = cause.field.split(".");
    // A field of the entry is meant before one of the manifest: both may have an `image`.
    const isOfAll = Object.hasOwn(manifest, keys[0]) && !Object.hasOwn(entry, keys[0]);
    throw manifest.complain(isOfAll ? keys : [...path, ...keys], cause.reason, cause);
  }
  const { records, labelNames } = listing;
  const seen = new Set<string>();
  for (const [record, { id }] of records.entries()) {
    if (seen.has(id))
      throw new DataError(entry.name, `holds the image ${JSON.stringify(id)} twice`, { record });
    seen.add(id);
  }
  if (listing.rawLabels.length !== records.length * labelNames.length) {
    throw new DataError(
      entry.name,
      `has ${listing.rawLabels.length} labels for ${records.length} images and ${labelNames.length} names of labels`,
    );
  }
  return listing;
}

/** The listing with what the entry says of the numbers in its image files; what a row says of its own image goes before it. */
export function withReading(listing: Listing, { bits, window, format }: Entry, refuse: Refuse): Listing {
  if (bits === undefined && window === undefined) return listing;
  const takesWindow = formatOf({ format }).arrayWindow === true;
  const records = listing.records.map((record) => {
    if (record.image.kind === "file") {
      const reading = { bits: record.image.reading?.bits ?? bits, window };
      return { ...record, image: { ...record.image, reading } };
    }
    if (bits === undefined && takesWindow) return record; // taken for the array when it was read
    const hint = takesWindow ? "; window: [low, high] says which numbers are black and white" : "";
    return refuse(
      [bits === undefined ? "window" : "bits"],
      `is about image files, and the images of ${format} are in arrays${hint}`,
    );
  });
  return { ...listing, records };
}
