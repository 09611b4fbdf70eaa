// Shared warm-ups: arms that differ only after the warm-up compute it once for each seed.

import type { Checkpoint } from "../training/checkpoint-record.ts";
import { asOfSettings } from "../assemble/train-classifier.ts";
import { copied, type LossCourse } from "./loss-course.ts";
import { warmUpNameOf } from "./run-key.ts";
import type { ResumePoint, StudyRun, WarmUp } from "./study-run.ts";

/** The runs, each with the warm-up that it shares, if it shares one. */
export function withWarmUps(runs: readonly StudyRun[]): StudyRun[] {
  const names = runs.map(warmUpNameOf);
  return runs.map((run, i) => {
    const name = names[i];
    const isShared = run.settings.warmupSteps !== 0 && names.indexOf(name) !== names.lastIndexOf(name);
    return isShared ? { ...run, warmUp: { name, isFirst: names.indexOf(name) === i } } : run;
  });
}

/** The checkpoints at the end of warm-ups that later runs begin with. */
export class WarmUps {
  /** Unfinished runs of each warm-up. */
  readonly #waiting = new Map<string, number>();
  readonly #ends = new Map<string, { readonly checkpoint: Checkpoint; readonly course: LossCourse }>();
  /** The run that is computing each warm-up. */
  readonly #underWay = new Map<string, StudyRun>();

  constructor(runs: readonly StudyRun[]) {
    for (const { warmUp } of runs) if (warmUp !== undefined) this.#count(warmUp, 1);
  }

  #count({ name }: WarmUp, change: 1 | -1): void {
    const waiting = (this.#waiting.get(name) ?? 0) + change;
    this.#waiting.set(name, waiting);
    if (waiting === 0) this.#ends.delete(name);
  }

  begin(run: StudyRun): void {
    if (run.warmUp !== undefined && this.isWanted(run)) this.#underWay.set(run.warmUp.name, run);
  }

  /** Whether another run is computing this run's warm-up, so that this run should wait. */
  isUnderWay({ warmUp }: StudyRun): boolean {
    return warmUp !== undefined && this.#underWay.has(warmUp.name);
  }

  /** Notes that a run has passed its warm-up, so that no other run waits for it. */
  pass(run: StudyRun): void {
    const { warmUp } = run;
    if (warmUp !== undefined && this.#underWay.get(warmUp.name) === run) this.#underWay.delete(warmUp.name);
  }

  /** Whether another run needs the end of this run's warm-up. */
  isWanted({ warmUp }: StudyRun): boolean {
    return warmUp !== undefined && !this.#ends.has(warmUp.name) && (this.#waiting.get(warmUp.name) ?? 0) > 1;
  }

  keep(run: StudyRun, checkpoint: Checkpoint, course: LossCourse): void {
    if (run.warmUp === undefined || !this.isWanted(run)) return;
    this.#ends.set(run.warmUp.name, { checkpoint, course: copied(course) });
  }

  /** The end of the run's warm-up, where another run has computed it. */
  of({ warmUp, settings, planned }: StudyRun): ResumePoint | undefined {
    const end = warmUp === undefined ? undefined : this.#ends.get(warmUp.name);
    if (end === undefined) return undefined;
    const file = `the warm-up of ${planned.name}`;
    return {
      from: { checkpoint: asOfSettings(end.checkpoint, settings), file },
      course: end.course,
      seconds: 0,
    };
  }

  finished(run: StudyRun): void {
    // A run that was finished before this process did not keep the end of its warm-up.
    this.pass(run);
    if (run.warmUp !== undefined) this.#count(run.warmUp, -1);
  }
}
