// What a model's predictions are worth, class by class: all that metrics tell of logits and labels.

import type { ImageSet } from "../data/assembly/assembly.ts";
// Not through the index of metrics, which loads the distributions of tests: training loads this file.
import { auc } from "../metrics/auc.ts";
import { averagePrecision } from "../metrics/average-precision.ts";
import { expectedCalibrationError } from "../metrics/calibration.ts";
import { negative, positive } from "../labels/states.ts";
import { sensitivityAtSpecificity, specificityAtSensitivity, type OperatingPoint } from "../metrics/roc.ts";
import { classColumn } from "../metrics/score-levels.ts";

/** An operating point as JSON can hold it. */
export interface OperatingRates {
  readonly sensitivity: number;
  readonly specificity: number;
  /** Probabilities from there on are called positive; null: none is. */
  readonly threshold: number | null;
}

/** Of labelled entries; null where there are not labels of both kinds, and calibration where there are none. */
export interface ClassMetrics {
  readonly positives: number;
  readonly negatives: number;
  readonly auc: number | null;
  readonly averagePrecision: number | null;
  /** The highest sensitivity at a specificity of at least the rate that was asked for, and the reverse. */
  readonly atSpecificity: OperatingRates | null;
  readonly atSensitivity: OperatingRates | null;
  /** Expected calibration error over `calibrationBins` bins of equal mass. */
  readonly calibrationError: number | null;
}

/**
 * Probabilities of logits, in float64. Their order is that of the logits, but for ties: of two f32 that differ, both larger
 * than 22, both may have the same probability, and all beyond 37 have 1; so may two that are closer to 0 than 1e-8.
 */
export const probabilitiesOf = (logits: ArrayLike<number>): Float64Array =>
  Float64Array.from(logits, (z) => 1 / (1 + Math.exp(-z)));

/**
 * @param logits [N, K] of the images whose label states [N, K] are given
 * @param at specificity, or sensitivity, at which the other one is told
 * @throws UsageError for a rate outside [0, 1]
 */
export function metricsByClass(
  logits: Float32Array,
  { states }: Pick<ImageSet, "states">,
  classes: readonly string[],
  at: number,
): Readonly<Record<string, ClassMetrics>> {
  return Object.fromEntries(
    classes.map((name, k) => {
      const [scores, labels] = [logits, states].map((values) => classColumn(values, k, classes.length));
      const probabilities = probabilitiesOf(scores);
      const countOf = (state: number): number => labels.filter((each) => each === state).length;
      return [
        name,
        {
          positives: countOf(positive),
          negatives: countOf(negative),
          auc: auc(scores, labels),
          averagePrecision: averagePrecision(scores, labels),
          atSpecificity: ratesOf(sensitivityAtSpecificity(probabilities, labels, at)),
          atSensitivity: ratesOf(specificityAtSensitivity(probabilities, labels, at)),
          calibrationError: expectedCalibrationError(probabilities, labels),
        },
      ];
    }),
  );
}

function ratesOf(point: OperatingPoint | null): OperatingRates | null {
  return point === null
    ? null
    : { ...point, threshold: Number.isFinite(point.threshold) ? point.threshold : null };
}
