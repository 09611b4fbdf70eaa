// Scores of patients: the largest of a patient's images, by class; and the threshold that gives a specificity on some of them.

import {
  aList,
  bytes,
  described,
  expectArgument,
  expectFields,
  numbersInOrder,
  required,
  wholeFrom,
  type OptionChecks,
} from "../errors/arguments.ts";
import { ShapeError, TesseraError, UsageError } from "../errors/errors.ts";
import { absent, negative, positive } from "../labels/states.ts";
import { patientIndices, type Patients } from "./patient-indices.ts";

/** Images with a score of each class, and what is known of them. */
export interface ScoredImages {
  /** [N, K] in any order-preserving unit, the same for validation and test; logits will do. */
  readonly scores: ArrayLike<number>;
  /** [N, K] label states; an image whose state is absent or soft says nothing of its patient. */
  readonly states: Uint8Array;
  /** [N] whose image each is; undefined for one image, or for all: a patient of its own. */
  readonly patients?: Patients | undefined;
  /** [N, K] 1 where what an image's score is of lies in the outline of the class, 0 where not, 255 where the image has no outline. */
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

/** @throws UsageError for what is no share */
export function checkSpecificity(what: string, specificity: number): void {
  if (typeof specificity === "number" && specificity >= 0 && specificity <= 1) return;
  throw new UsageError(`${what}: a specificity is from 0 to 1, not ${described(specificity)}`);
}
