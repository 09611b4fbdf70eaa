// What a segmenter's run came to beyond what every run says: Dice and IoU with intervals over patients, and detection by patient at
// thresholds that the validation images choose.

import { z } from "zod";
import { testOverlap, type TestOverlap } from "../assemble/overlap-metrics.ts";
import type { JudgedImages, PatientResults } from "../assemble/patient-metrics.ts";
import type { TrainedModel } from "../assemble/train-classifier.ts";
import type { Assembly } from "../data/assembly/assembly.ts";
import { countedWork } from "./counted-work.ts";
import type { CountWork } from "./run-observer.ts";

const number = z.number();
const text = z.string();
const interval = z.object({ low: number, high: number }).nullable();
const estimate = z.object({ value: number.nullable(), interval, note: text.nullable() });
const figures = { dice: estimate, iou: estimate, patientDice: estimate };
const drawn = { level: number, resamples: number, patients: number };
const proportion = z.object({ hits: number, of: number, rate: number.nullable(), interval }).nullable();

/** `TestOverlap`. */
export const testOverlapSchema = z.object({
  ...drawn,
  mean: z.object(figures),
  byClass: z.record(
    text,
    z.object({
      ...figures,
      patients: number,
      vanished: number.exactOptional(),
      falseArea: z.object({ patients: number, withAny: number, meanPixels: number.nullable() }),
    }),
  ),
});

/** `PatientResults`. */
export const patientResultsSchema = z.object({
  ...{ specificity: number, ...drawn },
  areaUnit: z.enum(["ml", "pixels"]).exactOptional(),
  byClass: z.record(
    text,
    z.object({
      ...{ positives: number, negatives: number, auc: estimate, threshold: number.nullable() },
      areaAuc: number.nullable().exactOptional(),
      chosenOn: z.object({ negatives: number, falsePositives: number }).nullable(),
      ...{ sensitivity: proportion, specificity: proportion, located: proportion, note: text.nullable() },
    }),
  ),
});

export interface SegmentationResults {
  readonly overlapIntervals: TestOverlap;
  readonly patients: PatientResults;
}

/**
 * Of a run that came to its end; undefined for others, and for a classifier's.
 * @param judgeValidation what the kept weights say of the validation images; asked where there are some
 */
export async function segmentationResults(
  { logits, overlaps, located, stopped }: Pick<TrainedModel, "logits" | "overlaps" | "located" | "stopped">,
  { classes, test, validation }: Assembly,
  judgeValidation: (set: NonNullable<Assembly["validation"]>) => Promise<Omit<JudgedImages, "set">>,
  count?: CountWork,
): Promise<SegmentationResults | undefined> {
  if (stopped || logits === undefined || overlaps === undefined) return undefined;
  const { patientResults } = await import("../assemble/patient-metrics.ts");
  const chosenOn = validation && { set: validation, ...(await judgeValidation(validation)) };
  return {
    overlapIntervals: countedWork(test.count, classes.length, count, (progress) =>
      testOverlap(overlaps, test, classes, progress),
    ),
    patients: countedWork(test.count, classes.length, count, (progress) =>
      patientResults({ set: test, logits, located, overlaps }, chosenOn, classes, { progress }),
    ),
  };
}
