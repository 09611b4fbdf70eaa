// The launches of convolutions with subgroups of eight, for lavapipe. Which of the kernels takes one is decided by what each does
// in a second, and by the share of its output channels that are not idle.

import { quadsPerSubgroup } from "../matmul/shapes.ts";
import { output, type Candidate } from "../operator.ts";
import { addedUp, divided } from "./chunks.ts";
import type { Extents, Sliding } from "./extents.ts";
import type { LoweredConvolution, LoweredWeightGradient } from "./lowered.ts";

/** The output channels that there are, as a share of those that groups of `quads` fours compute. */
function busyShare(outputChannels: number, quads: number): number {
  return outputChannels / (4 * quads * Math.ceil(outputChannels / 4 / quads));
}

/** What the kernels of outer products do: GFLOP/s, as all rates here, on lavapipe with 2 cores, 2026. */
const outerProductsRate = (outputChannels: number): number => 58 * busyShare(outputChannels, 8);

/** Whether conv2dOuterProducts is faster than conv2dSubgroups, which spares loads where a filter is wider than a tap. */
function isForOuterProducts(filterWidth: number, outputChannels: number): boolean {
  const rate = filterWidth === 1 ? 20 : 40;
  return (
    outerProductsRate(outputChannels) > rate * busyShare(outputChannels, quadsPerSubgroup(outputChannels))
  );
}

/** Neighbouring taps for each lane of conv2dWeightGradientSubgroups. */
const tapsPerLane = (filterWidth: number): number => (filterWidth === 1 ? 1 : 3);

/** Whether conv2dWeightGradientOuterProducts is faster than conv2dWeightGradientSubgroups. */
function isWeightGradientForOuterProducts(filterWidth: number, outputChannels: number): boolean {
  const taps = tapsPerLane(filterWidth);
  const rate = taps === 1 ? 37 : (68 * filterWidth) / (taps * Math.ceil(filterWidth / taps));
  return (
    outerProductsRate(outputChannels) > rate * busyShare(outputChannels, quadsPerSubgroup(outputChannels))
  );
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

/** Both kernels' candidates, as far as there are two, the faster one last. */
function fasterLast(
  outerProducts: Candidate,
  subgroups: Candidate | undefined,
  isForOuter: boolean,
): readonly Candidate[] {
  if (subgroups === undefined) return [outerProducts];
  return isForOuter ? [subgroups, outerProducts] : [outerProducts, subgroups];
}

/** Whether y is as large as x and a row of taps reaches no further than a subgroup: what conv2dSubgroups takes. */
function isAligned(sizes: Readonly<Record<string, number>>): boolean {
  const { height, width, outputHeight, outputWidth, strideHeight, strideWidth, filterWidth } = sizes;
  const whole = outputHeight === height && outputWidth === width && strideHeight === 1 && strideWidth === 1;
  return whole && (filterWidth - 1) * sizes.dilationWidth <= 8;
}

/** The candidates of a convolution, or of its input gradient; the faster one last. */
export function subgroupCandidates({ sizes, knobs, bind }: LoweredConvolution): readonly Candidate[] {
  const { TURNED, ACTIVATED } = knobs;
  const { filterWidth, outputChannels } = sizes;
  const common = { bind: { ...bind, y: output(0) } };
  const activated = Number(ACTIVATED);
  const outerProducts: Candidate = {
    name: "outerProducts",
    launches: [
      { ...common, kernel: "conv2dOuterProducts", knobs: { TURNED }, sizes: { ...sizes, activated } },
    ],
  };
  const aligned = without(sizes, "outputHeight", "outputWidth", "strideHeight", "strideWidth");
  const subgroups: Candidate = {
    name: "subgroups",
    launches: [
      {
        ...common,
        kernel: "conv2dSubgroups",
        knobs: { QUADS: quadsPerSubgroup(outputChannels), TURNED },
        sizes: { ...aligned, activated },
      },
    ],
  };
  const isForOuter = isForOuterProducts(filterWidth, outputChannels);
  return fasterLast(outerProducts, isAligned(sizes) ? subgroups : undefined, isForOuter);
}

/** Workgroups of a weight gradient: enough for two cores, and one chunk spares the second pass. */
const wantedWorkgroups = 16;

/** The candidates of a weight gradient; the faster one last. */
export function weightGradientSubgroups({
  extents,
  sliding,
  sizes,
  activated,
  bind,
}: LoweredWeightGradient): readonly Candidate[] {
  const { batch, channels, filterHeight, filterWidth, outputHeight, outputWidth, outputChannels } = extents;
  const { groups } = sizes;
  const rows = filterHeight * filterWidth * channels;
  // No chunk has lines of two groups.
  const lines = (batch / groups) * outputHeight;
  const values = rows * outputChannels;

  const line = asOneLine(extents, sliding, groups);
  const run = line === undefined ? outputWidth : 4;
  const tiles = Math.ceil(rows / 32) * Math.ceil(outputChannels / 32);
  const byRuns = divided(Math.ceil((lines * outputWidth) / run), wantedWorkgroups / tiles / groups);
  const inRuns = { chunk: byRuns.chunk * run, chunks: byRuns.chunks, activated: Number(activated) };
  const outerProducts = addedUp(
    "outerProducts",
    { kernel: "conv2dWeightGradientOuterProducts", sizes: { ...sizes, ...line, ...inRuns } },
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
      knobs: { TAPS, QUADS },
      sizes: { ...plain, ...byLines, activated: Number(activated) },
    },
    bind,
    "parts",
    groups * byLines.chunks,
    values,
  );
  const isPlain = [...sliding.stride, ...sliding.dilation].every((step) => step === 1);
  const isForOuter = isWeightGradientForOuterProducts(filterWidth, outputChannels);
  return fasterLast(outerProducts, isPlain ? subgroups : undefined, isForOuter);
}
