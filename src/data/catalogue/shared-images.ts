// Checks over all entries of a manifest that no image is trained on in one place and tested on in another.
import { realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { FieldPath } from "../manifest/complaints.ts";
import type { Entry } from "../manifest/entry-schema.ts";
import type { Listing, Part, PixelArray } from "./listing.ts";
import type { DataManifest } from "../manifest/manifest.ts";

/** The records that an entry takes from its source. */
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
 * Several entries may have the same image (two tables of one folder, two annotators of one array) if it is in the same part
 * in all of them. An image is recognised by its file, whatever links lead to the folder of it, or by its place in an array; and slices
 * of one volume across two axes have voxels in common. `tessera inspect` finds copies under other names. The check comes before any limit, so that no seed hides a fault.
 *
 * @throws ManifestError naming both entries
 */
export function refuseSharedImages(entries: readonly Taken[], complain: DataManifest["complain"]): void {
  interface Owner {
    readonly by: Taken;
    readonly part: Part;
    readonly id: string;
    /** The array that it was found in; of two equal ones the one that this owner named. */
    readonly array?: PixelArray | undefined;
  }
  const arrays = new Map<PixelArray, (Owner | undefined)[]>(); // equal arrays share a list of owners
  const files = new Map<string, Owner>();
  const volumes = new Map<string, Owner[]>(); // by file, one for each axis and part
  if (new Set(entries.flatMap(({ partOf }) => partOf)).size < 2) return;
  const realPath = realPaths();
  const check = (before: Owner | undefined, here: Owner, advice: string): void => {
    if (before === undefined || before.part === here.part) return;
    const { path, entry } = here.by;
    const { id } = here;
    const [theirs, ours] = [before.array?.member, here.array?.member];
    if (theirs !== undefined && ours !== undefined && theirs !== ours) {
      throw complain(
        path,
        `has each image in ${before.part} and in ${here.part}: ${theirs} and ${ours} of ${here.array?.file ?? ""} hold ` +
          "the same images; leave one of them out, such as with members",
      );
    }
    if (before.by === here.by) {
      throw complain(
        path,
        `has one image in two parts of its own: ${JSON.stringify(before.id)} in ${before.part} is ` +
          `${JSON.stringify(id)} in ${here.part}; a source whose parts hold the same images measures nothing: ` +
          "take another split",
      );
    }
    const field = entry.part === undefined ? [] : ["part"];
    throw complain(
      [...path, ...field],
      `shares the image ${JSON.stringify(id)} with "${before.by.entry.name}": ` +
        `it is in ${here.part} here and in ${before.part} there; ${advice}`,
    );
  };
  const checkCuts = (array: PixelArray, here: Owner): void => {
    const cut = array.onDemand;
    if (cut === undefined) return;
    const file = realPath(array.file);
    const owners = volumes.get(file) ?? [];
    volumes.set(file, owners);
    if (owners.some((owner) => owner.part === here.part && owner.array?.onDemand === cut)) return;
    const crossing = owners.find((owner) => owner.part !== here.part && owner.array?.onDemand !== cut);
    if (crossing !== undefined) {
      throw complain(
        here.by.path,
        `cuts ${array.file} across another axis than "${crossing.by.entry.name}", whose slices are in ${crossing.part} and these in ` +
          `${here.part}: each slice of one crosses those of the other; ${alike}`,
      );
    }
    owners.push(here);
  };
  for (const taker of entries) {
    for (const index of taker.chosen) {
      const part = taker.partOf[index];
      if (part === undefined) continue;
      const { image, id } = taker.listing.records[index];
      const array = image.kind === "array" ? image.array : undefined;
      const here: Owner = { by: taker, part, id, array };
      if (image.kind === "array") {
        checkCuts(image.array, here);
        let owners = arrays.get(image.array);
        if (owners === undefined) {
          owners = arrays.get(sameArray(image.array, arrays.keys(), realPath)) ?? [];
          arrays.set(image.array, owners);
        }
        check(owners[image.at], here, apart);
        owners[image.at] ??= here;
      } else {
        const file = realPath(image.file);
        const before = files.get(file);
        check(before, here, alike);
        if (before === undefined) files.set(file, here);
      }
    }
  }
}

const apart = "split both alike, or give both a part with one denominator, such as part: 1/2 and part: 2/2";
const alike = "split both alike";

/** The first array with the same images, or this one: two entries may each have read the same file. */
function sameArray(
  array: PixelArray,
  known: Iterable<PixelArray>,
  realPath: (file: string) => string,
): PixelArray {
  for (const other of known) {
    if (realPath(other.file) !== realPath(array.file)) continue;
    if (array.onDemand !== undefined || other.onDemand !== undefined) {
      if (array.onDemand === other.onDemand) return other;
      continue;
    }
    if (other.pixels.length !== array.pixels.length) continue;
    const { buffer, byteOffset, length } = other.pixels;
    if (Buffer.from(buffer, byteOffset, length).equals(array.pixels)) return other;
  }
  return array;
}

/** Makes a function that takes the links out of a file's folder; each folder is asked for once, and no file. */
function realPaths(): (file: string) => string {
  const folders = new Map<string, string>();
  return (file) => {
    const folder = dirname(file);
    let real = folders.get(folder);
    if (real === undefined) {
      try {
        real = realpathSync.native(folder);
      } catch {
        real = folder; // that it is missing is told where the image is opened
      }
      folders.set(folder, real);
    }
    return real === folder ? file : join(real, basename(file));
  };
}
