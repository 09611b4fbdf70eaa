// Confidence intervals of Dice and IoU: patients are drawn with all their images, since pixels, slices and images of one patient
// are not independent.

import { counted } from "../errors/counted.ts";
import { expectArgument, expectOptions, strings, wholeFrom, type OptionChecks } from "../errors/arguments.ts";
import {
  bootstrapOptions,
  bootstrapSettings,
  bootstrapValues,
  percentileEstimate,
  type BootstrapEstimate,
  type BootstrapOptions,
} from "../statistics/bootstrap.ts";
import { fewestPatients } from "./auc-intervals.ts";
import { overlapScores, sumsByPatient, type Overlaps, type PatientSums } from "./overlap.ts";
import type { Patients } from "./patient-indices.ts";

export interface OverlapBootstrapOptions extends BootstrapOptions {
  /** How many patients with pixels of a class it needs for an interval; 10 unless said otherwise. */
  readonly fewest?: number | undefined;
}

const overlapBootstrapOptions: OptionChecks<OverlapBootstrapOptions> = {
  ...bootstrapOptions,
  fewest: wholeFrom(1),
};

/** What there is an interval of: Dice and IoU over all pixels together, and the mean Dice of patients. */
export const overlapMeasures = ["dice", "iou", "patientDice"] as const;
export type OverlapMeasure = (typeof overlapMeasures)[number];
export type OverlapEstimates = Readonly<Record<OverlapMeasure, BootstrapEstimate>>;

export interface OverlapIntervals {
  readonly byClass: Readonly<Record<string, OverlapEstimates>>;
  /** Means over the classes that are defined on the images as they are. */
  readonly mean: OverlapEstimates;
  /** Patients that were drawn from. */
  readonly patients: number;
  readonly resamples: number;
  readonly level: number;
}

/**
 * Percentile bootstrap intervals, resampling patients. A class that fewer patients than `fewest` show has none, and neither has
 * a mean that it is in; nor has a number that no resample changes. `note` says so.
 *
 * @param states [N, K] label states
 * @param classNames K names, in column order
 * @param patients [N] whose image each is; undefined for one image, or for all: a patient of its own
 * @throws ShapeError when the lengths do not agree; UsageError for options that cannot be
 */
export function overlapIntervals(
  overlaps: Overlaps,
  states: Uint8Array,
  classNames: readonly string[],
  patients?: Patients,
  options: OverlapBootstrapOptions = {},
): OverlapIntervals {
  const what = "overlapIntervals";
  expectArgument(what, "the names of classes", classNames, strings);
  expectOptions(what, options, overlapBootstrapOptions);
  const { fewest = fewestPatients, progress } = options;
  const settings = bootstrapSettings(options, what);
  const { level, resamples } = settings;
  const sums = sumsByPatient(what, overlaps, states, classNames, patients);
  const width = classNames.length;
  const ownDice = Float64Array.from(
    sums.given,
    (given, at) => overlapScores(given, sums.predicted[at], sums.both[at]).dice ?? 0,
  );
  const asTheyAre = weighted(sums, ownDice, width, new Uint32Array(sums.count).fill(1));
  const defined = Array.from({ length: width }, (_, k) => k).filter((k) => asTheyAre[k] !== null);
  const withMeans = (values: readonly (number | null)[]): (number | null)[] => [
    ...values,
    ...overlapMeasures.map((_, m) => meanOf(defined.map((k) => values[m * width + k]))),
  ];
  const all = withMeans(asTheyAre);
  const drawn = bootstrapValues(
    [Array.from({ length: sums.count }, (_, patient) => patient)],
    (weights) => withMeans(weighted(sums, ownDice, width, weights)),
    { ...settings, progress },
  );
  const showing = classNames.map((_, k) => {
    let people = 0;
    for (let at = k; at < sums.given.length; at += width) if (sums.given[at] > 0) people++;
    return people;
  });
  const few = (k: number): string | undefined =>
    showing[k] >= fewest ? undefined : `shown by ${counted(showing[k], "patient")}, fewer than ${fewest}`;
  const rare = defined.find((k) => few(k) !== undefined);
  const estimate = (at: number, reason: string | undefined): BootstrapEstimate => {
    const found = percentileEstimate(all[at], drawn[at], sums.count, level);
    if (found.value === null) return { ...found, note: "undefined: no labelled image shows it" };
    const { interval } = found;
    // As of an AUC: no spread in any resample, such as of a class that is found nowhere, says nothing of others.
    const isPoint = interval !== null && interval.low === interval.high;
    const why = reason ?? (isPoint ? "no resample has another value" : undefined);
    return why === undefined
      ? found
      : { ...found, interval: null, standardError: null, note: `not given: ${why}` };
  };
  const estimates = (place: (m: number) => number, reason: string | undefined): OverlapEstimates => {
    const [dice, iou, patientDice] = overlapMeasures.map((_, m) => estimate(place(m), reason));
    return { dice, iou, patientDice };
  };
  const rareReason = rare === undefined ? undefined : `"${classNames[rare]}" is ${few(rare) ?? ""}`;
  return {
    byClass: Object.fromEntries(classNames.map((name, k) => [name, estimates((m) => m * width + k, few(k))])),
    mean: estimates((m) => overlapMeasures.length * width + m, rareReason),
    ...{ patients: sums.count, resamples, level },
  };
}

/** [3 K] each measure by class, where each patient counts as often as it was drawn; null where no drawn one shows the class. */
function weighted(
  { count, given, predicted, both }: PatientSums,
  ownDice: Float64Array,
  width: number,
  weights: Uint32Array,
): (number | null)[] {
  const values = new Array<number | null>(overlapMeasures.length * width).fill(null);
  for (let k = 0; k < width; k++) {
    let [g, p, b, people, total] = [0, 0, 0, 0, 0];
    for (let patient = 0, at = k; patient < count; patient++, at += width) {
      const weight = weights[patient];
      if (weight === 0) continue;
      g += weight * given[at];
      p += weight * predicted[at];
      b += weight * both[at];
      if (given[at] === 0) continue;
      people += weight;
      total += weight * ownDice[at];
    }
    const { dice, iou } = overlapScores(g, p, b);
    values[k] = dice;
    values[width + k] = iou;
    values[2 * width + k] = people === 0 ? null : total / people;
  }
  return values;
}

/** Null where one of them is: a mean over other classes would be another quantity. */
function meanOf(values: readonly (number | null)[]): number | null {
  let sum = 0;
  for (const value of values) {
    if (value === null) return null;
    sum += value;
  }
  return values.length === 0 ? null : sum / values.length;
}
