// What a person is told who asked for more memory than there is: a batch that would fit, by the plan.

import { OutOfMemoryError } from "../errors/errors.ts";
import { implementationBytes } from "../runtime/step-plan.ts";

/** What stands in messages where nobody knows a better answer. */
const advice = "use a smaller batch or image";

/** What a run, or a step, needs in all, and the pieces that it works in. */
export interface NeededMemory {
  readonly total: number;
  readonly pieces: readonly number[];
}

/**
 * The same error, with the largest batch that fits by the plan.
 * @param batch that did not fit
 * @param needs what a batch of so many images needs: in all, and its pieces
 * @param most bytes that one piece may have
 * @param inParts what the batch needs that did not fit, in so many parts, where it can be divided
 */
export function withFittingBatch(
  error: OutOfMemoryError,
  batch: number,
  needs: (count: number) => NeededMemory,
  most: number,
  inParts?: (parts: number) => NeededMemory,
): OutOfMemoryError {
  // Where nobody knows how much there is, and no piece was too large, it was a little that was missing.
  const whole = needs(batch);
  const isTooLarge = whole.pieces.some((bytes) => bytes > most);
  const { available = isTooLarge ? Infinity : whole.total - implementationBytes } = error;
  const hasRoom = ({ total, pieces }: NeededMemory): boolean =>
    total <= available && pieces.every((bytes) => bytes <= most);
  const fits = (count: number): boolean => hasRoom(needs(count));
  const count = largestThat(fits, batch - 1);
  const words =
    count === 0
      ? "by the plan no batch fits; use smaller images, or a smaller network"
      : `by the plan a batch of ${count} fits${divided(Math.ceil(batch / count), batch, (parts) => inParts !== undefined && hasRoom(inParts(parts)))}`;
  return new OutOfMemoryError(error.message.replace(advice, words), {
    cause: error,
    ...(error.available === undefined ? {} : { available: error.available }),
  });
}

/** How the whole batch would fit: in as many parts as make such batches of it, or in twice as many. */
function divided(least: number, batch: number, fits: (parts: number) => boolean): string {
  const parts = [least, 2 * least].find((each) => each <= batch && fits(each));
  return parts === undefined ? "" : `, or this one with --batch-split ${parts}`;
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
