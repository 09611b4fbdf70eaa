// Progress on stderr: what is being done, how far along it is, and the time left.

import { SingleBar } from "cli-progress";

/** Works in order, each weighing about the same. */
export class BenchProgress {
  readonly #bar: SingleBar | undefined;
  readonly #total: number;
  readonly #started = performance.now();
  #done = 0;

  constructor(total: number) {
    this.#total = total;
    if (!process.stderr.isTTY) return;
    this.#bar = new SingleBar({
      format: "{bar} {value}/{total} {left}  {what}",
      barCompleteChar: "█",
      barIncompleteChar: "░",
      barsize: 16,
      stream: process.stderr,
      hideCursor: true,
      gracefulExit: true,
    });
    this.#bar.start(total, 0, { left: "", what: "" });
  }

  /** What happens now, within the work at hand. */
  doing(what: string): void {
    if (this.#bar !== undefined) this.#bar.update({ what });
    else process.stderr.write(`[${this.#done}/${this.#total}${this.#left()}] ${what}\n`);
  }

  /** The work at hand is done. */
  next(): void {
    this.#done++;
    this.#bar?.update(this.#done, { left: this.#left() });
  }

  stop(): void {
    this.#bar?.stop();
  }

  #left(): string {
    if (this.#done === 0) return "";
    const each = (performance.now() - this.#started) / 1000 / this.#done;
    return ` ${Math.round(each * (this.#total - this.#done))} s left`;
  }
}
