// The label states, as metrics and data name them. What a loss makes of them is below, beside the losses.

import { TesseraError } from "../device/errors.ts";
import { firstSoft, lastSoft } from "../operators/losses/targets.ts";

export { targetOf } from "../operators/losses/targets.ts";

/** The image is known not to show the class. */
export const negative = 0;
/** The image is known to show the class. */
export const positive = 1;
/** Nobody said: the entry takes part in no supervised loss and in no metric. */
export const absent = 255;

/**
 * The state of a label that is only probable: losses pull predictions to the probability, metrics and counts take it for
 * not labelled.
 *
 * @param probability from 0 to 1; kept to a hundredth
 * @returns 100 to 200
 * @throws TesseraError when it is no probability
 */
export function softState(probability: number): number {
  if (!(probability >= 0 && probability <= 1)) {
    throw new TesseraError(`a soft label is a probability from 0 to 1, not ${probability}`);
  }
  return Math.round(firstSoft + (lastSoft - firstSoft) * probability);
}

/** Whether a state is a soft label. */
export function isSoft(state: number): boolean {
  return state >= firstSoft && state <= lastSoft;
}
