// Splits a source into training, validation and test images: drawn by patient or by image, by the publishers' split, or by a
// list. What is drawn depends on names and the split's own seed: runs with other limits and seeds are tested on the same
// images. A patient's part depends on the patient's name alone, so two sources that name their patients alike and have the
// same split never train and test on one person.
import type { Fractions } from "../manifest/entry-schema.ts";
import { parts } from "./listing.ts";
import type { ListedRecord, Part } from "./listing.ts";
import { randomStream } from "../random-stream.ts";
import type { ListedPart } from "./split-lists.ts";
import { withSlashes } from "../../files/paths.ts";

/** What a split needs to know about a record. */
export type Placed = Pick<ListedRecord, "id" | "patient">;

type Drawn = { readonly seed: number } & Fractions;

/**
 * Draws each patient into a part by name and seed alone, with the fractions as probabilities: parts are as large as their
 * fractions say on average, and nearly so where patients are many. An image without a patient is a patient of its own.
 *
 * @returns the part of each record
 */
export function splitByPatient(records: readonly Placed[], split: Drawn): Part[] {
  const known = new Map<string, Part>();
  return records.map(({ id, patient }) => {
    const key = patient === undefined ? `image ${id}` : `patient ${patient}`;
    const part = known.get(key) ?? partAt(place(split.seed, key), split);
    known.set(key, part);
    return part;
  });
}

/**
 * Draws images, regardless of patients, so that each part has its fraction of them to within one.
 *
 * @returns the part of each record; the same for any order of the records
 */
export function splitByImage(records: readonly Placed[], split: Drawn): Part[] {
  const order = records
    .map(({ id }, index) => ({ id, index, at: place(split.seed, `image ${id}`) }))
    .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  const partOf = new Array<Part>(records.length);
  for (const [rank, { index }] of order.entries()) {
    partOf[index] = partAt((rank + 0.5) / records.length, split);
  }
  return partOf;
}

/** Maps a name to a number between 0 and 1. */
function place(seed: number, key: string): number {
  const random = randomStream(seed, "split", key);
  return random.uniform() + random.uniform() * 2 ** -32;
}

/** The part of a number between 0 and 1, with the fractions laid one after the other. */
function partAt(at: number, fractions: Fractions): Part {
  const asked = parts.filter((part) => fractions[part] > 0);
  let end = 0;
  return asked.find((part) => at < (end += fractions[part])) ?? asked.at(-1) ?? "train";
}

/** The publishers' split; images without a part train. */
export function splitOfficially(records: readonly Pick<ListedRecord, "part">[]): Part[] {
  return records.map(({ part = "train" }) => part);
}

/**
 * The split of a list. Names on it are names of images; a name without a folder also matches the last part of an image's
 * path, where only one image has it.
 *
 * @param listed parts by image name, as readSplitList gives them
 * @returns undefined for an image that is not on the list
 * @throws DataError for a name without a folder that could be several images
 */
export function splitByList(
  records: readonly Placed[],
  listed: ReadonlyMap<string, ListedPart>,
): (Part | undefined)[] {
  const ids = new Set(records.map(({ id }) => withSlashes(id)));
  const named = new Map<string, string>();
  return records.map((record) => {
    const id = withSlashes(record.id);
    const whole = listed.get(id);
    if (whole !== undefined) return whole.part;
    const piece = id.slice(id.lastIndexOf("/") + 1);
    const short = listed.get(piece);
    if (short === undefined || ids.has(piece)) return undefined; // not on the list, or the list means the image with exactly this name
    const other = named.get(piece);
    if (other !== undefined) {
      throw short.complain(
        `names ${JSON.stringify(piece)}, which may be ${JSON.stringify(other)} or ${JSON.stringify(id)}: ` +
          "write the images' names with their folders",
      );
    }
    named.set(piece, id);
    return short.part;
  });
}
