// From class numbers, one an image, to what a listing gives: shared by the formats whose images show one class each, and
// whose labels are the words that occur.
import { nearest } from "../../errors/nearest.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import type { ListContext } from "../catalogue/listing.ts";

/** The names "0", "1", "2", ... of so many classes. */
export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(i));
}

/** How many classes there are if the largest number names one. */
export function classCount(numbers: Uint8Array | Uint16Array): number {
  let largest = -1;
  for (const number of numbers) largest = Math.max(largest, number);
  return largest + 1;
}

/**
 * The names of numbered classes: of those that occur, and of those up to the largest that the manifest speaks of.
 *
 * @param most the largest number that a label can be
 */
export function numberedNames(
  numbers: Uint8Array | Uint16Array,
  most: number,
  { wanted }: Pick<ListContext, "wanted">,
): string[] {
  const asked = wanted.filter((label) => /^(?:0|[1-9]\d{0,4})$/u.test(label) && Number(label) <= most);
  return numbered(Math.max(classCount(numbers), ...asked.map((label) => Number(label) + 1)));
}

/**
 * The labels that occur, and those that the manifest speaks of and that do not: whether a rare word occurs in some rows
 * must not decide what is known. A name that is nearly one that occurs, which the manifest makes nothing of, is a slip of
 * the pen, and is left for the catalogue to refuse.
 *
 * @returns sorted by code units, so that neither the order of rows nor a locale means anything
 */
export function withWanted(
  found: ReadonlySet<string>,
  { wanted, classes }: Pick<ListContext, "wanted" | "classes">,
): string[] {
  const spare = [...found].filter((label) => !classes.includes(label) && !wanted.includes(label));
  const missing = wanted.filter((label) => !found.has(label) && nearest(label, spare) === undefined);
  return [...found, ...missing].sort((a, b) => (a < b ? -1 : 1));
}

export interface ClassLabels {
  readonly labelNames: readonly string[];
  /** [numbers, labelNames]: positive for the class of the image, negative for the rest. */
  readonly rawLabels: Uint8Array;
}

/**
 * @param numbers the class of each image
 * @param names of class 0, 1, 2, ...; classes of one name become one label
 */
export function oneClassEach(
  numbers: Uint8Array | Uint16Array | readonly number[],
  names: readonly string[],
): ClassLabels {
  const labelNames = [...new Set(names)];
  const columns = names.map((name) => labelNames.indexOf(name));
  const labels = new Uint8Array(numbers.length * labelNames.length).fill(rawLabel.negative);
  for (const [i, number] of numbers.entries())
    labels[i * labelNames.length + columns[number]] = rawLabel.positive;
  return { labelNames, rawLabels: labels };
}
