// What a label state asks of a probability: beside the losses, which are the lowest floor that reads labels.

/** A soft label of probability p is the state `firstSoft` + 100 p; `lastSoft` is that of probability 1. */
export const firstSoft = 100;
export const lastSoft = 200;

/**
 * The target of a label state: 0 for negative, 1 for positive, (state - 100) / 100 for the soft ones, 100 to 200;
 * undefined for an absent label, which any other state is.
 */
export function targetOf(state: number): number | undefined {
  if (state === 0 || state === 1) return state;
  return state >= firstSoft && state <= lastSoft ? (state - firstSoft) / (lastSoft - firstSoft) : undefined;
}
