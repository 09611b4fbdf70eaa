// How much more the positive labels of each class count than the negative ones.

import type { ImageSet } from "../data/assembly/assembly.ts";
import { targetOf } from "../labels/states.ts";

/** No class weighs its positives more than so many times, or less than one part of so many. */
export const largestWeight = 100;

/** [K] Weights of positives: "balanced", or of some classes by name. */
export type PositiveWeight = "balanced" | Readonly<Record<string, number>>;

/**
 * Negatives over positives of each class, over the labels of all sources, so that both kinds teach as much: then the sum of weights of
 * a class is at most twice the number of its labels. An absent label counts for nothing, a soft one for a share of a positive and
 * the rest of a negative. From 1 / 100 to 100, and 1 where a class lacks one kind.
 *
 * @param sources with the labels as they are taught: those that are filled in as negative (`absent: negative`) are
 */
export function balancedWeights(sources: readonly ImageSet[], classes: number): readonly number[] {
  const [positives, negatives] = [0, 1].map(() => new Float64Array(classes));
  for (const { states } of sources) {
    states.forEach((state, at) => {
      const target = targetOf(state);
      if (target === undefined) return;
      positives[at % classes] += target;
      negatives[at % classes] += 1 - target;
    });
  }
  return Array.from(positives, (positive, k) => {
    if (positive === 0 || negatives[k] === 0) return 1;
    return Math.min(Math.max(negatives[k] / positive, 1 / largestWeight), largestWeight);
  });
}

/**
 * [K] The weights that a setting comes to; undefined where positives and negatives count the same.
 *
 * @param names of the classes
 * @param balanced what `balancedWeights` gives; before the data is known 1 for each class
 */
export function positiveWeightsOf(
  weight: PositiveWeight | undefined,
  names: readonly string[],
  balanced: readonly number[] = names.map(() => 1),
): readonly number[] | undefined {
  if (weight === undefined) return undefined;
  return weight === "balanced" ? balanced : names.map((name) => weight[name] ?? 1);
}
