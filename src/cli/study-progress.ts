// Progress over all runs of a study: a bar with the run under way and the time left on a terminal, a line now and then
// elsewhere.

import { SingleBar } from "cli-progress";
import type { Losses, RunCost } from "../assemble/index.ts";
import { barLook, showSeconds, showTerms } from "./progress.ts";

/** A log file gets a line this often, in milliseconds. */
const betweenLines = 30_000;

export class StudyProgress {
  readonly #runs: number;
  readonly #total: number;
  readonly #quiet: boolean;
  readonly #bar: SingleBar | undefined;
  #done = { runs: 0, views: 0 };
  /** What was not there already: time left follows its pace. */
  #own = { views: 0, seconds: 0 };
  #current:
    { readonly name: string; readonly cost: RunCost; readonly started: number; first?: number } | undefined;
  #lastLine = performance.now();

  constructor(title: string, costs: readonly RunCost[], quiet: boolean) {
    this.#runs = costs.length;
    this.#total = costs.reduce((sum, { views }) => sum + views, 0);
    this.#quiet = quiet;
    if (quiet || !process.stderr.isTTY) return;
    this.#bar = new SingleBar({
      format: `${title} {bar} {left}  run {run}/${this.#runs}  {what}`,
      ...barLook,
      hideCursor: true,
    });
    this.#bar.start(this.#total, 0, { run: 1, left: "", what: "" });
  }

  begin(name: string, cost: RunCost): void {
    this.#current = { name, cost, started: performance.now() };
  }

  /** @param step of the run under way, from 1 */
  step(step: number, losses: Losses): void {
    if (this.#current === undefined || this.#quiet) return;
    const { name, cost, started } = this.#current;
    // It may begin with what was taken before.
    const before = (this.#current.first ??= step) - 1;
    const views = (cost.views * (step - before)) / (cost.steps - before);
    const rate = Math.round((1000 * views) / (performance.now() - started));
    // The terms last: a narrow terminal cuts them off.
    const loss = `loss ${losses.total.toFixed(4)}  ${rate} views/s  (${showTerms(losses)})`;
    this.#show(`${name}  step ${step}/${cost.steps}  ${loss}`, views);
  }

  /** @param reused whether it was finished before */
  end(name: string, cost: RunCost, reused: boolean, result: string): void {
    if (!reused && this.#current !== undefined) {
      this.#own.views += cost.views;
      this.#own.seconds += (performance.now() - this.#current.started) / 1000;
    }
    this.#current = undefined;
    this.#done = { runs: this.#done.runs + 1, views: this.#done.views + cost.views };
    if (this.#quiet) return;
    if (this.#bar !== undefined) this.#show(`${name}  ${result}`, 0);
    else if (!reused) {
      process.stderr.write(`run ${this.#done.runs}/${this.#runs} ${name}: ${result}  ${this.#left(0)}\n`);
    }
  }

  #left(views: number): string {
    const now = this.#current === undefined ? 0 : (performance.now() - this.#current.started) / 1000;
    const pace = (this.#own.seconds + now) / (this.#own.views + views);
    const left = pace * (this.#total - this.#done.views - views);
    return Number.isFinite(left) && left > 0 ? `${showSeconds(left)} left` : "";
  }

  #show(what: string, views: number): void {
    const run = Math.min(this.#runs, this.#done.runs + 1);
    if (this.#bar !== undefined) {
      this.#bar.update(this.#done.views + views, { run, what, left: this.#left(views) });
      return;
    }
    const now = performance.now();
    if (now - this.#lastLine < betweenLines) return;
    this.#lastLine = now;
    process.stderr.write(`run ${run}/${this.#runs} ${what}  ${this.#left(views)}\n`);
  }

  stop(): void {
    this.#bar?.stop();
  }
}
