// What a run predicted for each of its test images: probability and label of each class. predictions-table.ts has it as a table.

import type { ImageSet } from "../data/assembly/assembly.ts";
import { probabilitiesOf } from "../assemble/model-metrics.ts";

/** Which image a row is of. */
export interface PredictedImage {
  readonly source: string;
  /** What it is called in its source. */
  readonly image: string;
  /** Empty where nobody says. */
  readonly patient: string;
}

export interface TestPredictions {
  /** K names. */
  readonly classes: readonly string[];
  /** [N] */
  readonly images: readonly PredictedImage[];
  /** [N, K] */
  readonly probabilities: Float64Array;
  /** [N, K] label states. */
  readonly states: Uint8Array;
}

/** @param logits [N, K] of the set; an image without a name is called by its place in the set */
export function testPredictions(
  logits: ArrayLike<number>,
  set: ImageSet,
  classes: readonly string[],
): TestPredictions {
  const { source, count, origins, patients, ids, states } = set;
  return {
    classes,
    images: Array.from({ length: count }, (_, row) => ({
      source: origins === undefined ? source : origins.names[origins.of[row]],
      image: ids?.[row] ?? String(row),
      patient: patients?.[row] ?? "",
    })),
    probabilities: probabilitiesOf(logits),
    states,
  };
}
