// What a person is told who asked for more memory than there is: a batch that would fit, by the plan.

import { OutOfMemoryError } from "../errors/errors.ts";

/** What stands in messages where nobody knows a better answer. */
const advice = "use a smaller batch or image";

/**
 * The same error, with the largest batch that fits by the plan.
 * @param batch that did not fit
 * @param bytesOf what a batch of so many images needs, in all; it may throw OutOfMemoryError for one that never fits
 * @param ask how to ask for it
 */
export function withFittingBatch(
  error: OutOfMemoryError,
  batch: number,
  bytesOf: (count: number) => number,
  ask: (count: number) => string = (count) => `a batch of ${count}`,
): OutOfMemoryError {
  const { available = Infinity } = error;
  const fits = (count: number): boolean => {
    try {
      return bytesOf(count) <= available;
    } catch (cause) {
      if (cause instanceof OutOfMemoryError) return false;
      throw cause;
    }
  };
  const count = largestThat(fits, batch - 1);
  const words =
    count === 0
      ? "by the plan no batch fits; use smaller images, or a smaller network"
      : `by the plan ${ask(count)} fits`;
  return new OutOfMemoryError(error.message.replace(advice, words), {
    cause: error,
    ...(error.available === undefined ? {} : { available: error.available }),
  });
}

/** The largest number from 1 to `most` that fits, where smaller ones need no more; 0 where none does. */
function largestThat(fits: (count: number) => boolean, most: number): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
