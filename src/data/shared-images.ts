// No image may be in two places of an assembly where that would spoil a result: the check over all entries of a manifest.
import type { FieldPath } from "./complaints.ts";
import type { Entry } from "./entry-schema.ts";
import type { Listing, Part, PixelArray } from "./listing.ts";
import type { Manifest } from "./manifest.ts";

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
 * No image of an array file may be in two entries. Files of images may be, since several tables can speak of one folder,
 * as long as nothing that one entry trains on is what another is tested on. Before any limit, so that no seed hides it.
 *
 * @throws ManifestError naming both entries
 */
export function refuseSharedImages(entries: readonly Taken[], complain: Manifest["complain"]): void {
  const arrays = new Map<PixelArray, (Taken | undefined)[]>();
  const files = new Map<string, { readonly by: Taken; readonly part: Part }>();
  const refuse = ({ path, entry }: Taken, other: Taken, what: string, advice: string): never => {
    const field = entry.part === undefined ? [] : ["part"];
    throw complain([...path, ...field], `shares ${what} with "${other.entry.name}"; ${advice}`);
  };
  for (const taker of entries) {
    const ownersOf = new Map<PixelArray, (Taken | undefined)[]>();
    for (const index of taker.chosen) {
      const part = taker.partOf[index];
      if (part === undefined) continue;
      const { image, id } = taker.listing.records[index];
      if (image.kind === "array") {
        const owners = ownersOf.get(image.array) ?? arrays.get(sameArray(image.array, arrays.keys())) ?? [];
        ownersOf.set(image.array, owners);
        const owner = owners[image.at];
        if (owner !== undefined && owner !== taker) {
          refuse(
            taker,
            owner,
            "images",
            "give both a part with one denominator, such as part: 1/2 and part: 2/2",
          );
        }
        owners[image.at] = taker;
      } else {
        const before = files.get(image.file) ?? { by: taker, part };
        if (before.by !== taker && before.part !== part) {
          const advice = `it is in ${part} here and in ${before.part} there: split both alike`;
          refuse(taker, before.by, `the image ${JSON.stringify(id)}`, advice);
        }
        files.set(image.file, before);
      }
    }
    for (const [array, owners] of ownersOf) arrays.set(sameArray(array, arrays.keys()), owners);
  }
}

/** The first array that holds the same images, or this one: two entries may each have read one file. */
function sameArray(array: PixelArray, known: Iterable<PixelArray>): PixelArray {
  for (const other of known) {
    if (other === array) return other;
    if (other.file !== array.file || other.pixels.length !== array.pixels.length) continue;
    const { buffer, byteOffset, length } = other.pixels;
    if (Buffer.from(buffer, byteOffset, length).equals(array.pixels)) return other;
  }
  return array;
}
