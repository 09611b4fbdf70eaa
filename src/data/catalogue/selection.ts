// Selects the records of a listing that an entry takes: by place, share, table columns and labels, up to a limit. Each test
// looks at the whole listing, so that their order does not matter.
import { suggestion } from "../../errors/nearest.ts";
import { positive } from "../../labels/states.ts";
import type { ByClass, Condition } from "../manifest/entry-schema.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import { canonicalWord } from "../../labels/wording.ts";
import type { Listing } from "./listing.ts";
import { forClass, listLabels } from "./mapping.ts";
import type { Refuse } from "./mapping.ts";
import { permutation } from "../assembly/order.ts";
import { randomStream } from "../random-stream.ts";

/** The seed of dealing parts, the same in all runs. */
const dealingSeed = 0;

/** The fields of an entry that choose among its records. */
export interface Choice {
  readonly rows?: { readonly from: number; readonly to?: number | undefined } | undefined;
  readonly part?: { readonly index: number; readonly of: number } | undefined;
  readonly where?: Readonly<Record<string, Condition>> | undefined;
  readonly holds?: readonly string[] | undefined;
}

/**
 * The records that an entry takes, before any limit.
 *
 * @param refuse called for a column, value or label that the listing does not have
 * @returns indices into the listing, ascending
 */
export function select(listing: Listing, choice: Choice, refuse: Refuse): number[] {
  const tests = [(index: number): boolean => listing.records[index].leftOut === undefined];
  const { rows, part, where, holds } = choice;
  const count = listing.records.length;
  if (rows !== undefined) {
    const { from, to = Infinity } = rows;
    if (from > count) refuse(["rows", "from"], `is ${from}, but this source has ${count} images`);
    tests.push((index) => index + 1 >= from && index + 1 <= to);
  }
  if (part !== undefined) {
    const dealt = deal(listing, part.of);
    tests.push((index) => dealt[index] === part.index - 1);
  }
  if (where !== undefined) {
    for (const [column, condition] of Object.entries(where)) {
      tests.push(columnTest(listing, column, condition, refuse));
    }
  }
  if (holds !== undefined) tests.push(holdsTest(listing, holds, refuse));
  return [...listing.records.keys()].filter((index) => tests.every((test) => test(index)));
}

/** Deals each record into one of `hands` parts, like cards: by patient, or by image where no patient is named. */
function deal({ records }: Listing, hands: number): Uint32Array {
  const cards = new Map<string, number>();
  const card = Uint32Array.from(records, ({ patient }, index) => {
    const key = patient === undefined ? `image ${index}` : `patient ${patient}`;
    const number = cards.get(key) ?? cards.size;
    cards.set(key, number);
    return number;
  });
  const hand = new Uint32Array(cards.size);
  for (const [at, number] of permutation(cards.size, randomStream(dealingSeed, "deal")).entries()) {
    hand[number] = at % hands;
  }
  return card.map((number) => hand[number]);
}

function columnTest(
  { records }: Listing,
  column: string,
  condition: Condition,
  refuse: Refuse,
): (index: number) => boolean {
  const columns = Object.keys(records.at(0)?.row ?? {});
  if (!columns.includes(column)) {
    const known = columns.length === 0 ? "it has none" : `its columns are ${columns.join(", ")}`;
    refuse(["where", column], `is no column of this source: ${known}${suggestion(column, columns)}`);
  }
  refuseDifferentCells(records, column, refuse);
  const cellOf = (index: number): string => (records[index].row?.[column] ?? "").trim();
  if (typeof condition === "object" && !isList(condition)) {
    const { min = -Infinity, max = Infinity } = condition;
    return (index) => {
      const number = numberIn(cellOf(index));
      return number >= min && number <= max; // false for a cell without a number: NaN is neither
    };
  }
  const wanted = isList(condition) ? condition : [condition];
  const says = (text: string, value: string | number): boolean =>
    text === String(value) || (typeof value === "number" && numberIn(text) === value);
  const cells = new Set(records.map((_, index) => cellOf(index)));
  for (const [i, value] of wanted.entries()) {
    if (![...cells].some((text) => says(text, value))) {
      const said = [...cells].slice(0, 12);
      const more = cells.size > said.length ? ", ..." : "";
      refuse(
        ["where", column, ...(isList(condition) ? [i] : [])],
        `is ${JSON.stringify(value)}, which no image has there; the column holds ` +
          `${said.map((text) => JSON.stringify(text)).join(", ")}${more}${suggestion(String(value), [...cells])}`,
      );
    }
  }
  return (index) => wanted.some((value) => says(cellOf(index), value));
}

/** What a filter says of an image must not depend on which of its rows comes first. */
function refuseDifferentCells(records: Listing["records"], column: string, refuse: Refuse): void {
  for (const { id, row = {}, otherRows = [], leftOut } of records) {
    const other = otherRows.find(({ [column]: cell }) => canonicalWord(cell) !== canonicalWord(row[column]));
    if (other === undefined || leftOut) continue;
    const [a, b] = [row[column], other[column]].map((cell) => JSON.stringify(cell));
    refuse(
      ["where", column],
      `cannot choose images: ${JSON.stringify(id)} has several rows, with ${a} and with ${b} in this column, and is taken or left as ` +
        "a whole; leave this filter out, or write a table with the rows that you mean",
    );
  }
}

function isList(condition: Condition): condition is readonly (string | number)[] {
  return Array.isArray(condition);
}

/** The number in a cell; NaN where there is none, since a blank cell is not a zero. */
function numberIn(text: string): number {
  return text === "" ? NaN : Number(text);
}

function holdsTest(listing: Listing, holds: readonly string[], refuse: Refuse): (index: number) => boolean {
  const { labelNames } = listing;
  const labels = holds.map((label, i) => {
    const at = labelNames.indexOf(label);
    if (at >= 0) return at;
    return refuse(
      ["holds", i],
      `names "${label}", a label that this source does not have; ${listLabels(labelNames)}${suggestion(label, labelNames)}`,
    );
  });
  return (index) =>
    labels.some((label) => listing.rawLabels[index * labelNames.length + label] === rawLabel.positive);
}

/** The most images, and the most positives of each class. */
export interface Limits {
  /** Infinity without a limit. */
  readonly images: number;
  /** Infinity for a class without a limit. */
  readonly positives: readonly number[];
}

/**
 * Draws which records are kept: in a random order, each is taken unless it is positive for a class that has its number of
 * positives already. An image with two labels counts for both, and is left out when one of them is full.
 *
 * @param indices rows of `states`
 * @param states [records, K]
 * @param name of the entry: two entries draw independently
 * @returns the kept ones of `indices`, ascending
 */
export function keepWithin(
  indices: readonly number[],
  states: Uint8Array,
  limits: Limits,
  seed: number,
  name: string,
): number[] {
  const { images, positives } = limits;
  const bounded = positives.some((most) => most < Infinity);
  if (indices.length <= images && !bounded) return [...indices];
  const kept: number[] = [];
  const room = [...positives];
  for (const at of permutation(indices.length, randomStream(seed, "limit", name))) {
    if (kept.length >= images) break;
    const index = indices[at];
    const row = states.subarray(index * room.length, (index + 1) * room.length);
    const shown = bounded ? [...row.keys()].filter((k) => row[k] === positive) : [];
    if (shown.some((k) => room[k] < 1)) continue;
    for (const k of shown) room[k]--;
    kept.push(index);
  }
  return kept.sort((a, b) => a - b);
}

/** Limits of a manifest, per class. */
export function positiveLimits(setting: ByClass<number> | undefined, classes: readonly string[]): number[] {
  return classes.map((name) => (setting === undefined ? Infinity : (forClass(setting, name) ?? Infinity)));
}
