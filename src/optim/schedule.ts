// What all learning-rate schedules have in common. Some follow the steps of a run, others the metric of its epochs.

import { described } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";

/** What a schedule remembers between steps and epochs. */
export type ScheduleState = Readonly<Record<string, number>>;

/** What a schedule moves: an optimiser is one. */
export interface Scheduled {
  learningRate: number;
}

/** @throws UsageError unless it has a learning rate to move */
export function expectTarget(schedule: string, target: Scheduled): void {
  const rate: unknown = (target as Scheduled | undefined | null)?.learningRate;
  if (typeof rate === "number" && !Number.isNaN(rate)) return;
  throw new UsageError(
    `${schedule}: takes what has a learningRate, an optimiser, as its first argument, got ${described(target)}`,
  );
}

/** A rule for the learning rate of an optimiser. */
export interface Schedule {
  /** Set to what another schedule of the same settings had, it goes on as that one; the rate itself is the optimiser's. */
  state: ScheduleState;

  /**
   * Comes before each step of a run, also before each replay of a recorded one.
   *
   * @param step counted from 1 over the whole run
   * @param steps of the whole run
   */
  beforeStep(step: number, steps: number): void;

  /** Reports the metric of an epoch, after its steps. */
  afterEpoch(metric: number): void;
}
