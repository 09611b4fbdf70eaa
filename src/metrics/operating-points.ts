// Operating points: thresholds of a class that validation patients choose, by Youden's J, or for a sensitivity or specificity.

import { aNumber, expectArgument, expectOptions, wholeFrom, type OptionChecks } from "../errors/arguments.ts";
import { counted } from "../errors/counted.ts";
import { negative, positive } from "../labels/states.ts";
import { fewestPatients } from "./auc-intervals.ts";
import { patientScores, thresholdAt, type ScoredImages } from "./patients.ts";
import { rocCurve } from "./roc.ts";

/** How a threshold is chosen. */
export const operatingRules = ["youden", "sensitivity", "specificity"] as const;
export type OperatingRule = (typeof operatingRules)[number];

/** A threshold, and what it comes to in the patients who chose it. */
export interface OperatingThreshold {
  /** A score above it is called positive. Finite: where everybody is, it lies one below the least score. */
  readonly threshold: number;
  /** Null without patients of that kind, which models of before may have. */
  readonly sensitivity: number | null;
  readonly specificity: number | null;
}

/** The thresholds of one class; null where too few patients would choose one. */
export interface OperatingPoints extends Readonly<Record<OperatingRule, OperatingThreshold | null>> {
  /** Patients with and without the class. */
  readonly positives: number;
  readonly negatives: number;
}

export interface OperatingOptions {
  /** The rate of both `sensitivity` and `specificity`; .95 unless said otherwise. */
  readonly at?: number | undefined;
  /** Patients of a kind that a threshold needs; 10 unless said otherwise. */
  readonly fewest?: number | undefined;
}

/** The rate that thresholds hold unless somebody asks for another. */
export const usualRate = 0.95;

const operatingOptions: OptionChecks<OperatingOptions> = { at: aNumber, fewest: wholeFrom(1) };

/**
 * Thresholds of each class, over patients: a patient has the largest score of the labelled images, so that a patient is called
 * positive where one of the images is. An image without a patient is a patient of its own.
 *
 * - `youden` makes sensitivity + specificity - 1 the largest (Youden, 1950); of several such thresholds it is the highest one.
 * - `specificity` is the lowest threshold at which at least the asked share of negative patients is called negative (`thresholdAt`).
 * - `sensitivity` is the highest threshold at which at least the asked share of positive patients is called positive.
 *
 * A specificity needs ten negative patients, a sensitivity ten positive ones, and `youden` both; each needs somebody of the other kind,
 * too: without anybody to tell them from, a threshold says nothing.
 *
 * @returns by class, in column order
 * @throws ShapeError, TesseraError as `patientScores`; UsageError for a rate outside [0, 1]
 */
export function operatingPoints(
  images: ScoredImages,
  classes: number,
  options: OperatingOptions = {},
): OperatingPoints[] {
  expectOptions("operatingPoints", options, operatingOptions);
  expectArgument("operatingPoints", "the number of classes", classes, wholeFrom(1));
  const { count, scores, states } = patientScores(images, classes);
  return Array.from({ length: classes }, (_, k) => {
    const rows = Array.from({ length: count }, (__, row) => row * classes + k).filter(
      (at) => states[at] === positive || states[at] === negative,
    );
    return pointsOf(
      Float64Array.from(rows, (at) => scores[at]),
      Uint8Array.from(rows, (at) => states[at]),
      options,
    );
  });
}

function pointsOf(
  scores: Float64Array,
  states: Uint8Array,
  { at = usualRate, fewest = fewestPatients }: OperatingOptions,
): OperatingPoints {
  const of = (state: number): Float64Array => scores.filter((_, i) => states[i] === state).sort();
  const [positives, negatives] = [of(positive), of(negative)];
  const hasBoth = positives.length > 0 && negatives.length > 0;
  const hasPositives = hasBoth && positives.length >= fewest;
  const hasNegatives = hasBoth && negatives.length >= fewest;
  const share = (above: Float64Array, threshold: number): number | null =>
    above.length === 0 ? null : above.filter((score) => score > threshold).length / above.length;
  const achieved = (chosen: number): OperatingThreshold => {
    const threshold = chosen === -Infinity ? scores.reduce(least) - 1 : chosen;
    const falseRate = share(negatives, threshold);
    return {
      threshold,
      sensitivity: share(positives, threshold),
      specificity: falseRate === null ? null : 1 - falseRate,
    };
  };
  const specific = thresholdAt(scores, states, at);
  return {
    ...{ positives: positives.length, negatives: negatives.length },
    youden: hasPositives && hasNegatives ? achieved(youdenThreshold(scores, states)) : null,
    sensitivity: hasPositives ? achieved(sensitiveThreshold(scores, positives, at)) : null,
    specificity: hasNegatives && specific !== null ? achieved(specific.threshold) : null,
  };
}

const least = (a: number, b: number): number => Math.min(a, b);

/** The largest score below one; -Infinity where there is none: above it are that one and all higher ones. */
const justBelow = (scores: Float64Array, score: number): number =>
  scores.reduce((highest, each) => (each < score && each > highest ? each : highest), -Infinity);

function youdenThreshold(scores: Float64Array, states: Uint8Array): number {
  const curve = rocCurve(scores, states);
  if (curve === null) throw new Error("labels are of both kinds");
  const { thresholds, truePositiveRates, falsePositiveRates } = curve;
  let best = 0;
  const index = (i: number): number => truePositiveRates[i] - falsePositiveRates[i];
  // Differences of rounding are no better index.
  for (let i = 1; i < thresholds.length; i++) if (index(i) > index(best) + 1e-12) best = i;
  // The curve calls those at a threshold positive, too.
  return best === 0 ? scores.reduce((a, b) => Math.max(a, b)) : justBelow(scores, thresholds[best]);
}

/** @param positives sorted */
function sensitiveThreshold(scores: Float64Array, positives: Float64Array, at: number): number {
  // The share that is called positive, as a whole number of patients; 0.7 x 10 is a little over 7.
  const called = Math.ceil(at * positives.length - 1e-9);
  return called === 0
    ? scores.reduce((a, b) => Math.max(a, b))
    : justBelow(scores, positives[positives.length - called]);
}

/** Why a class has not all three thresholds; null where it has. @param part that would have chosen them */
export function operatingNote(
  { positives, negatives, ...rules }: OperatingPoints,
  part = "validation",
): string | null {
  const without = operatingRules.filter((rule) => rules[rule] === null);
  if (without.length === 0) return null;
  const people = `${counted(positives, "patient")} with it and ${negatives.toLocaleString("en")} without`;
  const both = positives === 0 || negatives === 0 ? ", and somebody of the other" : "";
  return `no threshold by ${without.join(", ")}: ${part} has ${people}, and ${fewestPatients} of a kind are needed${both}`;
}
