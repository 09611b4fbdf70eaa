// Progress that a person can watch: a bar with images per second and the time left on a terminal, a line per epoch
// elsewhere.

import { SingleBar } from "cli-progress";
import { longestWait } from "../../device/waits.ts";
import { showAuc } from "../../report/tables.ts";
import type { Evaluation } from "../../assemble/evaluation.ts";
import type { Budget } from "../../training/budget.ts";
import type {
  EpochReport,
  EvaluationReport,
  StepReport,
  TrainingListener,
} from "../../training/training-reports.ts";
import { bracketedTerms, showTerms, type TermWeights } from "./loss-words.ts";

export interface ProgressOptions {
  /** Text in front of the bar. */
  readonly title: string;
  readonly budget: Budget;
  readonly batch: number;
  /** Of the terms of the loss, at each step from 1. */
  readonly weights: (step: number) => TermWeights;
  readonly quiet: boolean;
}

export const showSeconds = (value: number): string =>
  value < 90 ? `${Math.ceil(value)} s` : `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;

/** Options of every bar. The command handles Ctrl-C, not the bar. */
export const barLook = {
  barCompleteChar: "█",
  barIncompleteChar: "░",
  barsize: 16,
  stream: process.stderr,
  gracefulExit: false,
};

/** Shows a run on stderr; `stop` leaves the terminal as it was. */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #bar: SingleBar | undefined;
  readonly #started = performance.now();
  #first: { at: number; step: number } | undefined;
  #evaluation: { readonly at: number; readonly done: number } | undefined;
  #lastLine = 0;

  constructor(options: ProgressOptions) {
    this.#options = options;
    if (options.quiet || !process.stderr.isTTY) return;
    this.#bar = new SingleBar({
      format: `{title} {bar} {left}  epoch {epoch}/{epochs}  loss {loss}  {speed}  step {value}/{total}  {terms}`,
      ...barLook,
      hideCursor: true,
      stopOnComplete: false,
    });
    const { title, budget } = options;
    const { epochs } = budget;
    this.#bar.start(budget.steps, 0, {
      title,
      epoch: 1,
      epochs,
      loss: "-",
      speed: "compiling kernels",
      left: "",
      terms: "",
    });
  }

  listener(): TrainingListener<Evaluation> {
    return {
      step: (report) => this.#step(report),
      evaluated: (report) => this.#evaluated(report),
      epoch: (report) => this.#epoch(report),
    };
  }

  stop(): void {
    this.#bar?.stop();
  }

  #step({ epoch, step, losses }: StepReport): void {
    const { budget, batch, weights, quiet, title } = this.#options;
    const { epochs, steps } = budget;
    if (quiet) return;
    const now = performance.now();
    // The first step compiles the kernels; speed is measured from its end.
    this.#first ??= { at: now, step };
    const done = step - this.#first.step;
    const rate = done === 0 ? 0 : (1000 * done) / (now - this.#first.at);
    const left = rate === 0 ? "" : `${showSeconds((steps - step) / rate)} left`;
    const speed = rate === 0 ? "" : `${Math.round(rate * batch)} images/s`;
    const loss = losses.total.toFixed(4);
    // Last in the line, where a narrow terminal cuts off.
    if (this.#bar !== undefined) {
      this.#bar.update(step, { epoch, loss, speed, left, terms: showTerms(losses, weights(step)) });
    } else if (now - this.#lastLine > 10_000) {
      // A log file gets a line every ten seconds.
      this.#lastLine = now;
      process.stderr.write(
        `${title} epoch ${epoch}/${epochs} step ${step}/${steps} loss ${loss}${bracketedTerms(losses, weights(step))} ${speed} ${left}\n`,
      );
    }
  }

  #evaluated({ part, done, total }: EvaluationReport): void {
    const { quiet, title } = this.#options;
    if (quiet) return;
    const now = performance.now();
    // The first batch compiles kernels, too.
    this.#evaluation ??= { at: now, done };
    const since = this.#evaluation;
    const rate = done === since.done ? 0 : (1000 * (done - since.done)) / (now - since.at);
    const left = rate === 0 || done === total ? "" : `${showSeconds((total - done) / rate)} left`;
    if (done === total) this.#evaluation = undefined;
    const speed = `${part} ${done}/${total}`;
    if (this.#bar !== undefined) {
      this.#bar.update({ speed, left });
    } else if (now - Math.max(this.#lastLine, since.at) > 10_000) {
      this.#lastLine = now;
      process.stderr.write(`${title} ${speed} ${left}\n`);
    }
  }

  #epoch({ epoch, losses, evaluation, validation }: EpochReport<Evaluation>): void {
    const { budget, weights, quiet, title } = this.#options;
    const { epochs, stepsPerEpoch } = budget;
    if (quiet || this.#bar !== undefined) return;
    const elapsed = showSeconds((performance.now() - this.#started) / 1000);
    const judged = [
      ...(validation === undefined ? [] : [`, validation ${scoreOf(validation)}`]),
      ...(evaluation === undefined ? [] : [`, test ${scoreOf(evaluation)}`]),
    ].join("");
    const before = (epoch - 1) * stepsPerEpoch;
    const terms = bracketedTerms(
      losses,
      weights(Math.min(budget.steps, before + stepsPerEpoch)),
      weights(before + 1),
    );
    process.stderr.write(
      `${title} epoch ${epoch}/${epochs} done after ${elapsed}: loss ${losses.total.toFixed(4)}${terms}${judged}\n`,
    );
  }
}

/**
 * Shows the progress of work that blocks the thread: a bar on a terminal, one line before and one after elsewhere. `body`
 * calls its argument after each piece.
 */
export function counted<Result>(
  { title, total, quiet }: { readonly title: string; readonly total: number; readonly quiet: boolean },
  body: (piece: () => void) => Result,
): Result {
  if (quiet) return body(() => undefined);
  const started = performance.now();
  const took = (): string => showSeconds((performance.now() - started) / 1000);
  if (!process.stderr.isTTY) {
    process.stderr.write(`${title} ...\n`);
    const result = body(() => undefined);
    process.stderr.write(`${title}: ${took()}\n`);
    return result;
  }
  // While the thread is blocked, Ctrl-C ends the process, so the cursor must not be hidden.
  const bar = new SingleBar({
    format: `{title} {bar} {value}/{total}  {left}`,
    ...barLook,
    hideCursor: false,
  });
  bar.start(total, 0, { title, left: "" });
  try {
    let done = 0;
    return body(() => {
      done++;
      const left = ((performance.now() - started) / 1000 / done) * (total - done);
      bar.update(done, { left: done < total ? `${showSeconds(left)} left` : took() });
    });
  } finally {
    bar.stop();
  }
}

/** The controller that Ctrl-C aborts; undefined between two bodies. */
let running: AbortController | undefined;
let farewell = "";

/** Sets the text that Ctrl-C prints when it ends the process between two bodies. */
export function sayWhenStopped(text: string): void {
  farewell = text;
}

/** Seconds that a device has for its answer once Ctrl-C was pressed: a step under way may end, one that hangs never does. */
const lastPatience = 30;

function interrupt(): void {
  if (running === undefined && farewell !== "") process.stderr.write(`${farewell}\n`);
  if (running === undefined || running.signal.aborted) process.exit(130);
  running.abort();
  const pressed = performance.now();
  setInterval(() => {
    const since = (performance.now() - pressed) / 1000;
    if (Math.min(since, longestWait()) < lastPatience) return;
    process.stderr.write(
      `the device has not answered for ${lastPatience} s and is left alone: what it did since the last checkpoint is lost\n`,
    );
    process.exit(130);
  }, 1000).unref();
  process.stderr.write(
    `${process.stderr.isTTY ? "\r\x1b[K" : "\n"}stopping after this step; press Ctrl-C again to stop at once\n`,
  );
}

/**
 * Runs `body` with a signal that Ctrl-C aborts; a second Ctrl-C, or one between two bodies, ends the process at once.
 *
 * The handlers stay for the rest of the process: a signal that comes while the thread is busy is delivered a turn of the
 * event loop later, and would be lost if its handler were gone by then.
 */
export async function untilInterrupted<Result>(
  body: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    if (!process.listeners(name).includes(interrupt)) process.on(name, interrupt);
  }
  const controller = new AbortController();
  running = controller;
  try {
    return await body(controller.signal);
  } finally {
    running = undefined;
  }
}

/** As `untilInterrupted`, for a body that throws the signal's reason when it is aborted: undefined then. */
export function unlessInterrupted<Result>(
  body: (signal: AbortSignal) => Promise<Result>,
): Promise<Result | undefined> {
  return untilInterrupted(async (signal) => {
    try {
      return await body(signal);
    } catch (error) {
      if (signal.aborted && error === signal.reason) return undefined;
      throw error;
    }
  });
}

/** The mean over classes, of pixels where there are any, else of images. */
const scoreOf = ({ meanAuc, overlap }: Evaluation): string =>
  overlap === undefined ? `AUC ${showAuc(meanAuc)}` : `Dice ${showAuc(overlap.meanDice)}`;
