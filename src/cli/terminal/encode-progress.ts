// The training of an encoder of texts as a person can watch it: loss, how many queries find their own text in the batch, and what a
// few queries that were held out find.

import { SingleBar } from "cli-progress";
import type { EncoderReport } from "../../text/encoder/encoder-task.ts";
import type { Budget } from "../../training/budget.ts";
import type { EpochReport, StepReport, TrainingListener } from "../../training/training-reports.ts";
import { barLook, showSeconds } from "./progress.ts";

export interface EncodeProgressOptions {
  readonly budget: Budget;
  /** Pairs of a step. */
  readonly batch: number;
  readonly quiet: boolean;
}

/** A log file gets a line this often, in milliseconds. */
const betweenLines = 10_000;
/** Letters of a text in a list. */
const shownLetters = 96;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Shows a training on stderr; `stop` leaves the terminal as it was. */
export class EncodeProgress {
  readonly #options: EncodeProgressOptions;
  readonly #bar: SingleBar | undefined;
  #first: { readonly at: number; readonly step: number } | undefined;
  #lastLine = performance.now();

  constructor(options: EncodeProgressOptions) {
    this.#options = options;
    if (options.quiet || !process.stderr.isTTY) return;
    this.#bar = new SingleBar({
      format:
        "train {bar} {left}  epoch {epoch}/{epochs}  loss {loss}  own text first {accuracy}  {speed}  step {value}/{total}",
      ...barLook,
      hideCursor: true,
      stopOnComplete: false,
    });
    const { steps, epochs } = options.budget;
    const nothing = { loss: "-", accuracy: "-", speed: "compiling kernels", left: "" };
    this.#bar.start(steps, 0, { epoch: 1, epochs, ...nothing });
  }

  listener(): TrainingListener<EncoderReport> {
    if (this.#options.quiet) return {};
    return { step: (report) => this.#step(report), epoch: (report) => this.#epoch(report) };
  }

  stop(): void {
    this.#bar?.stop();
  }

  #step({ epoch, step, losses }: StepReport): void {
    const { budget, batch } = this.#options;
    const { epochs, steps } = budget;
    const now = performance.now();
    // The first step compiles the kernels; speed is measured from its end.
    this.#first ??= { at: now, step };
    const done = step - this.#first.step;
    const rate = done === 0 ? 0 : (1000 * done) / (now - this.#first.at);
    const left = rate === 0 ? "" : `${showSeconds((steps - step) / rate)} left`;
    const speed = rate === 0 ? "" : `${Math.round(rate * batch)} pairs/s`;
    const loss = losses["total"].toFixed(4);
    const accuracy = percent(1 - losses["misses"]);
    if (this.#bar !== undefined) this.#bar.update(step, { epoch, loss, accuracy, speed, left });
    else if (now - this.#lastLine > betweenLines) {
      this.#lastLine = now;
      process.stderr.write(
        `epoch ${epoch}/${epochs} step ${step}/${steps}: loss ${loss}, own text first ${accuracy} ${speed} ${left}\n`,
      );
    }
  }

  #epoch(report: EpochReport<EncoderReport>): void {
    const lines = epochLines(report, this.#options.budget.epochs);
    // The bar is drawn again below what is printed.
    if (this.#bar !== undefined) process.stderr.write("\r\u001b[K");
    process.stderr.write(`${lines.join("\n")}\n`);
  }
}

/** What an epoch came to: a line, and what a few queries find. */
export function epochLines(
  { epoch, losses, validation }: Pick<EpochReport<EncoderReport>, "epoch" | "losses" | "validation">,
  epochs: number,
): string[] {
  const judged =
    validation === undefined
      ? ""
      : `; held out: own text first ${percent(validation.first)}, MRR ${validation.mrr.toFixed(3)}`;
  const line = `epoch ${epoch}/${epochs}: loss ${losses["total"].toFixed(4)}, in the batch own text first ${percent(1 - losses["misses"])}${judged}`;
  const found = (validation?.nearest ?? []).flatMap(({ query, documents, own }) => [
    `  ${shortened(query)}`,
    ...documents.map((text, i) => `    ${i === own ? "*" : " "} ${shortened(text)}`),
  ]);
  return [line, ...found];
}

const shortened = (text: string): string =>
  text.length > shownLetters ? `${text.slice(0, shownLetters - 1).trimEnd()}…` : text;
