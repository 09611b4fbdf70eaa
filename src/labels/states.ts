// Label states: what is known of one class on one image, as operators, metrics and data share it. A state is a byte:
// 0 negative, 1 positive, 100 to 200 a soft label in percent, 255 absent.

import { described } from "../errors/arguments.ts";
import { TesseraError } from "../errors/errors.ts";
import { placeOf } from "./wording.ts";

/** The image is known not to show the class. */
export const negative = 0;
/** The image is known to show the class. */
export const positive = 1;
/** Nobody said: the entry takes part in no supervised loss and in no metric. */
export const absent = 255;
/** A soft label of probability p is the state `firstSoft` + 100 p; `lastSoft` is that of probability 1. */
export const firstSoft = 100;
export const lastSoft = 200;

/**
 * The state of a label that is only probable: losses pull predictions to the probability, metrics and counts take it for
 * not labelled.
 *
 * @param probability from 0 to 1; kept to a hundredth
 * @returns 100 to 200
 * @throws TesseraError when it is no probability
 */
export function softState(probability: number): number {
  if (typeof probability !== "number" || !(probability >= 0 && probability <= 1)) {
    throw new TesseraError(
      `softState: a soft label is a probability from 0 to 1, not ${described(probability)}`,
    );
  }
  return Math.round(firstSoft + (lastSoft - firstSoft) * probability);
}

/** Whether a state is a soft label. */
export function isSoft(state: number): boolean {
  return typeof state === "number" && state >= firstSoft && state <= lastSoft;
}

/**
 * The probability that a label state asks for: 0 for negative, 1 for positive, (state - 100) / 100 for the soft ones, 100 to
 * 200; undefined for an absent label, which any other state is.
 */
export function targetOf(state: number): number | undefined {
  if (state === negative || state === positive) return state;
  return isSoft(state) ? (state - firstSoft) / (lastSoft - firstSoft) : undefined;
}

/** Label states [N, K] in the columns of another list of classes; absent where it has one that the first list has not. */
export function statesAmong(states: Uint8Array, from: readonly string[], to: readonly string[]): Uint8Array {
  const columns = to.map(placeOf(from));
  const rows = states.length / from.length;
  return Uint8Array.from({ length: rows * to.length }, (_, at) => {
    const column = columns[at % to.length];
    return column < 0 ? absent : states[Math.floor(at / to.length) * from.length + column];
  });
}
