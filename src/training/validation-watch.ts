// What validation decides in a run: which epoch was the best, and when there is no better one to wait for.

import type { Weights } from "../tensor/held.ts";

/** The best epoch so far. */
export interface BestEpoch {
  /** From 1. */
  readonly epoch: number;
  /** Of its validation. */
  readonly score: number;
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

  /** Whether an epoch with this score would be the best. Of equals the first is. */
  isBetter(score: number): boolean {
    return this.best === undefined || score > this.best.score;
  }

  /** @param epochs that were completed */
  isOver(epochs: number): boolean {
    return this.best !== undefined && epochs - this.best.epoch >= this.#patience;
  }
}
