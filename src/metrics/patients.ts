// Detection by patient: a patient's score of a class is the largest of its images' scores. A threshold is chosen on validation
// patients, and test patients are judged at it: sensitivity and specificity with exact intervals, and where a detection lies.

import {
  aFunction,
  aList,
  aNumber,
  aRecord,
  bytes,
  described,
  expectArgument,
  expectFields,
  expectOptions,
  numbersInOrder,
  required,
  strings,
  wholeFrom,
  type OptionChecks,
} from "../errors/arguments.ts";
import { ShapeError, TesseraError, UsageError } from "../errors/errors.ts";
import { absent, negative, positive } from "../labels/states.ts";
import type { BootstrapEstimate } from "../statistics/bootstrap.ts";
import { checkLevel, type Interval } from "../statistics/interval.ts";
import { exactInterval } from "../statistics/proportions.ts";
import { aucIntervals, fewestPatients } from "./auc-intervals.ts";
import { patientIndices, type Patients } from "./patient-indices.ts";

/** Images with a score of each class, and what is known of them. */
export interface ScoredImages {
  /** [N, K] in any order-preserving unit, the same for validation and test; logits will do. */
  readonly scores: ArrayLike<number>;
  /** [N, K] label states; an image whose state is absent or soft says nothing of its patient. */
  readonly states: Uint8Array;
  /** [N] whose image each is; undefined for one image, or for all: a patient of its own. */
  readonly patients?: Patients | undefined;
  /** [N, K] 1 where what an image's score is of lies in the outline of the class. */
  readonly located?: Uint8Array | undefined;
}

/** Patients, as `patientScores` makes them of images. */
export interface PatientScores {
  readonly count: number;
  /** [P, K] The largest score of the patient's labelled images; -Infinity without one. */
  readonly scores: Float64Array;
  /** [P, K] Positive where one of the images is, else negative where one is, else absent. */
  readonly states: Uint8Array;
  /** [P, K] The image that has the score; meaningless without one. */
  readonly images: Uint32Array;
}

const imageFields: OptionChecks<ScoredImages> = {
  scores: required(numbersInOrder),
  states: required(bytes),
  patients: aList,
  located: bytes,
};

/**
 * The score and state of each class for each patient.
 *
 * @throws ShapeError when the lengths do not agree; TesseraError for a score that is no number
 */
export function patientScores(images: ScoredImages, classes: number): PatientScores {
  const what = "patientScores";
  expectFields(what, images, imageFields);
  expectArgument(what, "the number of classes", classes, wholeFrom(1));
  const { scores, states, patients, located } = images;
  const count = states.length / classes;
  if (scores.length !== states.length || !Number.isInteger(count)) {
    throw new ShapeError(
      `${what}: ${scores.length} scores and ${states.length} label states of ${classes} classes; there is one of both for ` +
        "each image and class",
    );
  }
  if (located !== undefined && located.length !== states.length) {
    throw new ShapeError(`${what}: ${located.length} places for ${states.length} label states`);
  }
  const { count: people, of } = patientIndices(what, count, patients);
  const found = {
    count: people,
    scores: new Float64Array(people * classes).fill(-Infinity),
    states: new Uint8Array(people * classes).fill(absent),
    images: new Uint32Array(people * classes),
  };
  for (const [at, state] of states.entries()) {
    if (state !== positive && state !== negative) continue;
    const image = Math.floor(at / classes);
    const to = of[image] * classes + (at % classes);
    if (Number.isNaN(scores[at])) {
      throw new TesseraError(
        `${what}: the score of image ${image} is not a number (NaN); has the model diverged?`,
      );
    }
    if (found.states[to] === absent || scores[at] > found.scores[to]) {
      found.scores[to] = scores[at];
      found.images[to] = image;
    }
    if (found.states[to] !== positive) found.states[to] = state;
  }
  return found;
}

/** A threshold, and the patients that it was chosen on. */
export interface ChosenThreshold {
  /** A score above it is called positive; -Infinity where the asked specificity is 0. */
  readonly threshold: number;
  /** Negative patients it was chosen on, and how many of them are called positive at it. */
  readonly negatives: number;
  readonly falsePositives: number;
}

/**
 * The lowest threshold at which at least the asked share of negative patients is called negative: the score of a negative
 * patient, above which a score is called positive. Positive patients have no say in it.
 *
 * @param scores [P] of patients
 * @param states [P]
 * @param specificity in [0, 1]
 * @returns null without a negative patient
 */
export function thresholdAt(
  scores: ArrayLike<number>,
  states: ArrayLike<number>,
  specificity: number,
): ChosenThreshold | null {
  expectArgument("thresholdAt", "the scores", scores, numbersInOrder);
  expectArgument("thresholdAt", "the label states", states, numbersInOrder);
  checkSpecificity("thresholdAt", specificity);
  const negatives = Float64Array.from(scores)
    .filter((_, i) => states[i] === negative)
    .sort();
  if (negatives.length === 0) return null;
  // The share that is called negative, as a whole number of patients; 0.7 x 10 is a little over 7.
  const kept = Math.ceil(specificity * negatives.length - 1e-9);
  const threshold = kept === 0 ? -Infinity : negatives[kept - 1];
  return {
    ...{ threshold, negatives: negatives.length },
    falsePositives: negatives.filter((score) => score > threshold).length,
  };
}

/** So many of so many, with an exact interval; a rate of none is not defined. */
export interface Proportion {
  readonly hits: number;
  readonly of: number;
  readonly rate: number | null;
  /** Clopper and Pearson's. */
  readonly interval: Interval | null;
}

/** Detection of one class in test patients. */
export interface Detection {
  /** Patients with and without it. */
  readonly positives: number;
  readonly negatives: number;
  /** Over patients, with its bootstrap. */
  readonly auc: BootstrapEstimate;
  /** Null with the reason in `note`; so are the rates then. */
  readonly chosen: ChosenThreshold | null;
  readonly sensitivity: Proportion | null;
  readonly specificity: Proportion | null;
  /** Of the detected positive patients: those whose detection lies in the outline. Null where no places are known. */
  readonly located: Proportion | null;
  /** Why there is no threshold, or what little it rests on; null where there is nothing to say. */
  readonly note: string | null;
}

export interface Detections {
  /** What was asked for of the validation patients. */
  readonly specificity: number;
  readonly level: number;
  readonly resamples: number;
  /** Test patients. */
  readonly patients: number;
  readonly byClass: Readonly<Record<string, Detection>>;
}

export interface DetectionOptions {
  /** At which a threshold is chosen on validation patients; .95 unless said otherwise. */
  readonly specificity?: number | undefined;
  /** Of the intervals; .95 unless said otherwise. */
  readonly level?: number | undefined;
  /** Of the bootstrap of the AUC. */
  readonly resamples?: number | undefined;
  /** Negative validation patients that a threshold needs; 10 unless said otherwise. */
  readonly fewest?: number | undefined;
  /**
   * By class, thresholds that validation patients chose before at the same specificity, in the unit of the scores: taken where
   * no validation images are given.
   */
  readonly chosen?: Readonly<Record<string, ChosenThreshold>> | undefined;
  /** Told of resamples. */
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

/** The specificity at which a threshold is chosen. With a hundred negative patients, five of them are called positive at it. */
export const usualSpecificity = 0.95;

const detectionOptions: OptionChecks<DetectionOptions> = {
  specificity: aNumber,
  level: aNumber,
  resamples: aNumber,
  fewest: wholeFrom(1),
  chosen: aRecord,
  progress: aFunction,
};

/**
 * Judges test patients at thresholds that were chosen on validation patients. The threshold of a class whose validation has
 * fewer negative patients than `fewest` would be chance: there is none then, as without validation, and the AUC stands alone. Test
 * patients never choose a threshold: at one that they chose, their own sensitivity and specificity would be too high.
 *
 * @param validation undefined where there are no validation images
 * @param classNames K names, in column order
 * @throws ShapeError, TesseraError as `patientScores`; UsageError for options that cannot be
 */
export function detections(
  test: ScoredImages,
  validation: ScoredImages | undefined,
  classNames: readonly string[],
  options: DetectionOptions = {},
): Detections {
  const what = "detections";
  expectArgument(what, "the names of classes", classNames, strings);
  expectOptions(what, options, detectionOptions);
  const { specificity = usualSpecificity, level = 0.95, fewest = fewestPatients } = options;
  checkSpecificity(what, specificity);
  checkLevel(what, level);
  const width = classNames.length;
  const tested = patientScores(test, width);
  const chosenOn = validation === undefined ? undefined : patientScores(validation, width);
  const { resamples, progress } = options;
  const areas = aucIntervals(tested.scores, tested.states, classNames, { resamples, level, progress });
  const byClass = classNames.map((name, k): readonly [string, Detection] => {
    const own = column(tested, k, width);
    const rows = (state: number): number[] => own.rows.filter((row) => own.states[row] === state);
    const [positives, negatives] = [rows(positive), rows(negative)];
    const before = chosenOn === undefined ? options.chosen : undefined;
    const { chosen, note } =
      before !== undefined && Object.hasOwn(before, name)
        ? judged(before[name], specificity, fewest)
        : choose(chosenOn && column(chosenOn, k, width), specificity, fewest);
    const counts = { positives: positives.length, negatives: negatives.length, auc: areas.byClass[name] };
    if (chosen === null) {
      return [name, { ...counts, chosen, sensitivity: null, specificity: null, located: null, note }];
    }
    const isDetected = (row: number): boolean => own.scores[row] > chosen.threshold;
    const detected = positives.filter(isDetected);
    const rate = (hits: number, of: number): Proportion => proportion(hits, of, level);
    const { located } = test;
    const isLocated = (row: number): boolean => located?.[own.images[row] * width + k] === 1;
    return [
      name,
      {
        ...{ ...counts, chosen, note },
        sensitivity: rate(detected.length, positives.length),
        specificity: rate(negatives.filter((row) => !isDetected(row)).length, negatives.length),
        located: located === undefined ? null : rate(detected.filter(isLocated).length, detected.length),
      },
    ];
  });
  return {
    ...{ specificity, level, resamples: areas.resamples, patients: tested.count },
    byClass: Object.fromEntries(byClass),
  };
}

const proportion = (hits: number, of: number, level: number): Proportion =>
  of === 0
    ? { hits, of, rate: null, interval: null }
    : { hits, of, rate: hits / of, interval: exactInterval(hits, of, level) };

function choose(
  validation: Column | undefined,
  specificity: number,
  fewest: number,
): { readonly chosen: ChosenThreshold | null; readonly note: string | null } {
  if (validation === undefined) return { chosen: null, note: "no threshold: there are no validation images" };
  return judged(thresholdAt(validation.scores, validation.states, specificity), specificity, fewest);
}

/** A threshold with what is to be said of the patients that chose it; none where they are too few. */
function judged(
  chosen: ChosenThreshold | null,
  specificity: number,
  fewest: number,
): { readonly chosen: ChosenThreshold | null; readonly note: string | null } {
  const count = chosen?.negatives ?? 0;
  if (chosen === null || count < fewest) {
    const people = `${count === 0 ? "no" : count} negative patient${count === 1 ? "" : "s"}`;
    return { chosen: null, note: `no threshold: validation has ${people}, fewer than ${fewest}` };
  }
  // 1 - .95 is a little over .05.
  const wanted = specificity === 1 ? Infinity : Math.ceil(1 / (1 - specificity) - 1e-9);
  const isCoarse = count < wanted && wanted < Infinity;
  const note = `the threshold rests on ${count} negative validation patients: it takes ${wanted} for one to be above it`;
  return { chosen, note: isCoarse ? note : null };
}

interface Column {
  readonly rows: readonly number[];
  readonly scores: Float64Array;
  readonly states: Uint8Array;
  readonly images: Uint32Array;
}

function column({ count, scores, states, images }: PatientScores, k: number, width: number): Column {
  const rows = Array.from({ length: count }, (_, row) => row);
  const at = (row: number): number => row * width + k;
  return {
    rows,
    scores: Float64Array.from(rows, (row) => scores[at(row)]),
    states: Uint8Array.from(rows, (row) => states[at(row)]),
    images: Uint32Array.from(rows, (row) => images[at(row)]),
  };
}

function checkSpecificity(what: string, specificity: number): void {
  if (typeof specificity === "number" && specificity >= 0 && specificity <= 1) return;
  throw new UsageError(`${what}: a specificity is from 0 to 1, not ${described(specificity)}`);
}
