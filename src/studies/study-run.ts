// One run of a study: its plan and settings, the images of its seed, where it resumes, and its result.

import type { TrainingSettings } from "../assemble/training-settings.ts";
import type { ByClass, MeasureName } from "../metrics/measures.ts";
import type { Beginning } from "../runs/beginnings.ts";
import type { Checkpoints } from "../training/checkpoint.ts";
import type { LossCourse } from "./loss-course.ts";
import type { ChosenFrom, PlannedRun } from "./planned-run.ts";

/** The images of a seed, with the given labels and, where they are known, with full labels. */
export type StudyImages = ChosenFrom;

/** One arm's run with one seed. */
export interface StudyRun {
  readonly planned: PlannedRun;
  readonly seed: number;
  readonly settings: TrainingSettings;
  /** On the validation patients, that the sensitivity of the run is told at; undefined: .95. */
  readonly specificity?: number;
  /** Weights to begin with; undefined: what the seed draws. */
  readonly initial?: Pick<Beginning, "sha256" | "check" | "weights">;
  /** Undefined where no other run shares the warm-up. */
  readonly warmUp?: WarmUp;
}

/** The images of a seed, and a digest of their pixels and labels. */
export interface LoadedImages {
  readonly images: StudyImages;
  readonly digest: string;
}

/** The result of a finished run. */
export interface RunResult {
  /** Runs with equal keys are the same run: `keyOf`. */
  readonly key: string;
  readonly run: string;
  readonly seed: number;
  /** The classes of the run, in the order of its logits. */
  readonly classes: readonly string[];
  /** AUC on the test images by class; null where a class lacks positives or negatives. */
  readonly auc: Readonly<Record<string, number | null>>;
  /** The same by other measures, of a task that has some. */
  readonly further?: Readonly<Partial<Record<MeasureName, ByClass>>>;
  readonly steps: number;
  /** Wall-clock seconds, including time that other work on the machine took. */
  readonly seconds: number;
  /** Cosines of the learned class queries, [K][K]; null for a head without queries. */
  readonly queryCosines: readonly (readonly number[])[] | null;
  readonly course: LossCourse;
}

/** Where a run starts that was interrupted or that shares its warm-up. */
export interface ResumePoint {
  readonly from: NonNullable<Checkpoints["from"]>;
  readonly course: LossCourse;
  /** Wall-clock seconds that the run has taken so far. */
  readonly seconds: number;
}

/** A warm-up that several runs share. */
export interface WarmUp {
  /** Key of the warm-up: runs with the same key begin with the same bits. */
  readonly name: string;
  /** Whether this run is the first with this warm-up. */
  readonly isFirst: boolean;
}
