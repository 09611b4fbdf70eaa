// How well predicted pixels cover the outlined ones: Dice and IoU over the pixels of all images, Dice by patient, and the
// area that is predicted where there is nothing. Everything follows from three counts for each image and class.

import {
  bytes,
  expectArgument,
  expectFields,
  numbersInOrder,
  required,
  strings,
  wholeFrom,
  type OptionChecks,
} from "../errors/arguments.ts";
import { ShapeError } from "../errors/errors.ts";
import { background, ignored, mostMapClasses } from "../labels/label-map.ts";
import { absent, negative } from "../labels/states.ts";
import { meanOfDefined } from "./mean-of-defined.ts";
import { patientIndices, type Patients } from "./patient-indices.ts";

/** Pixels by image and class, [N, K] each, of the pixels whose label is known: not the ignored ones, and none of an absent class. */
export interface Overlaps {
  /** Pixels that are of the class by the label map. */
  readonly given: Uint32Array;
  /** Pixels that are of the class by the prediction. */
  readonly predicted: Uint32Array;
  /** Pixels that both say are of the class. */
  readonly both: Uint32Array;
}

const overlapFields: OptionChecks<Overlaps> = {
  given: required(numbersInOrder),
  predicted: required(numbersInOrder),
  both: required(numbersInOrder),
};

/** Counts that are all zero, to be filled in. */
export function noOverlaps(images: number, classes: number): Overlaps {
  const counts = (): Uint32Array => new Uint32Array(images * classes);
  return { given: counts(), predicted: counts(), both: counts() };
}

/**
 * Counts of label maps against predicted ones, in which a pixel is of one class.
 *
 * @param given [N, H x W] label maps: numbers of classes, 254 the background, 255 ignored
 * @param predicted [N, H x W] predicted maps, without ignored pixels
 * @param states [N, K] label states; a class whose state is absent is not counted on that image
 * @throws ShapeError when the lengths do not agree; UsageError for a map with a number that is no class
 */
export function countOverlaps(
  given: Uint8Array,
  predicted: Uint8Array,
  states: Uint8Array,
  classes: number,
): Overlaps {
  const what = "countOverlaps";
  expectArgument(what, "the label maps", given, bytes);
  expectArgument(what, "the predicted maps", predicted, bytes);
  expectArgument(what, "the label states", states, bytes);
  expectArgument(what, "the number of classes", classes, wholeFrom(1));
  const images = states.length / classes;
  if (given.length !== predicted.length || !Number.isInteger(images) || given.length % images !== 0) {
    throw new ShapeError(
      `${what}: ${given.length} and ${predicted.length} pixels with ${states.length} label states of ${classes} classes; both ` +
        "maps have as many pixels, the same number for each image",
    );
  }
  for (const [name, map] of [
    ["label", given],
    ["predicted", predicted],
  ] as const) {
    const odd = map.findIndex((value) => value >= classes && value < mostMapClasses);
    if (odd < 0) continue;
    throw new ShapeError(
      `${what}: the ${name} maps have the number ${map[odd]}, and there are ${classes} classes`,
    );
  }
  const counts = noOverlaps(images, classes);
  const pixels = given.length / images;
  for (let at = 0; at < given.length; at++) {
    if (given[at] === ignored) continue;
    const row = Math.floor(at / pixels) * classes;
    const isKnown = (k: number): boolean => k < background && states[row + k] !== absent;
    if (isKnown(given[at])) counts.given[row + given[at]]++;
    if (!isKnown(predicted[at])) continue;
    counts.predicted[row + predicted[at]]++;
    if (given[at] === predicted[at]) counts.both[row + given[at]]++;
  }
  return counts;
}

/** Dice, 2 both / (given + predicted), and IoU, both / (given + predicted - both), of one class. */
export interface OverlapScores {
  readonly dice: number | null;
  readonly iou: number | null;
}

/** Of counts that were added up; null where no pixel is given: what is predicted there is false area, and no overlap. */
export function overlapScores(given: number, predicted: number, both: number): OverlapScores {
  if (given === 0) return { dice: null, iou: null };
  return { dice: (2 * both) / (given + predicted), iou: both / (given + predicted - both) };
}

/** Over the pixels of all images together, as CamVid, Cityscapes and PASCAL VOC define IoU. */
export interface OverlapSummary {
  /** Means over the classes where they are defined; null where none is. */
  readonly meanDice: number | null;
  readonly meanIou: number | null;
  /** By class; null where no image shows it. */
  readonly dice: Readonly<Record<string, number | null>>;
  readonly iou: Readonly<Record<string, number | null>>;
}

/**
 * Dice and IoU by class over all known pixels of a set together: large outlines count for more than small ones.
 *
 * @param classNames K names, in column order
 * @throws ShapeError when the counts are not of so many classes
 */
export function pooledOverlap(overlaps: Overlaps, classNames: readonly string[]): OverlapSummary {
  checkOverlaps("pooledOverlap", overlaps, classNames);
  const scores = classNames.map((_, k) => {
    const sum = (counts: Uint32Array): number => sumOf(counts, k, classNames.length);
    return overlapScores(sum(overlaps.given), sum(overlaps.predicted), sum(overlaps.both));
  });
  const named = (of: keyof OverlapScores): Record<string, number | null> =>
    Object.fromEntries(classNames.map((name, k) => [name, scores[k][of]]));
  const [dice, iou] = [named("dice"), named("iou")];
  return { meanDice: meanOfDefined(dice), meanIou: meanOfDefined(iou), dice, iou };
}

/** What is predicted of a class on the patients of whom no known image shows it. */
export interface FalseArea {
  readonly patients: number;
  /** Patients of whom at least one pixel is predicted. */
  readonly withAny: number;
  /** Predicted pixels of a patient, in the mean over these patients; null without one. */
  readonly meanPixels: number | null;
}

export interface PatientOverlap {
  /** Mean over the patients with given pixels of their Dice, each over all of their images; null without such a patient. */
  readonly dice: number | null;
  /** Patients with given pixels. */
  readonly patients: number;
  /**
   * Patients who have the class by the states of their images, and no given pixel of it: a mask says at its own size what an image
   * shows, and in a smaller map nothing may be left of it. They have no Dice, and what is predicted of them is no false area.
   */
  readonly vanished: number;
  readonly falseArea: FalseArea;
}

/** Dice by patient, and the false area of the others. */
export interface PatientOverlaps {
  /** Mean over the classes where it is defined; null where it is nowhere. */
  readonly meanDice: number | null;
  readonly byClass: Readonly<Record<string, PatientOverlap>>;
}

/**
 * Dice of each patient, in the mean: every patient counts the same, however large the outlines are. Patients of whom no pixel
 * of the class is given are in no mean: the predicted pixels of those who do not have it are told apart, and those who have it
 * are counted.
 *
 * @param states [N, K] label states; a patient without a known state of a class is no patient of it
 * @param patients [N] whose image each is; undefined for one image, or for all: a patient of its own
 * @throws ShapeError when the lengths do not agree
 */
export function patientOverlap(
  overlaps: Overlaps,
  states: Uint8Array,
  classNames: readonly string[],
  patients?: Patients,
): PatientOverlaps {
  const sums = sumsByPatient("patientOverlap", overlaps, states, classNames, patients);
  const width = classNames.length;
  const byClass = classNames.map((name, k): readonly [string, PatientOverlap] => {
    let [shown, total, vanished, without, withAny, falsePixels] = [0, 0, 0, 0, 0, 0];
    for (let at = k; at < sums.given.length; at += width) {
      const { dice } = overlapScores(sums.given[at], sums.predicted[at], sums.both[at]);
      if (dice !== null) {
        shown++;
        total += dice;
      } else if (sums.shows[at] === 1) {
        vanished++;
      } else if (sums.known[at] === 1) {
        without++;
        falsePixels += sums.predicted[at];
        if (sums.predicted[at] > 0) withAny++;
      }
    }
    const falseArea = {
      patients: without,
      withAny,
      meanPixels: without === 0 ? null : falsePixels / without,
    };
    return [name, { dice: shown === 0 ? null : total / shown, patients: shown, vanished, falseArea }];
  });
  return {
    meanDice: meanOfDefined(Object.fromEntries(byClass.map(([name, { dice }]) => [name, dice]))),
    byClass: Object.fromEntries(byClass),
  };
}

/** Counts by patient and class, [P, K]. */
export interface PatientSums {
  readonly count: number;
  readonly given: Float64Array;
  readonly predicted: Float64Array;
  readonly both: Float64Array;
  /** 1 where a label of the class is known of one of the patient's images. */
  readonly known: Uint8Array;
  /** 1 where the label of one of them is not negative: the patient has the class, whether or not a pixel of it is given. */
  readonly shows: Uint8Array;
}

/** @throws ShapeError when the lengths do not agree */
export function sumsByPatient(
  what: string,
  overlaps: Overlaps,
  states: Uint8Array,
  classNames: readonly string[],
  patients?: Patients,
): PatientSums {
  checkOverlaps(what, overlaps, classNames);
  expectArgument(what, "the label states", states, bytes);
  if (states.length !== overlaps.given.length) {
    throw new ShapeError(`${what}: ${states.length} label states for ${overlaps.given.length} counts`);
  }
  const width = classNames.length;
  const { count, of } = patientIndices(what, states.length / width, patients);
  const sums = {
    count,
    given: new Float64Array(count * width),
    predicted: new Float64Array(count * width),
    both: new Float64Array(count * width),
    known: new Uint8Array(count * width),
    shows: new Uint8Array(count * width),
  };
  for (const [at, state] of states.entries()) {
    if (state === absent) continue;
    const to = of[Math.floor(at / width)] * width + (at % width);
    sums.given[to] += overlaps.given[at];
    sums.predicted[to] += overlaps.predicted[at];
    sums.both[to] += overlaps.both[at];
    sums.known[to] = 1;
    if (state !== negative) sums.shows[to] = 1;
  }
  return sums;
}

/** The counts of some images. */
export function overlapsOfRows(
  { given, predicted, both }: Overlaps,
  rows: readonly number[],
  width: number,
): Overlaps {
  const take = (counts: Uint32Array): Uint32Array =>
    Uint32Array.from(
      { length: rows.length * width },
      (_, at) => counts[rows[Math.floor(at / width)] * width + (at % width)],
    );
  return { given: take(given), predicted: take(predicted), both: take(both) };
}

function sumOf(counts: Uint32Array, column: number, width: number): number {
  let sum = 0;
  for (let at = column; at < counts.length; at += width) sum += counts[at];
  return sum;
}

function checkOverlaps(what: string, overlaps: Overlaps, classNames: readonly string[]): void {
  expectFields(what, overlaps, overlapFields);
  expectArgument(what, "the names of classes", classNames, strings);
  const { given, predicted, both } = overlaps;
  if (
    given.length === predicted.length &&
    given.length === both.length &&
    Number.isInteger(given.length / classNames.length)
  ) {
    return;
  }
  throw new ShapeError(
    `${what}: ${given.length}, ${predicted.length} and ${both.length} counts of ${classNames.length} classes; there is one ` +
      "of each for each image and class",
  );
}
