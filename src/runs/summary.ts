// What a run came to: `summary.json`, as it is written and read.

import { z } from "zod";
import { shownThresholdsSchema } from "./kept-thresholds.ts";
import { runChoicesSchema } from "./run-record.ts";
import { patientResultsSchema, testOverlapSchema } from "./segmentation-results.ts";

const number = z.number();
const text = z.string();
const score = number.nullable();
const byClass = z.record(text, score);
const aucInterval = z.object({
  interval: z.object({ low: number, high: number }).nullable(),
  note: text.nullable(),
});

const overlap = z.object({ meanDice: score, meanIou: score, dice: byClass, iou: byClass });

/** What every run says, whatever it trained. */
const course = {
  /** Epochs that were completed. */
  epochs: number,
  /** The epoch whose weights were kept, and the score of the best epoch's validation; null without validation. */
  kept: number,
  validation: score,
  /** Whether early stopping ended the run. */
  endedEarly: z.boolean(),
  /** True when the run was stopped before its last epoch ended. */
  interrupted: z.boolean(),
  seconds: number,
  /** Trained values. */
  parameters: number,
};

/** Which backend computed, on what. */
const computed = { device: text, adapter: text, driver: text };

/** Of a run on a manifest's images. */
export const summarySchema = z.object({
  /** On the test images, by the weights that were kept; null where no class has labels of both kinds. */
  meanAuc: score,
  auc: byClass,
  /** Over all pixels of the test images together, for segmentation; the AUC is that of the images' scores then. */
  overlap: overlap.exactOptional(),
  /** The same with intervals over patients, and Dice by patient; of a run that came to its end. */
  overlapIntervals: testOverlapSchema.exactOptional(),
  /** Detection by patient, at thresholds that the validation images chose; of a run that came to its end. */
  patients: patientResultsSchema.exactOptional(),
  /** Of a classifier: what validation patients chose, with which the model was written; of a run that came to its end. */
  thresholds: shownThresholdsSchema.exactOptional(),
  /** Of these numbers; null of a run that was stopped. */
  intervals: z
    .object({
      ...{ level: number, resamples: number, patients: number, mean: aucInterval },
      byClass: z.record(text, aucInterval),
    })
    .nullable(),
  /** Over each source's test images, by source; null of a run that was stopped. */
  sources: z
    .record(
      text,
      z.object({ images: number, meanAuc: score, auc: byClass, overlap: overlap.exactOptional() }),
    )
    .nullable(),
  ...course,
  /** Batch norm's statistics, estimated anew: images, batches of them, and the score on validation with these statistics. */
  reestimated: z.object({ images: number, batches: number, validation: score }).exactOptional(),
  ...computed,
  ...runChoicesSchema.shape,
  seed: number,
  manifest: text,
  /** Training images, by source. */
  images: z.record(text, number),
  /** Image files that were decoded for this run, and that were so before. */
  decoded: z.object({ images: number, fromCache: number }),
  /** Images left out because they could not be decoded, and why. */
  skipped: z.array(text),
  /** Steps that were left out, since their losses were no finite numbers. */
  skippedSteps: z.array(z.int().min(1)).exactOptional(),
});
export type Summary = z.output<typeof summarySchema>;

/** Of a run of another task. */
export const taskSummarySchema = z.object({
  task: text,
  /** On the test images, by the weights that were kept; null where there are none, or it is not defined. */
  score,
  /** What the task reports of that. */
  report: z.record(text, z.unknown()).nullable(),
  ...course,
  ...computed,
});
export type TaskSummary = z.output<typeof taskSummarySchema>;
