// How far a training is: a bar and a line for the eye, and now and then a sentence for a screen reader.

import { armsOf, type EpochAuc, type Setup, type Told } from "./protocol.ts";
import { duration, element, nameOfArm } from "./words.ts";

export class Progress {
  readonly #bar = element("progress", HTMLProgressElement);
  readonly #line = element("state", HTMLElement);
  readonly #said = element("said", HTMLElement);
  #shares = new Map<string, number>();
  #epochs = 0;

  begin(setup: Setup): void {
    this.#shares = new Map(armsOf(setup).map(({ name }) => [name, 0]));
    this.#epochs = setup.epochs;
    this.#bar.value = 0;
    this.say(setup.own === undefined ? "Drawing the radiographs …" : "Preparing the models …");
  }

  preparing({ what, done, total }: Extract<Told, { kind: "preparing" }>): void {
    const after = what === "Reading the images" ? "" : "Compiling the kernels …";
    this.#line.textContent = done < total ? `${what}: ${done} of ${total}` : after;
  }

  steps({ arm, reports, imagesPerSecond, left }: Extract<Told, { kind: "steps" }>): void {
    const last = reports.at(-1);
    if (last !== undefined) this.#shares.set(arm, last.step / last.steps);
    this.#bar.value = [...this.#shares.values()].reduce((sum, share) => sum + share, 0) / this.#shares.size;
    if (imagesPerSecond === 0) return;
    const rest = Number.isFinite(left) ? `, ${duration(left)} left` : "";
    this.#line.textContent = `${imagesPerSecond.toFixed(0)} images a second${rest}`;
  }

  epoch({ arm, epoch, meanAuc }: { readonly arm: string } & EpochAuc): void {
    // Once an epoch, for the last of the models: each of them would be too much to listen to.
    if (arm !== [...this.#shares.keys()].at(-1)) return;
    const auc = meanAuc === null ? "" : `, mean AUC ${meanAuc.toFixed(2)}`;
    this.#said.textContent = `Epoch ${epoch} of ${this.#epochs}, ${nameOfArm(arm)}${auc}`;
  }

  end(words: string): void {
    if (words === "Done.") this.#bar.value = 1;
    this.say(words);
  }

  /** For the eye and the ear. */
  say(text: string): void {
    this.#line.textContent = text;
    this.#said.textContent = text;
  }
}
