// What a source itself says of a label, before a manifest's policies make a label state of it.

import { firstSoft, isSoft, lastSoft, softState } from "./states.ts";

/**
 * What a source says of one of its labels on one image. `blank`: it says nothing, which may mean that nothing was found; the
 * manifest's policy for blanks decides. `unknown`: nobody has looked, and no policy makes a label of that. 100 to 200 is a
 * probability that the source itself gives, as in label states: `softState`, `isSoft`.
 */
export const rawLabel = { negative: 0, positive: 1, uncertain: 2, unknown: 254, blank: 255 } as const;

/**
 * The label of a probability that a source gives: 0 and 1 are certain, all between them is soft, from .01 to .99: what is not
 * certain is never rounded to what reads as if it were.
 */
export function rawProbability(probability: number): number {
  if (probability === 0) return rawLabel.negative;
  if (probability === 1) return rawLabel.positive;
  return Math.min(Math.max(softState(probability), firstSoft + 1), lastSoft - 1);
}

/** Whether a source says anything of a label: that it is there, not there, perhaps there, or with a probability. */
export function isStated(label: number): boolean {
  return (
    label === rawLabel.negative ||
    label === rawLabel.positive ||
    label === rawLabel.uncertain ||
    isSoft(label)
  );
}
