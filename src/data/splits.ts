// How a source falls into training, validation and test images: drawn by patient or by image, as the publishers have it,
// or as a list says. What is drawn depends on names and the split's own seed alone, so that two entries over the same
// images, and two runs with different limits and seeds, agree on who is tested on.
import type { Fractions } from "./entry-schema.ts";
import { parts } from "./listing.ts";
import type { ListedRecord, Part } from "./listing.ts";
import { randomStream } from "./random.ts";

/** What a split needs to know of a record. */
export type Placed = Pick<ListedRecord, "id" | "patient">;

/**
 * Draws whole patients into parts, until each part has its share of the images as nearly as whole patients allow. An
 * image without a patient is a patient of its own.
 *
 * @param by "image" to draw images instead, whoever they are of
 * @returns the part of each record; the same for any order of the records
 */
export function splitByFractions(
  records: readonly Placed[],
  { by, seed, ...fractions }: { readonly by: "patient" | "image"; readonly seed: number } & Fractions,
): Part[] {
  const groups = new Map<string, number>();
  const keyOf = ({ id, patient }: Placed): string =>
    by === "patient" && patient !== undefined ? `patient ${patient}` : `image ${id}`;
  for (const record of records) {
    const key = keyOf(record);
    groups.set(key, (groups.get(key) ?? 0) + 1);
  }
  const drawn = Array.from(groups, ([key, size]) => {
    const random = randomStream(seed, "split", key);
    return { key, size, at: random.uniform() + random.uniform() * 2 ** -32 };
  }).sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));

  const asked = parts.filter((part) => fractions[part] > 0);
  const partOf = new Map<string, Part>();
  let before = 0;
  for (const { key, size } of drawn) {
    const middle = (before + size / 2) / records.length;
    let end = 0;
    const part = asked.find((name) => middle < (end += fractions[name])) ?? asked.at(-1) ?? "train";
    partOf.set(key, part);
    before += size;
  }
  return records.map((record) => partOf.get(keyOf(record)) ?? "train");
}

/** As the publishers have it; what they do not place trains. */
export function splitOfficially(records: readonly Pick<ListedRecord, "part">[]): Part[] {
  return records.map(({ part = "train" }) => part);
}

/**
 * As a list says.
 *
 * @param listed parts by image name, as readSplitList gives them
 * @returns undefined for an image that is not on the list, neither by its id nor by the last piece of it
 */
export function splitByList(
  records: readonly Placed[],
  listed: ReadonlyMap<string, Part>,
): (Part | undefined)[] {
  return records.map(({ id }) => listed.get(id) ?? listed.get(lastPiece(id)));
}

/** What stands behind the last slash. */
export function lastPiece(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
