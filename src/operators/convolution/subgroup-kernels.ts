// Which of the kernels with subgroups of eight takes a convolution on lavapipe.

import type { Extents, Sliding } from "./extents.ts";

/**
 * Whether the kernels of outer products, which take 32 output channels at a time, are preferred: 1.4 times conv2dSubgroups, and
 * 2.5 times with a filter of one tap. But their pipelines take twice as long to compile, half a second more: small networks of
 * other widths spend more on that than a hundred steps save (lavapipe, 2 cores, 2026).
 */
export function isForOuterProducts(outputChannels: number): boolean {
  return outputChannels % 32 === 0 || outputChannels >= 128;
}

/** Neighbouring taps for each lane of conv2dWeightGradientSubgroups. */
export const tapsPerLane = (filterWidth: number): number => (filterWidth === 1 ? 1 : 3);

/**
 * Whether conv2dWeightGradientOuterProducts is preferred: 1.6 times conv2dWeightGradientSubgroups with filters of one tap, 0.85
 * times where that one's taps are all busy; with a stride or a dilation, which that one does not take, 2.4 times blocks.
 */
export function isWeightGradientForOuterProducts(
  filterWidth: number,
  outputChannels: number,
  isPlain: boolean,
): boolean {
  return isForOuterProducts(outputChannels) && (filterWidth % 3 !== 0 || !isPlain);
}

/** The same pixels as one line, where every pixel of y meets its own pixel of x alone: lines need not be whole fours. */
export function asOneLine(extents: Extents, { stride, padding }: Sliding): Extents | undefined {
  const { batch, height, width, filterHeight, filterWidth, outputHeight, outputWidth } = extents;
  const isPlain = [filterHeight, filterWidth, ...stride].every((extent) => extent === 1);
  if (!isPlain || padding.some((pixels) => pixels > 0) || outputHeight !== height || outputWidth !== width) {
    return undefined;
  }
  const pixels = batch * height * width;
  return { ...extents, batch: 1, height: 1, width: pixels, outputHeight: 1, outputWidth: pixels };
}
