// No image may be in two places of an assembly where that would spoil a result: the check over all entries of a manifest.
import type { FieldPath } from "../manifest/complaints.ts";
import type { Entry } from "../manifest/entry-schema.ts";
import type { Listing, Part, PixelArray } from "./listing.ts";
import type { DataManifest } from "../manifest/manifest.ts";

/** What an entry takes of its source. */
export interface Taken {
  readonly path: FieldPath;
  readonly entry: Entry;
  readonly listing: Listing;
  /** The records that it takes. */
  readonly chosen: readonly number[];
  /** The part of each record of the listing; undefined for one that is in none. */
  readonly partOf: readonly (Part | undefined)[];
}

/**
 * Several entries may speak of one image (two tables of one folder, two annotators of one array), as long as it is in the
 * same part for all of them. An image is known by its file, or by the array it lies in and its place there; copies under
 * other names are for `tessera inspect` to find. Before any limit, so that no seed hides it.
 *
 * @throws ManifestError naming both entries
 */
export function refuseSharedImages(entries: readonly Taken[], complain: DataManifest["complain"]): void {
  interface Owner {
    readonly by: Taken;
    readonly part: Part;
  }
  const arrays = new Map<PixelArray, (Owner | undefined)[]>(); // equal arrays have one list of owners
  const files = new Map<string, Owner>();
  const check = (before: Owner | undefined, here: Owner, id: string, advice: string): void => {
    if (before === undefined || before.part === here.part) return;
    const { path, entry } = here.by;
    const field = entry.part === undefined ? [] : ["part"];
    throw complain(
      [...path, ...field],
      `shares the image ${JSON.stringify(id)} with "${before.by.entry.name}": ` +
        `it is in ${here.part} here and in ${before.part} there; ${advice}`,
    );
  };
  for (const taker of entries) {
    for (const index of taker.chosen) {
      const part = taker.partOf[index];
      if (part === undefined) continue;
      const here = { by: taker, part };
      const { image, id } = taker.listing.records[index];
      if (image.kind === "array") {
        let owners = arrays.get(image.array);
        if (owners === undefined) {
          owners = arrays.get(sameArray(image.array, arrays.keys())) ?? [];
          arrays.set(image.array, owners);
        }
        check(owners[image.at], here, id, apart);
        owners[image.at] ??= here;
      } else {
        const before = files.get(image.file);
        check(before, here, id, alike);
        if (before === undefined) files.set(image.file, here);
      }
    }
  }
}

const apart = "split both alike, or give both a part with one denominator, such as part: 1/2 and part: 2/2";
const alike = "split both alike";

/** The first array that holds the same images, or this one: two entries may each have read one file. */
function sameArray(array: PixelArray, known: Iterable<PixelArray>): PixelArray {
  for (const other of known) {
    if (other.file !== array.file || other.pixels.length !== array.pixels.length) continue;
    const { buffer, byteOffset, length } = other.pixels;
    if (Buffer.from(buffer, byteOffset, length).equals(array.pixels)) return other;
  }
  return array;
}
