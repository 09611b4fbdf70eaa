// What a run tells of itself while it trains.

import type { Module } from "../nn/module.ts";
import type { Losses } from "./loss-terms.ts";
import type { JudgedPart } from "./task.ts";

export interface StepReport {
  /** From 1. */
  readonly epoch: number;
  /** Steps since the start of the run, from 1. */
  readonly step: number;
  readonly losses: Losses;
}

/** @typeParam Report what the task reports of a judgement */
export interface EpochReport<Report extends object = object> {
  /** From 1. */
  readonly epoch: number;
  /** On the test images; undefined after an epoch that was not tested. */
  readonly evaluation: Report | undefined;
  /** Undefined without validation. */
  readonly validation: Report | undefined;
  /** Of the epoch's last step. */
  readonly learningRate: number;
  /** Means over the epoch's steps. */
  readonly losses: Losses;
}

export interface EvaluationReport {
  /** What is judged, or `settling` while the task finishes the module. */
  readonly part: JudgedPart | "settling";
  /** Images. */
  readonly done: number;
  readonly total: number;
}

/** Called in order: the beginning, steps, batches of the images that are evaluated, then their epoch. */
export interface TrainingListener<Report extends object = object> {
  /**
   * Before the first step.
   * @param module what is evaluated, to read from while it learns: `(module as Classifier).head`, its class queries. It is the run's to
   *   change
   */
  begun?(module: Module): void;
  /**
   * A loss of this step was no finite number: where that begins is looked for from the last checkpoint on. What follows was told
   * before, up to there, where the run goes on.
   */
  searching?(report: { readonly step: number; readonly from: number }): void;
  /** The run goes back behind this step, without the one that is left out. */
  skipped?(report: { readonly step: number; readonly from: number; readonly reason: string }): void;
  step?(report: StepReport): void;
  evaluated?(report: EvaluationReport): void;
  epoch?(report: EpochReport<Report>): void;
}

/** Tells both, the first one first. */
export function bothListeners<Report extends object>(
  first: TrainingListener<Report>,
  second: TrainingListener<Report> = {},
): TrainingListener<Report> {
  return {
    begun: (module) => {
      first.begun?.(module);
      second.begun?.(module);
    },
    searching: (report) => {
      first.searching?.(report);
      second.searching?.(report);
    },
    skipped: (report) => {
      first.skipped?.(report);
      second.skipped?.(report);
    },
    step: (report) => {
      first.step?.(report);
      second.step?.(report);
    },
    evaluated: (report) => {
      first.evaluated?.(report);
      second.evaluated?.(report);
    },
    epoch: (report) => {
      first.epoch?.(report);
      second.epoch?.(report);
    },
  };
}
