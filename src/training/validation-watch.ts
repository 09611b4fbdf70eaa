// What validation decides in a run: which epoch was the best, and when there is no better one to wait for.

import type { Assembly } from "../data/assembly/assembly.ts";
import { negative, positive } from "../labels/states.ts";
import type { Weights } from "../tensor/held.ts";

/** Whether validation decides anything in a run: its mean AUC is defined where some class has labels of both kinds. */
export function watches({ classes, validation }: Assembly): boolean {
  const kinds = classes.map(() => new Set<number>());
  validation?.states.forEach((state, at) => kinds[at % classes.length].add(state));
  return kinds.some((found) => found.has(negative) && found.has(positive));
}

/** The best epoch so far. */
export interface BestEpoch {
  /** From 1. */
  readonly epoch: number;
  /** Of its validation. */
  readonly meanAuc: number;
  /** Undefined where only the last weights are kept. */
  readonly weights: Weights | undefined;
}

export class ValidationWatch {
  best: BestEpoch | undefined;
  readonly #patience: number;

  /** @param patience epochs without a better one after which training ends; Infinity: never */
  constructor(patience: number) {
    this.#patience = patience;
  }

  /** Whether an epoch with this mean AUC would be the best. Of equals the first is. */
  isBetter(meanAuc: number): boolean {
    return this.best === undefined || meanAuc > this.best.meanAuc;
  }

  /** @param epochs that were completed */
  isOver(epochs: number): boolean {
    return this.best !== undefined && epochs - this.best.epoch >= this.#patience;
  }
}
