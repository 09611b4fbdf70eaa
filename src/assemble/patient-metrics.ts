// Detection by patient, as summaries and `tessera evaluate` tell it. Thresholds are probabilities, as the tables of predictions have
// them. A file that is loaded when it is needed: the distributions of its intervals take half a second.

import type { ImageSet } from "../data/assembly/assembly.ts";
import { detections, type DetectionOptions, type Proportion } from "../metrics/detections.ts";
import { patientScores, type ChosenThreshold } from "../metrics/patients.ts";
import { aucByClass } from "../metrics/auc.ts";
import { sumsByPatient, type Overlaps } from "../metrics/overlap.ts";
import { probabilitiesOf } from "./model-metrics.ts";
import { estimateOf, type Estimate } from "./overlap-metrics.ts";

/** Predictions of a set, as far as patients are judged by them. */
export interface JudgedImages {
  readonly set: Pick<ImageSet, "states" | "patients">;
  /** [N, K] */
  readonly logits: Float32Array;
  /** [N, K] See `PixelPredictions`; undefined for a classifier. */
  readonly located?: Uint8Array | undefined;
  /** Of a segmenter: its predicted pixels are the second score of a patient. */
  readonly overlaps?: Overlaps | undefined;
}

/** Detection of one class; see `Detection`. */
export interface ClassDetection {
  readonly positives: number;
  readonly negatives: number;
  readonly auc: Estimate;
  /**
   * AUC of the second score: the pixels that are predicted in all of a patient's images, whose labels are known. Null where a kind of
   * patient is missing; undefined for a classifier.
   */
  readonly areaAuc?: number | null;
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
  const areas = areaAucs(test, classes);
  return {
    ...found,
    byClass: Object.fromEntries(
      classes.map((name) => {
        const { auc, chosen, ...own } = byClass[name];
        const { threshold, ...chosenOn } = chosen ?? { threshold: null };
        // Where nothing is asked for, everybody is called positive.
        const least = threshold === -Infinity ? 0 : threshold;
        const on = chosen === null ? null : (chosenOn as Omit<ChosenThreshold, "threshold">);
        return [
          name,
          {
            ...{ ...own, auc: estimateOf(auc) },
            ...(areas === undefined ? {} : { areaAuc: areas[name] }),
            ...{ threshold: least, chosenOn: on },
          },
        ];
      }),
    ),
  };
}

/** AUC over patients of their predicted pixels; undefined for a classifier. */
function areaAucs(
  { set: { states, patients }, logits, overlaps }: JudgedImages,
  classes: readonly string[],
): Record<string, number | null> | undefined {
  if (overlaps === undefined) return undefined;
  const { predicted } = sumsByPatient("patientResults", overlaps, states, classes, patients);
  const people = patientScores({ scores: logits, states, patients }, classes.length);
  return aucByClass(predicted, people.states, classes);
}

/** The thresholds of earlier results, for images without validation; a class without one is left out. */
export const thresholdsOf = ({
  byClass,
}: Pick<PatientResults, "byClass">): Readonly<Record<string, ChosenThreshold>> =>
  Object.fromEntries(
    Object.entries(byClass).flatMap(([name, { threshold, chosenOn }]) =>
      threshold === null || chosenOn === null ? [] : [[name, { threshold, ...chosenOn }]],
    ),
  );
