// Where a column's codes lie on the latent normal variable: the position of each code, the cuts between neighbours, the mean of
// the latent within each (its score), and draws that keep to codes that are allowed.

import type { Random } from "../../data/random-stream.ts";
import { logShareBetween, normalBetween, normalDensity, normalQuantile, shareBelow } from "./normal-tails.ts";

/** A column's codes on the latent axis. */
export interface CodeCuts {
  /** [K]: the code at each position, from left to right. */
  readonly codeAt: Int32Array;
  /** [K]: the position of each code. */
  readonly positionOf: Int32Array;
  /** [K + 1]: -Infinity, the cuts between positions, Infinity. */
  readonly cuts: Float64Array;
}

/**
 * Cuts such that each code has its share of the standard normal distribution.
 *
 * @param shares [K], by code, each above 0, together 1
 * @param codeAt [K]: the codes from left to right
 */
export function cutsOf(shares: Float64Array, codeAt: Int32Array): CodeCuts {
  const count = codeAt.length;
  const positionOf = new Int32Array(count);
  const cuts = new Float64Array(count + 1);
  cuts[0] = -Infinity;
  let below = 0;
  for (let position = 0; position < count; position++) {
    positionOf[codeAt[position]] = position;
    below += shares[codeAt[position]];
    cuts[position + 1] = position + 1 === count ? Infinity : normalQuantile(below);
  }
  return { codeAt, positionOf, cuts };
}

/** [K], by code: the mean of the latent where it means this code, (phi(low) - phi(high)) / (Phi(high) - Phi(low)). */
export function scoresOf({ codeAt, cuts }: CodeCuts): Float64Array {
  const scores = new Float64Array(codeAt.length);
  codeAt.forEach((code, position) => {
    const low = cuts[position];
    const high = cuts[position + 1];
    // In the right half by the shares above, which keep their digits.
    const share = low > 0 ? shareBelow(-low) - shareBelow(-high) : shareBelow(high) - shareBelow(low);
    const mean = (normalDensity(low) - normalDensity(high)) / share;
    scores[code] = Math.min(high, Math.max(low, mean));
  });
  return scores;
}

/** The code that a latent means. */
export function codeAtLatent({ codeAt, cuts }: CodeCuts, latent: number): number {
  return codeAt[positionAt(cuts, latent, 0, codeAt.length - 1)];
}

/** Between two positions. */
function positionAt(cuts: Float64Array, latent: number, first: number, last: number): number {
  let low = first;
  let high = last;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (latent < cuts[middle + 1]) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** By code, 0 where it may not be drawn, else how much it is to be drawn more than its latent says: 1 for as much. */
export type CodeWeights = Uint8Array | Float64Array;

/** Draws the latent of one column of one row, and says which code that is. */
export class LatentDraw {
  /** What `draw` drew last. */
  latent = 0;
  code = -1;
  // The runs of neighbouring positions with one weight: first and last position, weight, logarithm of their share times it.
  readonly #first: number[] = [];
  readonly #last: number[] = [];
  readonly #weight: number[] = [];
  readonly #share: number[] = [];

  /**
   * A normal number whose code is allowed; nothing is rejected.
   *
   * @param allowed by code from `offset` on; undefined: all
   * @returns whether any is; `latent` and `code` then hold the draw
   */
  draw(
    columns: CodeCuts,
    mean: number,
    scale: number,
    random: Random,
    allowed?: CodeWeights,
    offset = 0,
  ): boolean {
    const { codeAt, cuts } = columns;
    const runs = this.#findRuns(codeAt, allowed, offset);
    if (runs === 0) return false;
    const run = runs === 1 ? 0 : this.#chosenRun(runs, cuts, mean, scale, random);
    this.#within(columns, this.#first[run], this.#last[run], mean, scale, random);
    return true;
  }

  /** A normal number within the cuts of one code. */
  drawCode(columns: CodeCuts, code: number, mean: number, scale: number, random: Random): void {
    const position = columns.positionOf[code];
    this.#within(columns, position, position, mean, scale, random);
  }

  /** The natural logarithm of the share of codes that are allowed; -Infinity where none is. */
  logShare({ codeAt, cuts }: CodeCuts, mean: number, scale: number, allowed: CodeWeights): number {
    const runs = this.#findRuns(codeAt, allowed, 0);
    if (runs === 0) return -Infinity;
    const most = this.#weighRuns(runs, cuts, mean, scale);
    let total = 0;
    for (let run = 0; run < runs; run++) total += Math.exp(this.#share[run] - most);
    return most + Math.log(total);
  }

  /** @returns how many */
  #findRuns(codeAt: Int32Array, allowed: CodeWeights | undefined, offset: number): number {
    if (allowed === undefined) {
      this.#first[0] = 0;
      this.#last[0] = codeAt.length - 1;
      this.#weight[0] = 1;
      return 1;
    }
    let runs = 0;
    for (let position = 0; position < codeAt.length; position++) {
      const weight = allowed[offset + codeAt[position]];
      if (weight === 0) continue;
      const isNext = runs > 0 && this.#last[runs - 1] === position - 1;
      if (isNext && this.#weight[runs - 1] === weight) this.#last[runs - 1] = position;
      else {
        this.#first[runs] = position;
        this.#last[runs] = position;
        this.#weight[runs] = weight;
        runs++;
      }
    }
    return runs;
  }

  /** The logarithms of the shares of runs. @returns the largest */
  #weighRuns(runs: number, cuts: Float64Array, mean: number, scale: number): number {
    let most = -Infinity;
    for (let run = 0; run < runs; run++) {
      const low = (cuts[this.#first[run]] - mean) / scale;
      const high = (cuts[this.#last[run] + 1] - mean) / scale;
      this.#share[run] = logShareBetween(low, high) + Math.log(this.#weight[run]);
      most = Math.max(most, this.#share[run]);
    }
    return most;
  }

  #chosenRun(runs: number, cuts: Float64Array, mean: number, scale: number, random: Random): number {
    const most = this.#weighRuns(runs, cuts, mean, scale);
    let total = 0;
    for (let run = 0; run < runs; run++) {
      this.#share[run] = Math.exp(this.#share[run] - most);
      total += this.#share[run];
    }
    let left = random.uniform() * total;
    for (let run = 0; run < runs; run++) {
      left -= this.#share[run];
      if (left < 0) return run;
    }
    return this.#share.indexOf(1); // rounding left nothing: the likeliest
  }

  #within(
    { codeAt, cuts }: CodeCuts,
    first: number,
    last: number,
    mean: number,
    scale: number,
    random: Random,
  ): void {
    const isWhole = first === 0 && last === codeAt.length - 1;
    const standard = isWhole
      ? random.normal()
      : normalBetween((cuts[first] - mean) / scale, (cuts[last + 1] - mean) / scale, random);
    // Rounding must not carry it over a cut.
    this.latent = Math.min(cuts[last + 1], Math.max(cuts[first], mean + scale * standard));
    this.code = codeAt[positionAt(cuts, this.latent, first, last)];
  }
}
