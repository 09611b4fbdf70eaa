// Detection by patient, as summaries and `tessera evaluate` tell it. Thresholds are probabilities, as the tables of predictions have
// them. A file that is loaded when it is needed: the distributions of its intervals take half a second.

import type { ImageSet } from "../data/assembly/assembly.ts";
import { detections, type DetectionOptions, type Proportion } from "../metrics/detections.ts";
import { patientScores, type ChosenThreshold } from "../metrics/patients.ts";
import { absent } from "../labels/states.ts";
import { aucByClass } from "../metrics/auc.ts";
import { sumsByPatient, type Overlaps } from "../metrics/overlap.ts";
import { patientIndices } from "../metrics/patient-indices.ts";
import { probabilitiesOf } from "./model-metrics.ts";
import { estimateOf, type Estimate } from "./overlap-metrics.ts";

/** Predictions of a set, as far as patients are judged by them. */
export interface JudgedImages {
  readonly set: Pick<ImageSet, "states" | "patients" | "voxelVolumes">;
  /** [N, K] */
  readonly logits: Float32Array;
  /** [N, K] See `PixelPredictions`; undefined for a classifier. */
  readonly located?: Uint8Array | undefined;
  /** Of a segmenter: its predicted pixels are the second score of a patient. */
  readonly overlaps?: Overlaps | undefined;
}

/** Millilitres, or pixels where the volume of some image's pixels is not known. */
export type AreaUnit = "ml" | "pixels";

/** Detection of one class; see `Detection`. */
export interface ClassDetection {
  readonly positives: number;
  readonly negatives: number;
  readonly auc: Estimate;
  /**
   * AUC of the second score, `patientAreas`. Null where a kind of patient is missing; undefined for a classifier.
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
  /** Of the second score; undefined for a classifier. */
  readonly areaUnit?: AreaUnit;
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
  const second = test.overlaps && patientAreas(test.overlaps, test.set, classes);
  const areaAucs = second && aucByClass(second.areas, patientStates(test, classes), classes);
  return {
    ...found,
    ...(second === undefined ? {} : { areaUnit: second.unit }),
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
            ...(areaAucs === undefined ? {} : { areaAuc: areaAucs[name] }),
            ...{ threshold: least, chosenOn: on },
          },
        ];
      }),
    ),
  };
}

const patientStates = (
  { set: { states, patients }, logits }: JudgedImages,
  classes: readonly string[],
): Uint8Array => patientScores({ scores: logits, states, patients }, classes.length).states;

/** The size of what is predicted of each patient, the second score of a class. */
export interface PatientAreas {
  /** [P, K] Over all images of the patient; what nobody labelled or outlined is left out. */
  readonly areas: Float64Array;
  readonly unit: AreaUnit;
}

/**
 * Predicted pixels of each patient, over all slices. Where the set knows the volume of every image's pixels they are a volume in
 * millilitres, so that patients of fine and of coarse voxels compare; a number of pixels otherwise, since both kinds in one
 * ranking would compare with nothing.
 */
export function patientAreas(
  overlaps: Overlaps,
  { states, patients, voxelVolumes }: JudgedImages["set"],
  classes: readonly string[],
): PatientAreas {
  if (voxelVolumes === undefined || voxelVolumes.some((volume) => !(volume > 0))) {
    const { predicted } = sumsByPatient("patientAreas", overlaps, states, classes, patients);
    return { areas: predicted, unit: "pixels" };
  }
  const width = classes.length;
  const { count, of } = patientIndices("patientAreas", states.length / width, patients);
  const areas = new Float64Array(count * width);
  for (const [at, state] of states.entries()) {
    if (state === absent) continue;
    const image = Math.floor(at / width);
    areas[of[image] * width + (at % width)] += (overlaps.predicted[at] * voxelVolumes[image]) / 1000;
  }
  // As f32: the order of a sum parts no two patients of equal area.
  return { areas: areas.map(Math.fround), unit: "ml" };
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
