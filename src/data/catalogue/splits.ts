// How a source falls into training, validation and test images: drawn by patient or by image, as the publishers have it,
// or as a list says. What is drawn depends on names and the split's own seed: runs with other limits and seeds are tested
// on the same images. A patient's part depends on nothing but that name, whatever else the table holds: two sources that
// name their patients alike and are split by patient alike train and test on the same people.
import type { Fractions } from "../manifest/entry-schema.ts";
import { parts } from "./listing.ts";
import type { ListedRecord, Part } from "./listing.ts";
import { randomStream } from "../random-stream.ts";
import type { ListedPart } from "./split-lists.ts";

/** What a split needs to know of a record. */
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
 * Draws images, whoever they are of, so that each part has its fraction of them to within one.
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

/** Where a name falls between 0 and 1. */
function place(seed: number, key: string): number {
  const random = randomStream(seed, "split", key);
  return random.uniform() + random.uniform() * 2 ** -32;
}

/** The part that holds a place between 0 and 1, where the fractions lie one after the other. */
function partAt(at: number, fractions: Fractions): Part {
  const asked = parts.filter((part) => fractions[part] > 0);
  let end = 0;
  return asked.find((part) => at < (end += fractions[part])) ?? asked.at(-1) ?? "train";
}

/** As the publishers have it; what they do not place trains. */
export function splitOfficially(records: readonly Pick<ListedRecord, "part">[]): Part[] {
  return records.map(({ part = "train" }) => part);
}

/**
 * As a list says. A name on it is that of an image; one without a folder may also be what stands behind the last slash of
 * an image's name, where it stands there once.
 *
 * @param listed parts by image name, as readSplitList gives them
 * @returns undefined for an image that is not on the list
 * @throws DataError for a name without a folder that could be several images
 */
export function splitByList(
  records: readonly Placed[],
  listed: ReadonlyMap<string, ListedPart>,
): (Part | undefined)[] {
  const ids = new Set(records.map(({ id }) => id));
  const named = new Map<string, string>();
  return records.map(({ id }) => {
    const whole = listed.get(id);
    if (whole !== undefined) return whole.part;
    const piece = id.slice(id.lastIndexOf("/") + 1);
    const short = listed.get(piece);
    if (short === undefined || ids.has(piece)) return undefined; // nobody means it, or they mean the image of that name
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
