// Padding that differs from side to side, as options of convolutions and pools say it.

import type { Requirement } from "../errors/arguments.ts";
import type { Pair } from "../operators/convolution/extents.ts";

/** Pixels on both sides, or on the near one (above, left) and the far one (below, right). */
export type PaddingOfAxis = number | readonly [near: number, far: number];

/**
 * Pixels around an image: one number for all sides, [height, width], or [[top, bottom], [left, right]]. What TensorFlow calls
 * "same" is more on the far side where the total is odd: [[0, 1], [0, 1]] for windows of 3 with stride 2 on even sizes.
 */
export type Padding = number | readonly [height: PaddingOfAxis, width: PaddingOfAxis];

const isNumber = (value: unknown): boolean => typeof value === "number";
const isPaddingOfAxis = (value: unknown): boolean =>
  isNumber(value) || (Array.isArray(value) && value.length === 2 && value.every(isNumber));

/** What an option of type `Padding` must be; its range is checked with the shapes. */
export const aPadding: Requirement = {
  words: "a whole number, [height, width] or [[top, bottom], [left, right]]",
  fits: (value) =>
    isNumber(value) ||
    (Array.isArray(value) && (value.every(isNumber) || (value.length === 2 && value.every(isPaddingOfAxis)))),
};

/** The padding as attributes of operators. */
export function paddingAttributes(padding: Padding): { padding: Pair; farPadding?: Pair } {
  if (typeof padding === "number") return { padding: [padding, padding] };
  if (padding.every((each) => typeof each === "number")) return { padding: padding as unknown as Pair };
  const side = (which: 0 | 1): Pair => {
    const [height, width] = padding.map((each) => (typeof each === "number" ? each : each[which]));
    return [height, width];
  };
  return { padding: side(0), farPadding: side(1) };
}
