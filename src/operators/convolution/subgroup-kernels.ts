// Which of the kernels with subgroups of eight takes a convolution: by what each does in a second, and by the share of its
// output channels that are not idle.

import { quadsPerSubgroup } from "../matmul/shapes.ts";
import type { Extents, Sliding } from "./extents.ts";

/** The output channels that there are, as a share of those that groups of `quads` fours compute. */
function busyShare(outputChannels: number, quads: number): number {
  return outputChannels / (4 * quads * Math.ceil(outputChannels / 4 / quads));
}

/** What the kernels of outer products do: GFLOP/s, as all rates here, on lavapipe with 2 cores, 2026. */
const outerProductsRate = (outputChannels: number): number => 58 * busyShare(outputChannels, 8);

/** Whether conv2dOuterProducts is faster than conv2dSubgroups, which spares loads where a filter is wider than a tap. */
export function isForOuterProducts(filterWidth: number, outputChannels: number): boolean {
  const rate = filterWidth === 1 ? 20 : 40;
  return (
    outerProductsRate(outputChannels) > rate * busyShare(outputChannels, quadsPerSubgroup(outputChannels))
  );
}

/** Neighbouring taps for each lane of conv2dWeightGradientSubgroups. */
export const tapsPerLane = (filterWidth: number): number => (filterWidth === 1 ? 1 : 3);

/** Whether conv2dWeightGradientOuterProducts is faster than conv2dWeightGradientSubgroups. */
export function isWeightGradientForOuterProducts(filterWidth: number, outputChannels: number): boolean {
  const taps = tapsPerLane(filterWidth);
  const rate = taps === 1 ? 37 : (68 * filterWidth) / (taps * Math.ceil(filterWidth / taps));
  return (
    outerProductsRate(outputChannels) > rate * busyShare(outputChannels, quadsPerSubgroup(outputChannels))
  );
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
