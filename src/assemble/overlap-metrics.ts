// What a segmenter's pixels on the test images come to: Dice and IoU with intervals over patients, and the area that is predicted
// of patients who do not have a class.

import type { ImageSet } from "../data/assembly/assembly.ts";
import {
  overlapIntervals,
  overlapMeasures,
  type OverlapEstimates,
  type OverlapMeasure,
} from "../metrics/overlap-intervals.ts";
import { patientOverlap, type FalseArea, type Overlaps } from "../metrics/overlap.ts";
import type { BootstrapEstimate } from "../statistics/bootstrap.ts";
import type { Interval } from "../statistics/interval.ts";

/** A number with its interval, or why it has none. */
export interface Estimate {
  /** Null where it is undefined. */
  readonly value: number | null;
  readonly interval: Interval | null;
  readonly note: string | null;
}

/**
 * `dice` and `iou` are over all known pixels of the test images together, as nnU-Net's and CamVid's tables have IoU; `patientDice` is
 * the mean over patients of each patient's own.
 */
export type OverlapFigures = Readonly<Record<OverlapMeasure, Estimate>>;

export interface ClassOverlap extends OverlapFigures {
  /** Patients with given pixels of the class, of whom `patientDice` is the mean. */
  readonly patients: number;
  /**
   * Patients who have the class, and no pixel of it at the network's size: they are in no Dice and in no false area. Undefined in
   * results of before they were counted.
   */
  readonly vanished?: number;
  /** Of the patients who are known to have nothing of it. */
  readonly falseArea: FalseArea;
}

/** Percentile intervals by bootstrap over patients; an image without one is a patient of its own. */
export interface TestOverlap {
  readonly level: number;
  readonly resamples: number;
  /** Patients that were drawn from. */
  readonly patients: number;
  readonly mean: OverlapFigures;
  readonly byClass: Readonly<Record<string, ClassOverlap>>;
}

export const estimateOf = ({ value, interval, note }: BootstrapEstimate): Estimate => ({
  value,
  interval,
  note,
});

/** @param progress told of resamples */
export function testOverlap(
  overlaps: Overlaps,
  { states, patients }: Pick<ImageSet, "states" | "patients">,
  classes: readonly string[],
  progress?: (done: number, total: number) => void,
): TestOverlap {
  const found = overlapIntervals(overlaps, states, classes, patients, { progress });
  const own = patientOverlap(overlaps, states, classes, patients);
  const figures = (estimates: OverlapEstimates): OverlapFigures => {
    const [dice, iou, patientDice] = overlapMeasures.map((measure) => estimateOf(estimates[measure]));
    return { dice, iou, patientDice };
  };
  return {
    ...{ level: found.level, resamples: found.resamples, patients: found.patients },
    mean: figures(found.mean),
    byClass: Object.fromEntries(
      classes.map((name) => {
        const { patients: showing, vanished, falseArea } = own.byClass[name];
        return [name, { ...figures(found.byClass[name]), patients: showing, vanished, falseArea }];
      }),
    ),
  };
}
