// Code shared by the formats whose labels are numbers in an array: from an element to the number of a class, and from the
// numbers of all images to the labels of a listing, with what is odd about them.
import type { DataError } from "../../errors/data-errors.ts";
import { checkListing } from "../../files/limits.ts";
import { mostLabels } from "../catalogue/listing.ts";
import { rawLabel } from "../../labels/raw-labels.ts";
import type { ListContext } from "../catalogue/listing.ts";
import { numberedNames, oneClassEach } from "./class-labels.ts";
import type { ClassLabels } from "./class-labels.ts";

/** In the place of a number: nobody has said which class it is. */
export const noLabel = 0xffff;

/** Makes an error about one image. */
export type RecordFault = (reason: string, record: number) => DataError;

/** The number of a class, 0 to 999. @throws what `fault` makes, for a negative number, a fraction, or one that is too large */
export function classNumber(value: number, record: number, fault: RecordFault): number {
  if (Number.isInteger(value) && value >= 0 && value < mostLabels) return value;
  const advice =
    value === -1 ? "; leave out the images that it marks, or give them a number of their own" : "";
  throw fault(`has label ${value}; labels are class numbers from 0 to ${mostLabels - 1}${advice}`, record);
}

/** Where the numbers and their names are from. */
export interface NumberSource {
  readonly file: string;
  /** Makes an error about the image at an index of the numbers. */
  readonly fault: RecordFault;
  /** What the numbers are called, where the manifest or the file says it. */
  readonly names: readonly string[] | undefined;
  /** What names them, if not the field labelNames. */
  readonly field?: string;
}

/**
 * Labels of images that show one class each.
 *
 * @param numbers the class of each image, or `noLabel`
 * @throws DataError for a number without a name, and more labels than can be held
 */
export function labelsOfNumbers(
  numbers: Uint16Array,
  { file, fault, names, field = "labelNames" }: NumberSource,
  context: Pick<ListContext, "entry" | "wanted" | "remark">,
): ClassLabels {
  const labelled = numbers.filter((number) => number !== noLabel);
  const labelNames = names ?? numberedNames(labelled, mostLabels - 1, context);
  const beyond = numbers.findIndex((number) => number !== noLabel && number >= labelNames.length);
  if (beyond !== -1) {
    throw fault(
      `has label ${numbers[beyond]}, but ${field} has ${labelNames.length} names, of the labels 0 to ${labelNames.length - 1}`,
      beyond,
    );
  }
  checkListing(file, numbers.length, labelNames.length);
  if (names === undefined) remarkSkipped(labelled, context);
  else remarkShared(labelled, names, field, context);
  const labels = oneClassEach(
    numbers.map((number) => (number === noLabel ? 0 : number)),
    labelNames,
  );
  const width = labels.labelNames.length;
  for (const [i, number] of numbers.entries()) {
    if (number === noLabel) labels.rawLabels.fill(rawLabel.unknown, i * width, (i + 1) * width);
  }
  return labels;
}

/** How often each number occurs. */
function countsOf(numbers: Uint16Array): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return counts;
}

/** Numbers below the largest that no image has: often the labels begin at 1, or a class was left out. */
function remarkSkipped(numbers: Uint16Array, { entry, remark }: Pick<ListContext, "entry" | "remark">): void {
  const counts = countsOf(numbers);
  const largest = Math.max(-1, ...counts.keys());
  const skipped = Array.from({ length: largest + 1 }, (_, i) => i).filter((number) => !counts.has(number));
  if (skipped.length === 0) return;
  const listed =
    skipped.slice(0, 5).join(", ") + (skipped.length > 5 ? `, ... (${skipped.length} in all)` : "");
  remark({
    kind: "guess",
    sentence:
      `"${entry}" has labels up to ${largest}, but no image has ${listed}; ` +
      "a class of that number is taken for one that none of its images shows.",
    cases: skipped.map((number) => ({ name: String(number), count: 0 })),
  });
}

/** Several numbers that have one name, which makes them one label. */
function remarkShared(
  numbers: Uint16Array,
  names: readonly string[],
  field: string,
  { entry, remark }: Pick<ListContext, "entry" | "remark">,
): void {
  const sharing = new Map<string, number[]>();
  for (const [number, name] of names.entries()) sharing.set(name, [...(sharing.get(name) ?? []), number]);
  const shared = [...sharing].filter(([, those]) => those.length > 1);
  if (shared.length === 0) return;
  const counts = countsOf(numbers);
  const [[name, those]] = shared;
  const more =
    shared.length === 1 ? "" : `, and ${shared.length - 1} more of its names stand for several numbers`;
  remark({
    kind: "guess",
    sentence: `"${entry}" takes the labels ${those.join(", ")} for one, since ${field} calls all of them "${name}"${more}.`,
    cases: shared.map(([name, those]) => ({
      name,
      count: those.reduce((sum, number) => sum + (counts.get(number) ?? 0), 0),
      example: `labels ${those.join(", ")}`,
    })),
  });
}
