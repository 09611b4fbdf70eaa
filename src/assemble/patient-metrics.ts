// Detection by patient, as summaries and `tessera evaluate` tell it. Thresholds are probabilities, as the tables of predictions have
// them. A file that is loaded when it is needed: the distributions of its intervals take half a second.

import type { ImageSet } from "../data/assembly/assembly.ts";
import {
  detections,
  type ChosenThreshold,
  type DetectionOptions,
  type Proportion,
} from "../metrics/patients.ts";
import { probabilitiesOf } from "./model-metrics.ts";
import { estimateOf, type Estimate } from "./overlap-metrics.ts";

/** Predictions of a set, as far as patients are judged by them. */
export interface JudgedImages {
  readonly set: Pick<ImageSet, "states" | "patients">;
  /** [N, K] */
  readonly logits: Float32Array;
  /** [N, K] See `PixelPredictions`; undefined for a classifier. */
  readonly located?: Uint8Array | undefined;
}

/** Detection of one class; see `Detection`. */
export interface ClassDetection {
  readonly positives: number;
  readonly negatives: number;
  readonly auc: Estimate;
  /** A patient with a higher probability is called positive; null without a threshold. */
  readonly threshold: number | null;
  /** Validation patients that chose it. */
  readonly chosenOn: Omit<ChosenThreshold, "threshold"> | null;
  readonly sensitivity: Proportion | null;
  readonly specificity: Proportion | null;
  readonly located: Proportion | null;
  readonly note: string | null;
}

export interface PatientResults {
  /** That was asked for on validation patients. */
  readonly specificity: number;
  readonly level: number;
  readonly resamples: number;
  /** Test patients; an image without one is a patient of its own. */
  readonly patients: number;
  readonly byClass: Readonly<Record<string, ClassDetection>>;
}

/** @param validation undefined where there is none: then there is no threshold, and AUC alone */
export function patientResults(
  test: JudgedImages,
  validation: JudgedImages | undefined,
  classes: readonly string[],
  options: DetectionOptions = {},
): PatientResults {
  const scored = ({
    set: { states, patients },
    logits,
    located,
  }: JudgedImages): Parameters<typeof detections>[0] => ({
    ...{ scores: probabilitiesOf(logits), states, patients, located },
  });
  const { byClass, ...found } = detections(scored(test), validation && scored(validation), classes, options);
  return {
    ...found,
    byClass: Object.fromEntries(
      classes.map((name) => {
        const { auc, chosen, ...own } = byClass[name];
        const { threshold, ...chosenOn } = chosen ?? { threshold: null };
        // Where nothing is asked for, everybody is called positive.
        const least = threshold === -Infinity ? 0 : threshold;
        const on = chosen === null ? null : (chosenOn as Omit<ChosenThreshold, "threshold">);
        return [name, { ...own, auc: estimateOf(auc), threshold: least, chosenOn: on }];
      }),
    ),
  };
}
