// Splits a source into training, validation and test images: drawn by patient or by image, by the publishers' split, or by a
// list. What is drawn depends on names and the split's own seed: runs with other limits and seeds are tested on the same
// images. A patient's part depends on the patient's name alone, so two sources that name their patients alike and have the
// same split never train and test on one person.
import type { Fractions } from "../manifest/entry-schema.ts";
import { parts } from "./listing.ts";
import type { ListedRecord, Part } from "./listing.ts";
import { randomStream } from "../random-stream.ts";
import type { DataError } from "../../errors/data-errors.ts";
import { nameOnList } from "./name-on-list.ts";
import type { ListedPart, SplitList } from "./split-lists.ts";

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

/** How a list fits the images of a source. */
export interface ListFit {
  /** The part of each image; undefined for one that is not on the list. */
  readonly partOf: readonly (Part | undefined)[];
  /** Names on the list that no image has. */
  readonly unmatched: readonly string[];
  /** Names on the list that mean an image which stands there already, in the same part. */
  readonly repeated: readonly string[];
}

/**
 * The split of a list. Names on it are names of images; a name without a folder also matches the last part of an image's
 * path, where only one image has it.
 *
 * @throws DataError for a name without a folder that could be several images, and for two names of one image in two parts
 */
export function splitByList(records: readonly Placed[], { parts: listed, repeated }: SplitList): ListFit {
  const ids = records.map(({ id }) => nameOnList(id));
  const rows = new Map<string, number[]>();
  const rowsOfPiece = new Map<string, number[]>();
  const push = (map: Map<string, number[]>, key: string, row: number): void => {
    const known = map.get(key);
    if (known === undefined) map.set(key, [row]);
    else known.push(row);
  };
  for (const [row, id] of ids.entries()) {
    push(rows, id, row);
    push(rowsOfPiece, id.slice(id.lastIndexOf("/") + 1), row);
  }
  const partOf = new Array<Part | undefined>(records.length).fill(undefined);
  const nameOf = new Map<number, ListedPart>();
  const again: string[] = [...repeated];
  const unmatched: string[] = [];
  const take = (row: number, here: ListedPart): void => {
    partOf[row] = here.part;
    nameOf.set(row, here);
  };
  const ambiguous = (here: ListedPart, meant: readonly number[]): DataError => {
    const [a, b] = meant.map((row) => JSON.stringify(records[row].id));
    return here.complain(
      `names ${JSON.stringify(here.name)}, which may be ${a} or ${b}: write the images' names with their folders`,
    );
  };
  const bare: [string, ListedPart][] = [];
  for (const [name, here] of listed) {
    const own = rows.get(name);
    if (own === undefined) bare.push([name, here]);
    else if (own.length > 1) throw ambiguous(here, own);
    else take(own[0], here);
  }
  for (const [name, here] of bare) {
    const meant = name.includes("/") ? [] : (rowsOfPiece.get(name) ?? []);
    const free = meant.filter((row) => !nameOf.has(row));
    if (free.length > 1) throw ambiguous(here, free);
    if (free.length === 1) {
      take(free[0], here);
      continue;
    }
    const before = meant.length === 1 ? nameOf.get(meant[0]) : undefined;
    if (before === undefined) unmatched.push(here.name);
    else if (before.part === here.part) again.push(here.name);
    else {
      throw here.complain(
        `puts ${JSON.stringify(here.name)} into ${here.part}, but the only image of that name is in ${before.part} too, as ` +
          JSON.stringify(before.name),
      );
    }
  }
  return { partOf, unmatched, repeated: again };
}
