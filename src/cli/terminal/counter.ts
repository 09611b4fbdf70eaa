// Progress of countable work that waits for a device: a bar on a terminal, a line now and then elsewhere.

import { SingleBar } from "cli-progress";
import type { CountWork } from "../../runs/run-observer.ts";
import { barLook, showSeconds } from "./progress.ts";

/** A log file gets a line this often, in milliseconds. */
const betweenLines = 10_000;

export class Counter implements Disposable {
  readonly #title: string;
  readonly #bar: SingleBar | undefined;
  readonly #quiet: boolean;
  readonly #started = performance.now();
  #lastLine = performance.now();

  constructor(title: string, total: number, quiet: boolean) {
    this.#title = title;
    this.#quiet = quiet;
    if (quiet) return;
    if (!process.stderr.isTTY) {
      process.stderr.write(`${title} ...\n`);
      return;
    }
    this.#bar = new SingleBar({
      format: `{title} {bar} {left}  {value}/{total}  {what}`,
      ...barLook,
      hideCursor: true,
    });
    this.#bar.start(total, 0, { title, left: "", what: "" });
  }

  /**
   * @param done number of pieces
   * @param what the piece that was just done
   * @param secondsLeft an estimate that is better than assuming an even pace
   */
  update(done: number, total: number, what = "", secondsLeft?: number): void {
    if (this.#quiet) return;
    const now = performance.now();
    const pace = (now - this.#started) / 1000 / Math.max(1, done);
    const seconds = Math.min(secondsLeft ?? Infinity, pace * (total - done));
    const left = done < total ? `${showSeconds(seconds)} left` : "";
    if (this.#bar !== undefined) {
      this.#bar.setTotal(total);
      this.#bar.update(done, { left, what });
    } else if (now - this.#lastLine > betweenLines) {
      this.#lastLine = now;
      process.stderr.write(`${this.#title} ${done}/${total} ${left}\n`);
    }
  }

  [Symbol.dispose](): void {
    this.#bar?.stop();
  }
}

/** Counters of a run's work; none where nothing is to be said. */
export const counting = (quiet: boolean): CountWork | undefined =>
  quiet ? undefined : (title, total) => new Counter(title, total, false);
