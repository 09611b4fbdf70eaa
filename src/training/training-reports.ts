// What a run tells of itself while it trains.

import type { Evaluation } from "../assemble/evaluation.ts";
import type { Losses } from "./loss-terms.ts";

export interface StepReport {
  /** From 1. */
  readonly epoch: number;
  /** Steps since the start of the run, from 1. */
  readonly step: number;
  readonly losses: Losses;
}

export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  /** On the test images; undefined after an epoch that was not tested. */
  readonly evaluation: Evaluation | undefined;
  /** Undefined without validation. */
  readonly validation: Evaluation | undefined;
  /** Of the epoch's steps. */
  readonly learningRate: number;
  /** Means over the epoch's steps. */
  readonly losses: Losses;
}

export interface EvaluationReport {
  readonly part: "validation" | "test";
  /** Images. */
  readonly done: number;
  readonly total: number;
}

/** Called in order: steps, batches of the images that are evaluated, then their epoch. */
export interface TrainingListener {
  step?(report: StepReport): void;
  evaluated?(report: EvaluationReport): void;
  epoch?(report: EpochReport): void;
}
