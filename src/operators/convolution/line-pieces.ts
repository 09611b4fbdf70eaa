// Convolutions of few channels, stems above all, and their weight gradients with subgroups of eight, for lavapipe: kernels that load
// a piece of a line of x once for all taps that meet it, and need no channels of zeros.

import type { AdapterTraits } from "../../device/traits.ts";
import { hasSubgroupsOfEight } from "../matmul/shapes.ts";
import { input, output, type Candidate } from "../operator.ts";
import { addedUp, divided } from "./chunks.ts";
import type { Extents, Sliding } from "./extents.ts";
import { wantedWorkgroups } from "./subgroup-kernels.ts";

/** The name of both candidates. They take any number of input channels, and of output channels multiples of four. */
export const linePieces = "linePieces";

/** Up to so many channels they are there: 1.1 to 1.3 times as fast as the others with 8, hardly with 16 (lavapipe, 2 cores, 2026). */
const mostChannels = 8;
/** Up to so many they may be preferred: with 4 they are 1.4 to 2 times as fast. */
const fewChannels = 4;

/**
 * From so many products of taps, pixels and output channels on: there a hundred steps save what the pipeline takes to compile, 0.4 to
 * 1 s that networks of which others do the stem need not spend (lavapipe, 2 cores, 2026).
 */
const worthPipeline = 2 ** 23;

/** Whether they are preferred, where a workgroup computes `run` pixels of a line. */
function isForLinePieces(extents: Extents, { isSoftware }: AdapterTraits, run: number): boolean {
  const { batch, channels, outputChannels, filterHeight, filterWidth, outputHeight, outputWidth } = extents;
  const work = batch * outputHeight * outputWidth * filterHeight * filterWidth * outputChannels;
  const idle = Math.ceil(outputWidth / run) * run - outputWidth;
  return isSoftware && channels <= fewChannels && work >= worthPipeline && 2 * idle <= outputWidth;
}

/** The candidates with this one among them: last, where it is preferred, or first. */
function among(others: readonly Candidate[], mine: Candidate, isPreferred: boolean): readonly Candidate[] {
  return isPreferred ? [...others, mine] : [mine, ...others];
}

function sizesOf(extents: Extents, { stride, padding, dilation }: Sliding): Record<string, number> {
  const { batch, height, width, channels, outputHeight, outputWidth, outputChannels } = extents;
  return {
    ...{ batch, height, width, channels, outputHeight, outputWidth, outputChannels },
    strideHeight: stride[0],
    paddingHeight: padding[0],
    paddingWidth: padding[1],
    dilationHeight: dilation[0],
  };
}

/** Whether channels are few, the taps of a line neighbours, and the pixels at most two apart. */
function isTaken(
  { channels, filterWidth }: Extents,
  { stride, dilation }: Sliding,
  adapter: AdapterTraits,
): boolean {
  const fits = channels <= mostChannels && filterWidth <= 7 && stride[1] <= 2 && dilation[1] === 1;
  return fits && hasSubgroupsOfEight(adapter);
}

/** The candidates of a convolution, and this one where it takes the convolution. */
export function withLinePieces(
  others: readonly Candidate[],
  extents: Extents,
  sliding: Sliding,
  adapter: AdapterTraits,
): readonly Candidate[] {
  const { filterHeight, filterWidth, outputWidth } = extents;
  if (!isTaken(extents, sliding, adapter)) return others;
  // Seven taps leave room for 28 pixels; else the longer run is taken where it leaves no more pixels idle.
  const idle = (pixels: number): number => Math.ceil(outputWidth / (4 * pixels)) * 4 * pixels - outputWidth;
  const PIXELS = filterWidth === 7 || idle(7) < idle(8) ? 7 : 8;
  const mine: Candidate = {
    name: linePieces,
    launches: [
      {
        kernel: "conv2dLinePieces",
        knobs: { TAPS: filterWidth, STRIDE: sliding.stride[1], PIXELS },
        bind: { x: input(0), weights: input(1), y: output(0) },
        sizes: { ...sizesOf(extents, sliding), filterHeight },
      },
    ],
  };
  return among(others, mine, isForLinePieces(extents, adapter, 4 * PIXELS));
}

/** Lines of the filter, of all channels of a workgroup: as many as the kernel has calls for. */
const mostRows = 9;
/** Taps x pixels of one turn of the kernel: more is code that a core does not keep at hand. */
const mostProducts = 216;

/** The candidates of a weight gradient, and this one where it takes the convolution. */
export function withWeightGradientLinePieces(
  others: readonly Candidate[],
  extents: Extents,
  sliding: Sliding,
  adapter: AdapterTraits,
): readonly Candidate[] {
  const { batch, channels, filterHeight, filterWidth, outputHeight, outputChannels } = extents;
  const pixels = 8 / sliding.stride[1];
  const most = Math.floor(
    Math.min(mostRows / filterHeight, mostProducts / (filterHeight * filterWidth * pixels)),
  );
  if (!isTaken(extents, sliding, adapter) || most === 0) return others;
  const parts = Math.ceil(channels / most);
  const tiles = parts * Math.ceil(outputChannels / 32);
  const inChunks = divided(batch * outputHeight, wantedWorkgroups / tiles);
  const mine = addedUp(
    linePieces,
    {
      kernel: "conv2dWeightGradientLinePieces",
      knobs: {
        HEIGHT: filterHeight,
        TAPS: filterWidth,
        STRIDE: sliding.stride[1],
        CHANNELS: Math.ceil(channels / parts),
      },
      sizes: { ...sizesOf(extents, sliding), ...inChunks },
    },
    { x: input(0), dy: input(1) },
    "parts",
    inChunks.chunks,
    filterHeight * filterWidth * channels * outputChannels,
  );
  return among(others, mine, isForLinePieces(extents, adapter, pixels));
}
