// Detection by patient, judged: sensitivity and specificity with exact intervals at thresholds that validation patients chose, and
// where a detection lies. A file of its own, since stdlib's beta distribution takes half a second to load.

import { counted } from "../errors/counted.ts";
import {
  aFunction,
  aNumber,
  aRecord,
  aString,
  expectArgument,
  expectOptions,
  strings,
  wholeFrom,
  type OptionChecks,
} from "../errors/arguments.ts";
import { absent, negative, positive } from "../labels/states.ts";
import type { BootstrapEstimate } from "../statistics/bootstrap.ts";
import { checkLevel, type Interval } from "../statistics/interval.ts";
import { exactInterval } from "../statistics/proportions.ts";
import { aucIntervals, fewestPatients } from "./auc-intervals.ts";
import { patientIndices } from "./patient-indices.ts";
import {
  checkSpecificity,
  patientScores,
  thresholdAt,
  type ChosenThreshold,
  type PatientScores,
  type ScoredImages,
} from "./patients.ts";

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
  /**
   * Of the detected positive patients with an outline: those whose detection lies in it. Null where no places are known.
   */
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
  /** Why no validation images are given, as the note tells it; "there are no validation images" unless said otherwise. */
  readonly whyNone?: string | undefined;
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
  whyNone: aString,
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
  const hasOutline = outlinedPatients(test, tested.count, width);
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
        : choose(chosenOn && column(chosenOn, k, width), specificity, fewest, options.whyNone);
    const counts = { positives: positives.length, negatives: negatives.length, auc: areas.byClass[name] };
    if (chosen === null) {
      return [name, { ...counts, chosen, sensitivity: null, specificity: null, located: null, note }];
    }
    const isDetected = (row: number): boolean => own.scores[row] > chosen.threshold;
    const detected = positives.filter(isDetected);
    const rate = (hits: number, of: number): Proportion => proportion(hits, of, level);
    const { located } = test;
    const outlined = detected.filter((row) => hasOutline[row * width + k] === 1);
    const isLocated = (row: number): boolean => located?.[own.images[row] * width + k] === 1;
    return [
      name,
      {
        ...{ ...counts, chosen, note },
        sensitivity: rate(detected.length, positives.length),
        specificity: rate(negatives.filter((row) => !isDetected(row)).length, negatives.length),
        located: located === undefined ? null : rate(outlined.filter(isLocated).length, outlined.length),
      },
    ];
  });
  return {
    ...{ specificity, level, resamples: areas.resamples, patients: tested.count },
    byClass: Object.fromEntries(byClass),
  };
}

/** [P, K] 1 where one of the patient's images has an outline of the class. */
function outlinedPatients(
  { states, located, patients }: ScoredImages,
  count: number,
  width: number,
): Uint8Array {
  const { of } = patientIndices("detections", states.length / width, patients);
  const found = new Uint8Array(count * width);
  for (const [at, place] of (located ?? []).entries()) {
    if (place !== absent) found[of[Math.floor(at / width)] * width + (at % width)] = 1;
  }
  return found;
}

const proportion = (hits: number, of: number, level: number): Proportion =>
  of === 0
    ? { hits, of, rate: null, interval: null }
    : { hits, of, rate: hits / of, interval: exactInterval(hits, of, level) };

function choose(
  validation: Column | undefined,
  specificity: number,
  fewest: number,
  whyNone = "there are no validation images",
): { readonly chosen: ChosenThreshold | null; readonly note: string | null } {
  if (validation === undefined) return { chosen: null, note: `no threshold: ${whyNone}` };
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
    const people =
      count === 0 ? "no negative patients" : `${counted(count, "negative patient")}, fewer than ${fewest}`;
    return { chosen: null, note: `no threshold: validation has ${people}` };
  }
  // 1 - .95 is a little over .05.
  const wanted = specificity === 1 ? Infinity : Math.ceil(1 / (1 - specificity) - 1e-9);
  const isCoarse = count < wanted && wanted < Infinity;
  const note = `the threshold rests on ${counted(count, "negative validation patient")}: it takes ${wanted} for one to be above it`;
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
