// From class numbers, one an image, to what a listing gives: shared by the formats whose images show one class each.
import { given } from "../listing.ts";

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

export interface ClassLabels {
  readonly labelNames: readonly string[];
  /** [numbers, labelNames]: positive for the class of the image, negative for the rest. */
  readonly given: Uint8Array;
}

/**
 * @param numbers the class of each image
 * @param names of class 0, 1, 2, ...; classes of one name become one label
 */
export function oneClassEach(numbers: Uint8Array | Uint16Array, names: readonly string[]): ClassLabels {
  const labelNames = [...new Set(names)];
  const columns = names.map((name) => labelNames.indexOf(name));
  const labels = new Uint8Array(numbers.length * labelNames.length).fill(given.negative);
  for (const [i, number] of numbers.entries())
    labels[i * labelNames.length + columns[number]] = given.positive;
  return { labelNames, given: labels };
}
