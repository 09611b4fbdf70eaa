// What is to be said of some classes of a table, below it.

import type { Overlaps } from "../metrics/overlap.ts";

/**
 * Names the classes that images show and no pixel is predicted as: of classes that were trained for too short a time, probabilities
 * may rank images well (AUC) and all stay below what makes a pixel one of the class.
 *
 * @returns a sentence; undefined where there is no such class
 */
export function unpredictedNote(
  { given, predicted }: Pick<Overlaps, "given" | "predicted">,
  classes: readonly string[],
): string | undefined {
  const sum = (counts: ArrayLike<number>, k: number): number => {
    let total = 0;
    for (let at = k; at < counts.length; at += classes.length) total += counts[at];
    return total;
  };
  const found = classes.filter((_, k) => sum(given, k) > 0 && sum(predicted, k) === 0);
  return found.length === 0
    ? undefined
    : `No pixel is predicted as ${found.join(", ")} yet, so Dice is 0, however well probabilities rank images (AUC): train longer.`;
}
