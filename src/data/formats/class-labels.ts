// From the class number of each image to the labels of a listing: shared by the formats whose images show one class each, and
// whose labels are the words that occur.
import { nearest } from "../../errors/nearest.ts";
import { isAbove } from "../../labels/class-tree.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import { canonicalWord, placeOf } from "../../labels/wording.ts";
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
 * The names of numbered classes: those that occur, and those up to the largest that the manifest names.
 *
 * @param most the largest number that a label can be
 */
export function numberedNames(
  numbers: Uint8Array | Uint16Array,
  most: number,
  { wanted }: Pick<ListContext, "wanted">,
): string[] {
  const asked = wanted
    .map(canonicalWord)
    .filter((label) => /^(?:0|[1-9]\d{0,4})$/u.test(label) && Number(label) <= most);
  return numbered(Math.max(classCount(numbers), ...asked.map((label) => Number(label) + 1)));
}

/**
 * The labels that occur, and those that the manifest names although they do not occur: what a source knows must not depend on
 * whether a rare word occurs. A name that is close to a word that occurs and is not used is taken for a typing error, which
 * the catalogue refuses. A class above one that occurs has its labels by that one, where classes are a tree: as a label
 * that never occurs it would be negative on the images of those below it.
 *
 * @returns sorted by code units, so that neither the order of rows nor a locale means anything
 */
export function withWanted(
  found: ReadonlySet<string>,
  { wanted, classes, others = [], parents }: Pick<ListContext, "wanted" | "classes" | "others" | "parents">,
): string[] {
  const words = [...found];
  const foundAt = placeOf(words);
  const isNamed = placeOf([...classes, ...wanted, ...others]);
  const spare = words.filter((label) => isNamed(label) < 0);
  const classAt = placeOf(classes);
  const occur = words.map(classAt);
  const isAboveFound = (label: string): boolean =>
    parents !== undefined && occur.some((k) => isAbove(parents, classAt(label), k));
  const missing = wanted.filter(
    (label) => foundAt(label) < 0 && nearest(label, spare) === undefined && !isAboveFound(label),
  );
  return [...words, ...missing].sort((a, b) => (a < b ? -1 : 1));
}

export interface ClassLabels {
  readonly labelNames: readonly string[];
  /** [numbers, labelNames]: positive for the class of the image, negative for the rest. */
  readonly rawLabels: Uint8Array;
  /** Its negatives are the classes that an image is not said to be of. */
  readonly unlisted?: boolean;
}

/**
 * @param numbers the class of each image
 * @param names of class 0, 1, 2, ...; classes of one name become one label. Other spellings of a name stay labels of their own
 *   here: the catalogue joins them, and says so
 */
export function oneClassEach(
  numbers: Uint8Array | Uint16Array | readonly number[],
  names: readonly string[],
): ClassLabels {
  const labelNames = [...new Set(names)];
  const placeOfName = new Map(labelNames.map((name, at) => [name, at]));
  const columns = names.map((name) => placeOfName.get(name) ?? 0);
  const labels = new Uint8Array(numbers.length * labelNames.length).fill(rawLabel.negative);
  for (const [i, number] of numbers.entries())
    labels[i * labelNames.length + columns[number]] = rawLabel.positive;
  return { labelNames, rawLabels: labels, unlisted: true };
}
