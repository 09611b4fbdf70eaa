// Progress over all runs of a study: a bar with the run under way and the time left on a terminal, a line now and then
// elsewhere. Of several runs under way, the one that began first is shown.

import { plainText } from "../../errors/plain-text.ts";
import { SingleBar } from "cli-progress";
import type { Losses } from "../../training/loss-terms.ts";
import type { RunCost } from "../../studies/cost.ts";
import { bracketedTerms, type TermWeights } from "./loss-words.ts";
import { barLook, showSeconds } from "./progress.ts";

/** A log file gets a line this often, in milliseconds. */
const betweenLines = 30_000;

/** A run under way. */
interface Current {
  readonly cost: RunCost;
  readonly started: number;
  /** The first step of this process; an earlier process may have taken others. */
  first?: number;
  /** Views of images that the run has seen so far. */
  views: number;
}

export class StudyProgress {
  readonly #runs: number;
  readonly #total: number;
  readonly #quiet: boolean;
  readonly #bar: SingleBar | undefined;
  #done = { runs: 0, views: 0 };
  /** Views computed by this process, whose pace gives the time left. */
  #own = { views: 0, since: NaN };
  /** Runs under way by name, in the order in which they began. */
  readonly #current = new Map<string, Current>();
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
    const now = performance.now();
    if (Number.isNaN(this.#own.since)) this.#own.since = now;
    this.#current.set(name, { cost, started: now, views: 0 });
  }

  /** @param step of a run under way, from 1. @param weights of the terms at it */
  step(name: string, step: number, losses: Losses, weights: TermWeights): void {
    const current = this.#current.get(name);
    if (current === undefined || this.#quiet) return;
    const { cost, started } = current;
    const before = (current.first ??= step) - 1;
    current.views = (cost.views * (step - before)) / (cost.steps - before);
    const [shown] = this.#current.keys();
    if (shown !== name) return;
    const rate = Math.round((1000 * current.views) / (performance.now() - started));
    // The loss terms come last, where a narrow terminal cuts off.
    const loss = `loss ${losses.total.toFixed(4)}  ${rate} views/s${bracketedTerms(losses, weights)}`;
    this.#show(`${name}  step ${step}/${cost.steps}  ${loss}`);
  }

  /** @param reused whether it was finished before */
  end(name: string, cost: RunCost, reused: boolean, result: string): void {
    if (!reused) this.#own.views += cost.views;
    this.#current.delete(name);
    this.#done = { runs: this.#done.runs + 1, views: this.#done.views + cost.views };
    if (this.#quiet) return;
    if (this.#bar !== undefined) this.#show(`${name}  ${result}`);
    else if (!reused) {
      process.stderr.write(`run ${this.#done.runs}/${this.#runs} ${name}: ${result}  ${this.#left()}\n`);
    }
  }

  /** Views of the runs under way. */
  #underWay(): number {
    return [...this.#current.values()].reduce((sum, { views }) => sum + views, 0);
  }

  #left(): string {
    const views = this.#underWay();
    const pace = (performance.now() - this.#own.since) / 1000 / (this.#own.views + views);
    const left = pace * (this.#total - this.#done.views - views);
    return Number.isFinite(left) && left > 0 ? `${showSeconds(left)} left` : "";
  }

  #show(what: string): void {
    const run = Math.min(this.#runs, this.#done.runs + 1);
    if (this.#bar !== undefined) {
      this.#bar.update(this.#done.views + this.#underWay(), {
        run,
        what: plainText(what),
        left: this.#left(),
      });
      return;
    }
    const now = performance.now();
    if (now - this.#lastLine < betweenLines) return;
    this.#lastLine = now;
    process.stderr.write(`run ${run}/${this.#runs} ${what}  ${this.#left()}\n`);
  }

  stop(): void {
    this.#bar?.stop();
  }
}
