// What runs and arms are judged by: each measure is a number from 0 to 1 for each class, more is better, and the words for it.

/** A row of the table. */
export interface Measure {
  /** In sentences: "no class of the group has an AUC". */
  readonly one: string;
  /** Of a class, in tables. */
  readonly name: string;
  /** Of several classes, in the middle of a sentence. */
  readonly mean: string;
  /** What it is of, in one sentence; nothing where everybody knows. */
  readonly about: string;
  /** Why a whole study may be without it, in the middle of a sentence. */
  readonly lacking?: string;
}

export const measures = {
  auc: { one: "an AUC", name: "AUC", mean: "mean AUC", about: "" },
  dice: {
    one: "a Dice",
    name: "Dice",
    mean: "mean Dice",
    about:
      "Dice of a class: twice the pixels given and predicted as it, over the sum of both areas, over all test images.",
  },
  iou: {
    one: "an IoU",
    name: "IoU",
    mean: "mean IoU",
    about:
      "IoU of a class: the pixels given and predicted as it, over those that are either, over all test images.",
  },
  patientAuc: {
    one: "an AUC over patients",
    name: "AUC over patients",
    mean: "mean AUC over patients",
    about:
      "A patient's score of a class is the largest of its images' scores; an image without a patient is one of its own.",
  },
  sensitivity: {
    one: "a sensitivity",
    name: "sensitivity by patient",
    mean: "mean sensitivity by patient",
    about: "At the threshold that gives the asked specificity on the patients of the validation images.",
    lacking: "it takes validation images with enough negative patients to choose a threshold",
  },
} as const satisfies Readonly<Record<string, Measure>>;

export type MeasureName = keyof typeof measures;
export const measureNames = Object.keys(measures) as MeasureName[];

/** By class; null where it is not defined. */
export type ByClass = Readonly<Record<string, number | null>>;

/** With a capital, for titles. */
export const titleOf = (words: string): string => words[0].toUpperCase() + words.slice(1);
