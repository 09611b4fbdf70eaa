// Selects the records of a listing that an entry takes: by place, share, table columns and labels, up to a limit. Each test
// looks at the whole listing, so that their order does not matter.
import { suggestion } from "../../errors/nearest.ts";
import { positive } from "../../labels/states.ts";
import type { ByClass, Condition } from "../manifest/entry-schema.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import {
  canonicalName,
  canonicalWord,
  isMissing,
  nearMatch,
  nearMatches,
  placeOf,
  visible,
} from "../../labels/wording.ts";
import type { ListContext, Listing } from "./listing.ts";
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

/** Who is told what filters did not understand. */
type Told = Pick<ListContext, "entry" | "remark">;

/** A filter by its field, for messages, and what it left out because it did not understand it. */
interface Filter {
  readonly field: string;
  readonly takes: (index: number) => boolean;
  readonly because?: string;
}

/**
 * The records that an entry takes, before any limit.
 *
 * @param refuse called for a column, value or label that the listing does not have
 * @param told of cells that a filter does not understand
 * @returns indices into the listing, ascending
 */
export function select(listing: Listing, choice: Choice, refuse: Refuse, told?: Told): number[] {
  const filters = filtersOf(listing, choice, refuse, told);
  return [...listing.records.keys()].filter((index) => filters.every(({ takes }) => takes(index)));
}

/** Why an entry takes none of the records: what each filter leaves of those that the filters before it leave. */
export function whyNoneTaken(listing: Listing, choice: Choice, refuse: Refuse): string {
  let left = [...listing.records.keys()];
  const stages: string[] = [];
  for (const { field, takes, because } of filtersOf(listing, choice, refuse)) {
    const before = left.length;
    left = left.filter(takes);
    const taken = left.length === 0 ? "none" : String(left.length);
    stages.push(
      `${field} leaves ${taken} of ${stages.length === 0 ? `${before} images` : `these ${before}`}`,
    );
    if (left.length === 0) return `${stages.join(", ")}${because === undefined ? "" : `: ${because}`}`;
  }
  return stages.join(", ");
}

function filtersOf(listing: Listing, choice: Choice, refuse: Refuse, told?: Told): Filter[] {
  const filters: Filter[] = [];
  const { rows, part, where, holds } = choice;
  const { records } = listing;
  if (records.some(({ leftOut }) => leftOut)) {
    filters.push({ field: "--skip-bad", takes: (index) => records[index].leftOut === undefined });
  }
  const count = records.length;
  if (rows !== undefined) {
    const { from, to = Infinity } = rows;
    if (from > count) refuse(["rows", "from"], `is ${from}, but this source has ${count} images`);
    filters.push({ field: "rows", takes: (index) => index + 1 >= from && index + 1 <= to });
  }
  if (part !== undefined) {
    const dealt = deal(listing, part.of);
    filters.push({ field: "part", takes: (index) => dealt[index] === part.index - 1 });
  }
  for (const [column, condition] of Object.entries(where ?? {})) {
    filters.push(columnFilter(listing, column, condition, refuse, told));
  }
  if (holds !== undefined) filters.push(holdsFilter(listing, holds, refuse, told));
  return filters;
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

function columnFilter(
  { records }: Listing,
  named: string,
  condition: Condition,
  refuse: Refuse,
  told: Told | undefined,
): Filter {
  const columns = Object.keys(records.at(0)?.row ?? {});
  const column = canonicalName(named);
  if (!columns.includes(column)) {
    const known = columns.length === 0 ? "it has none" : `its columns are ${columns.join(", ")}`;
    refuse(["where", named], `is no column of this source: ${known}${suggestion(column, columns)}`);
  }
  refuseDifferentCells(records, column, refuse);
  const field = `where.${named}`;
  const cellOf = (index: number): string => canonicalWord(records[index].row?.[column] ?? "");
  if (typeof condition === "object" && !isList(condition)) {
    const { min = -Infinity, max = Infinity } = condition;
    const because = cellsWithoutNumber(records.keys(), cellOf, field, told);
    return {
      field,
      takes: (index) => {
        const number = numberIn(cellOf(index));
        return number >= min && number <= max; // false for a cell without a number: NaN is neither
      },
      ...(because === undefined ? {} : { because }),
    };
  }
  const wanted = isList(condition) ? condition : [condition];
  const says = (text: string, value: string | number): boolean =>
    text === canonicalWord(String(value)) || (typeof value === "number" && numberIn(text) === value);
  const counts = new Map<string, number>();
  for (const index of records.keys()) counts.set(cellOf(index), (counts.get(cellOf(index)) ?? 0) + 1);
  const cells = [...counts.keys()];
  for (const [i, value] of wanted.entries()) {
    if (!cells.some((text) => says(text, value))) {
      const said = cells.slice(0, 12);
      const more = cells.length > said.length ? ", ..." : "";
      const near = nearMatch(String(value), cells);
      refuse(
        ["where", named, ...(isList(condition) ? [i] : [])],
        `is ${JSON.stringify(value)}, which no image has there; the column holds ` +
          `${said.map((text) => JSON.stringify(text)).join(", ")}${more}` +
          (near === undefined
            ? suggestion(String(value), cells)
            : `; ${visible(String(value))} is nearly ${visible(near)}`),
      );
    }
  }
  const takes = (text: string): boolean => wanted.some((value) => says(text, value));
  tellNearWords(counts, takes, wanted.map(String), field, told);
  return { field, takes: (index) => takes(cellOf(index)) };
}

/** @returns which cells are no number, in words; undefined where all are */
function cellsWithoutNumber(
  indices: Iterable<number>,
  cellOf: (index: number) => string,
  field: string,
  told: Told | undefined,
): string | undefined {
  const odd = new Map<string, number>();
  let missing = 0;
  for (const index of indices) {
    const cell = cellOf(index);
    if (isMissing(cell)) missing++;
    else if (Number.isNaN(numberIn(cell))) odd.set(cell, (odd.get(cell) ?? 0) + 1);
  }
  const cases = [...odd].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count);
  const cells = cases.reduce((sum, { count }) => sum + count, 0);
  const faults: string[] = [];
  if (cells > 0) faults.push(`${imagesWith(cells)} no number there, such as ${visible(cases[0].name)}`);
  if (missing > 0) faults.push(`${imagesWith(missing)} no value there`);
  if (faults.length === 0) return undefined;
  const because = faults.join(", and ");
  told?.remark({
    kind: "cells-without-number",
    sentence: `${visible(told.entry)} is filtered by numbers under ${field}: ${because}; such images are not taken.`,
    cases: missing === 0 ? cases : [...cases, { name: "", count: missing, example: "no value" }],
  });
  return because;
}

const imagesWith = (count: number): string =>
  count === 1 ? "1 image has" : `${count.toLocaleString("en")} images have`;

/** Words that are nearly one that a filter takes are not taken, which may be meant, and is told. */
function tellNearWords(
  counts: ReadonlyMap<string, number>,
  takes: (text: string) => boolean,
  wanted: readonly string[],
  field: string,
  told: Told | undefined,
): void {
  const near = nearMatches(wanted);
  const cases = [...counts].flatMap(([name, count]) => {
    const other = takes(name) ? undefined : near(name);
    return other === undefined ? [] : [{ name, count, example: `nearly ${visible(other)}` }];
  });
  if (cases.length === 0 || told === undefined) return;
  const [{ name, count, example }] = cases;
  told.remark({
    kind: "guess",
    sentence:
      `${visible(told.entry)} is filtered under ${field}, and ${visible(name)} (${count.toLocaleString("en")} images) is not taken, ` +
      `although it is ${example}${cases.length === 1 ? "" : `; ${cases.length - 1} more are like it`}: name both if they mean the same.`,
    cases,
  });
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

/**
 * The number in a cell; NaN where there is none: a blank cell is not a zero, and a decimal comma is not guessed. An age as DICOM
 * writes it (PS3.5, value representation AS: nnnD, nnnW, nnnM or nnnY) is its number of years.
 */
export function numberIn(text: string): number {
  const age = /^(\d{1,3})([DWMY])$/iu.exec(text);
  if (age !== null) return inYears[age[2].toUpperCase()](Number(age[1]));
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/iu.test(text) ? Number(text) : NaN;
}
const inYears: Readonly<Record<string, (count: number) => number>> = {
  D: (days) => days / 365.25,
  W: (weeks) => (7 * weeks) / 365.25,
  M: (months) => months / 12,
  Y: (years) => years,
};

function holdsFilter(
  { records, labelNames, rawLabels }: Listing,
  holds: readonly string[],
  refuse: Refuse,
  told: Told | undefined,
): Filter {
  const labelAt = placeOf(labelNames);
  const labels = holds.map((label, i) => {
    const at = labelAt(label);
    if (at >= 0) return at;
    return refuse(
      ["holds", i],
      `names "${label}", a label that this source does not have; ${listLabels(labelNames)}${suggestion(label, labelNames)}`,
    );
  });
  const isPositive = (index: number, label: number): boolean =>
    rawLabels[index * labelNames.length + label] === rawLabel.positive;
  const near = nearMatches(holds);
  const counts = new Map<string, number>();
  for (const [label, name] of labelNames.entries()) {
    if (labels.includes(label) || near(name) === undefined) continue;
    const count = records.filter((_, index) => isPositive(index, label)).length;
    if (count > 0) counts.set(name, count);
  }
  tellNearWords(counts, () => false, holds, "holds", told);
  return { field: "holds", takes: (index) => labels.some((label) => isPositive(index, label)) };
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
