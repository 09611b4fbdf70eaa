// The launches of convolutions with subgroups of eight, for lavapipe, and which of their kernels takes a convolution there.

import { quadsPerSubgroup } from "../matmul/shapes.ts";
import { output, type Candidate } from "../operator.ts";
import { storedAs } from "../stored.ts";
import { addedUp, divided } from "./chunks.ts";
import type { Extents, Sliding } from "./extents.ts";
import type { LoweredConvolution, LoweredWeightGradient } from "./lowered.ts";

/** The kernels with subgroups for one convolution. */
export interface SubgroupKernels {
  readonly outerProducts: Candidate;
  /** Whether `outerProducts` are preferred to all others; else all others are preferred to them. */
  readonly isForOuter: boolean;
  /** Undefined where this kernel does not take the convolution. */
  readonly subgroups: Candidate | undefined;
}

/**
 * Whether the kernels of outer products, which take 32 output channels at a time, are preferred: 1.4 times conv2dSubgroups, and
 * 2.5 times with a filter of one tap. But their pipelines take twice as long to compile, half a second more: small networks of
 * other widths spend more on that than a hundred steps save (lavapipe, 2 cores, 2026).
 */
function isForOuterProducts(outputChannels: number): boolean {
  return outputChannels % 32 === 0 || outputChannels >= 128;
}

/** Neighbouring taps for each lane of conv2dWeightGradientSubgroups. */
const tapsPerLane = (filterWidth: number): number => (filterWidth === 1 ? 1 : 3);

/**
 * Whether conv2dWeightGradientOuterProducts is preferred: 1.6 times conv2dWeightGradientSubgroups with filters of one tap, 0.85
 * times where that one's taps are all busy; with a stride or a dilation, which that one does not take, 2.4 times blocks.
 */
function isWeightGradientForOuterProducts(
  filterWidth: number,
  outputChannels: number,
  isPlain: boolean,
): boolean {
  return isForOuterProducts(outputChannels) && (filterWidth % 3 !== 0 || !isPlain);
}

/** The same pixels as a line for each group, where every pixel of y meets its own pixel of x alone: lines need not be whole fours. */
function asOneLine(extents: Extents, { stride, padding }: Sliding, groups: number): Extents | undefined {
  const { batch, height, width, filterHeight, filterWidth, outputHeight, outputWidth } = extents;
  const isPlain = [filterHeight, filterWidth, ...stride].every((extent) => extent === 1);
  if (!isPlain || padding.some((pixels) => pixels > 0) || outputHeight !== height || outputWidth !== width) {
    return undefined;
  }
  const pixels = (batch / groups) * height * width;
  return { ...extents, batch: groups, height: 1, width: pixels, outputHeight: 1, outputWidth: pixels };
}

/** The sizes without those that a kernel has no use for. */
function without(
  sizes: Readonly<Record<string, number>>,
  ...names: readonly string[]
): Record<string, number> {
  return Object.fromEntries(Object.entries(sizes).filter(([name]) => !names.includes(name)));
}

/** Whether y is as large as x and a row of taps reaches no further than a subgroup: what conv2dSubgroups takes. */
function isAligned(sizes: Readonly<Record<string, number>>): boolean {
  const { height, width, outputHeight, outputWidth, strideHeight, strideWidth, filterWidth } = sizes;
  const whole = outputHeight === height && outputWidth === width && strideHeight === 1 && strideWidth === 1;
  return whole && (filterWidth - 1) * sizes.dilationWidth <= 8;
}

/** Of a convolution, or of its input gradient. */
export function subgroupKernels({ sizes, knobs, bind, stored }: LoweredConvolution): SubgroupKernels {
  const { TURNED, ACTIVATED } = knobs;
  const { outputChannels } = sizes;
  const common = { bind: { ...bind, y: output(0) } };
  const types = storedAs(stored, "X", "Y");
  const activated = Number(ACTIVATED);
  const outerProducts: Candidate = {
    name: "outerProducts",
    launches: [
      {
        ...common,
        kernel: "conv2dOuterProducts",
        knobs: { TURNED, ...types },
        sizes: { ...sizes, activated },
      },
    ],
  };
  const aligned = without(sizes, "outputHeight", "outputWidth", "strideHeight", "strideWidth");
  const subgroups: Candidate = {
    name: "subgroups",
    launches: [
      {
        ...common,
        kernel: "conv2dSubgroups",
        knobs: { QUADS: quadsPerSubgroup(outputChannels), TURNED, ...types },
        sizes: { ...aligned, activated },
      },
    ],
  };
  return {
    outerProducts,
    isForOuter: isForOuterProducts(outputChannels),
    subgroups: isAligned(sizes) ? subgroups : undefined,
  };
}

/** Workgroups of a weight gradient: enough for two cores, and one chunk spares the second pass. */
export const wantedWorkgroups = 16;

/** Of a weight gradient. */
export function weightGradientSubgroups({
  extents,
  sliding,
  sizes,
  activated,
  bind,
  stored,
}: LoweredWeightGradient): SubgroupKernels {
  const { batch, channels, filterHeight, filterWidth, outputHeight, outputWidth, outputChannels } = extents;
  const { groups } = sizes;
  const rows = filterHeight * filterWidth * channels;
  // No chunk has lines of two groups.
  const lines = (batch / groups) * outputHeight;
  const values = rows * outputChannels;

  const types = storedAs(stored, "X", "Dy");
  const line = asOneLine(extents, sliding, groups);
  const run = line === undefined ? outputWidth : 4;
  const tiles = Math.ceil(rows / 32) * Math.ceil(outputChannels / 32);
  const byRuns = divided(Math.ceil((lines * outputWidth) / run), wantedWorkgroups / tiles / groups);
  const inRuns = { chunk: byRuns.chunk * run, chunks: byRuns.chunks, activated: Number(activated) };
  const outerProducts = addedUp(
    "outerProducts",
    {
      kernel: "conv2dWeightGradientOuterProducts",
      knobs: types,
      sizes: { ...sizes, ...line, ...inRuns },
    },
    bind,
    "parts",
    groups * byRuns.chunks,
    values,
  );

  const TAPS = tapsPerLane(filterWidth);
  const QUADS = quadsPerSubgroup(outputChannels);
  const shares =
    Math.ceil((filterHeight * Math.ceil(filterWidth / TAPS) * channels) / 32) *
    Math.ceil(outputChannels / 4 / QUADS);
  const byLines = divided(lines, wantedWorkgroups / shares / groups);
  const plain = without(sizes, "strideHeight", "strideWidth", "dilationHeight", "dilationWidth");
  const subgroups = addedUp(
    "subgroups",
    {
      kernel: "conv2dWeightGradientSubgroups",
      knobs: { TAPS, QUADS, ...types },
      sizes: { ...plain, ...byLines, activated: Number(activated) },
    },
    bind,
    "parts",
    groups * byLines.chunks,
    values,
  );
  const isPlain = [...sliding.stride, ...sliding.dilation].every((step) => step === 1);
  return {
    outerProducts,
    isForOuter: isWeightGradientForOuterProducts(filterWidth, outputChannels, isPlain),
    subgroups: isPlain ? subgroups : undefined,
  };
}
