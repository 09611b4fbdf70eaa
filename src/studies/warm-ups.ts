// Arms that differ only in what joins in when the warm-up ends begin with the same warm-up: it is done once for each seed.

import { asOfSettings, type Checkpoint } from "../training/checkpoint.ts";
import { courseFrom, type LossCourse } from "./loss-course.ts";
import { warmUpNameOf } from "./run-key.ts";
import type { ResumePoint, StudyRun } from "./run-study.ts";

export interface WarmUp {
  /** Runs with the same name begin alike, to the bit. */
  readonly name: string;
  /** Whether no run before has it. */
  readonly isFirst: boolean;
}

/** The runs, each told of the warm-up that it shares, if it does. */
export function withWarmUps(runs: readonly StudyRun[]): StudyRun[] {
  const names = runs.map(warmUpNameOf);
  return runs.map((run, i) => {
    const name = names[i];
    const isShared = run.settings.warmupSteps !== 0 && names.indexOf(name) !== names.lastIndexOf(name);
    return isShared ? { ...run, warmUp: { name, isFirst: names.indexOf(name) === i } } : run;
  });
}

/** The ends of warm-ups that a run to come begins with. */
export class WarmUps {
  /** Of each warm-up, the runs that are not finished. */
  readonly #waiting = new Map<string, number>();
  readonly #ends = new Map<string, { readonly checkpoint: Checkpoint; readonly course: LossCourse }>();
  /** Of each warm-up, the run that is at it. */
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

  /** Whether another run is at its warm-up, and this one does better to come later. */
  isUnderWay({ warmUp }: StudyRun): boolean {
    return warmUp !== undefined && this.#underWay.has(warmUp.name);
  }

  /** It is at the end of its warm-up, or behind it: nobody is to wait for it any more. */
  pass(run: StudyRun): void {
    const { warmUp } = run;
    if (warmUp !== undefined && this.#underWay.get(warmUp.name) === run) this.#underWay.delete(warmUp.name);
  }

  /** Whether the end of its warm-up serves another run. */
  isWanted({ warmUp }: StudyRun): boolean {
    return warmUp !== undefined && !this.#ends.has(warmUp.name) && (this.#waiting.get(warmUp.name) ?? 0) > 1;
  }

  keep(run: StudyRun, checkpoint: Checkpoint, course: LossCourse): void {
    if (run.warmUp === undefined || !this.isWanted(run)) return;
    this.#ends.set(run.warmUp.name, { checkpoint, course: courseFrom(course) });
  }

  /** The end of its warm-up, where another run came by it. */
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
    // A run that was finished before never came by the end of its warm-up.
    this.pass(run);
    if (run.warmUp !== undefined) this.#count(run.warmUp, -1);
  }
}
