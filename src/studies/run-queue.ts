// Chooses the next run of a study, where several are under way at a time.

import type { LoadedImages, StudyRun } from "./study-run.ts";
import { WarmUps } from "./warm-ups.ts";

export class RunQueue {
  readonly warmUps: WarmUps;
  readonly #waiting: StudyRun[];
  readonly #imagesOf: (seed: number) => Promise<LoadedImages>;
  /** Images of the seeds that have unfinished runs. */
  readonly #loaded = new Map<number, Promise<LoadedImages>>();
  /** Number of unfinished runs, by seed. */
  readonly #unfinished = new Map<number, number>();

  #told = Promise.resolve();

  constructor(runs: readonly StudyRun[], imagesOf: (seed: number) => Promise<LoadedImages>) {
    this.#waiting = [...runs];
    this.#imagesOf = imagesOf;
    this.warmUps = new WarmUps(runs);
    for (const { seed } of runs) this.#unfinished.set(seed, (this.#unfinished.get(seed) ?? 0) + 1);
  }

  /** Unfinished runs. */
  get left(): number {
    return [...this.#unfinished.values()].reduce((sum, count) => sum + count, 0);
  }

  /** The first run whose warm-up no other run is computing just now, or else the first. */
  next(): StudyRun | undefined {
    const free = this.#waiting.findIndex((run) => !this.warmUps.isUnderWay(run));
    const [run] = this.#waiting.splice(Math.max(0, free), 1);
    if (run !== undefined) this.warmUps.begin(run);
    return run;
  }

  /** Gives a run back that another process has under way; it comes after all others that wait. */
  putBack(run: StudyRun): void {
    this.warmUps.pass(run);
    this.#waiting.push(run);
  }

  /** Runs that nobody in this process has taken. */
  get waiting(): number {
    return this.#waiting.length;
  }

  images(seed: number): Promise<LoadedImages> {
    const images = this.#loaded.get(seed) ?? this.#imagesOf(seed);
    this.#loaded.set(seed, images);
    return images;
  }

  /** Calls `tell` after those that were asked for before: two runs that end together may write the same file. */
  inTurn(tell: () => Promise<void> | void): Promise<void> {
    this.#told = this.#told.then(tell);
    return this.#told;
  }

  finished(run: StudyRun): void {
    this.warmUps.finished(run);
    const left = (this.#unfinished.get(run.seed) ?? 0) - 1;
    this.#unfinished.set(run.seed, left);
    if (left === 0) this.#loaded.delete(run.seed);
  }
}
