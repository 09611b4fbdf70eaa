// Accuracy of a classifier whose classes exclude each other.

import { expectArgument, numbersInOrder, wholeFrom } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { positive } from "../labels/states.ts";

/**
 * The share of images whose largest logit is that of a class they have. Images without a given positive class are left out;
 * of equal logits, the first counts.
 *
 * @param logits [N, K]
 * @param states [N, K] label states
 * @param classes K
 * @returns null where no image has a given positive class
 * @throws UsageError when the lengths do not agree
 */
export function accuracy(
  logits: ArrayLike<number>,
  states: ArrayLike<number>,
  classes: number,
): number | null {
  expectArgument("accuracy", "the logits", logits, numbersInOrder);
  expectArgument("accuracy", "the label states", states, numbersInOrder);
  expectArgument("accuracy", "the number of classes", classes, wholeFrom(1));
  if (logits.length !== states.length || logits.length % classes !== 0) {
    throw new UsageError(
      `accuracy: ${logits.length} logits and ${states.length} label states must be of as many images, ${classes} each`,
    );
  }
  let [labelled, right] = [0, 0];
  for (let row = 0; row < logits.length; row += classes) {
    let [best, has] = [row, false];
    for (let at = row; at < row + classes; at++) {
      if (logits[at] > logits[best]) best = at;
      if (states[at] === positive) has = true;
    }
    if (!has) continue;
    labelled++;
    if (states[best] === positive) right++;
  }
  return labelled === 0 ? null : right / labelled;
}
