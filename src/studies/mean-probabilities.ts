// The mean probability of each test image, over all runs and over the runs of each arm. Tables are added one at a time.

import type { PredictedImage, TestPredictions } from "../runs/test-predictions.ts";

interface Sums {
  /** [N, K] */
  readonly sums: Float64Array;
  /** [N, K] The number of values in each sum. */
  readonly counts: Uint32Array;
}

export class MeanProbabilities {
  readonly #classes: readonly string[];
  readonly #rows: ReadonlyMap<string, number>;
  readonly #arms: ReadonlyMap<string, Sums>;
  #runs = 0;

  /** @param images [N] images whose means are computed; a table may have others, and may lack some of these */
  constructor(arms: readonly string[], classes: readonly string[], images: readonly PredictedImage[]) {
    this.#classes = classes;
    this.#rows = new Map(images.map((image, row) => [keyOf(image), row]));
    const length = images.length * classes.length;
    const empty = (): Sums => ({ sums: new Float64Array(length), counts: new Uint32Array(length) });
    this.#arms = new Map(arms.map((name) => [name, empty()]));
  }

  get arms(): string[] {
    return [...this.#arms.keys()];
  }

  /** Number of runs that were added. */
  get runs(): number {
    return this.#runs;
  }

  /** @param scoredClasses classes whose probabilities are added; the run did not learn the others */
  add(
    arm: string,
    scoredClasses: readonly string[],
    { classes, images, probabilities }: TestPredictions,
  ): void {
    const own = this.#arms.get(arm);
    if (own === undefined) return;
    const columns = scoredClasses.map((name) => ({
      from: classes.indexOf(name),
      to: this.#classes.indexOf(name),
    }));
    images.forEach((image, i) => {
      const row = this.#rows.get(keyOf(image));
      if (row === undefined) return;
      for (const { from, to } of columns) {
        const at = row * this.#classes.length + to;
        own.sums[at] += probabilities[i * classes.length + from];
        own.counts[at]++;
      }
    });
    this.#runs++;
  }

  /** Mean over the runs of all arms, each with the same weight; null where no run scores the class. */
  mean(row: number, column: number): number | null {
    const at = row * this.#classes.length + column;
    let [sum, count] = [0, 0];
    for (const arm of this.#arms.values()) {
      sum += arm.sums[at];
      count += arm.counts[at];
    }
    return count === 0 ? null : sum / count;
  }

  /** Means over the runs of each arm, in the order of the arms. */
  byArm(row: number, column: number): (number | null)[] {
    const at = row * this.#classes.length + column;
    return [...this.#arms.values()].map(({ sums, counts }) =>
      counts[at] === 0 ? null : sums[at] / counts[at],
    );
  }
}

const keyOf = ({ source, image }: PredictedImage): string => JSON.stringify([source, image]);
