// The launches of a convolution and of its two gradients, for channel counts that are multiples of four; those by blocks
// take any C but in the gradient of the images. They stand apart from the operators because dense blocks use them too: on
// slices of a wider buffer, with batch norm and ReLU folded into the load.

import type { AdapterTraits } from "../../device/traits.ts";
import { input, output, temporary, type Candidate, type Launch } from "../operator.ts";
import { hasSubgroupsOfEight, quadsPerInvocation, quadsPerSubgroup, tileOf } from "../matmul/shapes.ts";
import { preferred } from "../compose.ts";
import { directSizes, type Extents, type Sliding } from "./extents.ts";
import {
  asOneLine,
  isForOuterProducts,
  isWeightGradientForOuterProducts,
  tapsPerLane,
} from "./subgroup-kernels.ts";

/** How a convolution reads its images. */
export interface ImageLoad {
  /** Values from one pixel of x to the next, a multiple of four: x is the first C channels of them. Default C. */
  readonly rowStride?: number;
  /**
   * Whether max(x * scale + shift, 0) takes the place of x, with factors [2, C] (scale, then shift) as input 2. What
   * pads the image is zero after that.
   */
  readonly activated?: boolean;
}

/** The sizes without those that a kernel has no use for. */
function without(
  sizes: Readonly<Record<string, number>>,
  ...names: readonly string[]
): Record<string, number> {
  return Object.fromEntries(Object.entries(sizes).filter(([name]) => !names.includes(name)));
}

/** The kernels with subgroups, where the adapter has any. */
interface SubgroupKernels {
  readonly outerProducts: Candidate;
  readonly isForOuter: boolean;
  readonly subgroups: Candidate | undefined;
}

/** Orders candidates by the rule: subgroups where the device is lavapipe, workgroup memory where it is a GPU. */
function ranked(
  { isSoftware }: AdapterTraits,
  blocked: Candidate,
  tile: Candidate,
  kernels?: SubgroupKernels,
): readonly [Candidate, ...Candidate[]] {
  const { outerProducts, isForOuter = false, subgroups } = kernels ?? {};
  const [outer, preferredOuter] = isForOuter ? [undefined, outerProducts] : [outerProducts];
  const others = isSoftware
    ? [tile, outer, blocked, subgroups, preferredOuter]
    : [outerProducts, subgroups, blocked, tile];
  const [first = blocked, ...rest] = others.filter((candidate) => candidate !== undefined);
  return [first, ...rest];
}

/** Whether y is as large as x and a row of taps reaches no further than a subgroup: what conv2dSubgroups takes. */
function isAligned(extents: Extents, { stride, dilation }: Sliding): boolean {
  const { height, width, outputHeight, outputWidth, filterWidth } = extents;
  const whole = outputHeight === height && outputWidth === width && stride[0] === 1 && stride[1] === 1;
  return whole && (filterWidth - 1) * dilation[1] <= 8;
}

/**
 * Inputs x [N, H, W, rowStride], weights [R, S, C, K] and, where x is activated, factors [2, C]; output y
 * [N, P, Q, K]. C and K are multiples of four, but that "blocked" takes any C. The last one is preferred.
 */
export function forwardCandidates(
  extents: Extents,
  sliding: Sliding,
  { rowStride = extents.channels, activated = false }: ImageLoad,
  adapter: AdapterTraits,
): readonly [Candidate, ...Candidate[]] {
  const { outputChannels } = extents;
  const bind = { x: input(0), weights: input(1), factors: input(activated ? 2 : 1), y: output(0) };
  const sizes = { ...directSizes(extents, sliding), rowStride };
  const blocked: Candidate = {
    name: "blocked",
    launches: [
      {
        kernel: "conv2dBlocked",
        knobs: { QUADS: quadsPerInvocation(outputChannels), ACTIVATED: activated },
        bind,
        sizes,
      },
    ],
  };
  const tile: Candidate = {
    name: "tile",
    launches: [
      {
        kernel: "conv2dTile",
        knobs: { ...tileOf(outputChannels), TURNED: false, ACTIVATED: activated },
        bind,
        sizes,
      },
    ],
  };
  const aligned = without(sizes, "outputHeight", "outputWidth", "strideHeight", "strideWidth");
  const subgroups: Candidate = {
    name: "subgroups",
    launches: [
      {
        kernel: "conv2dSubgroups",
        knobs: { QUADS: quadsPerSubgroup(outputChannels), TURNED: false },
        bind,
        sizes: { ...aligned, activated: Number(activated) },
      },
    ],
  };
  const outerProducts: Candidate = {
    name: "outerProducts",
    launches: [
      {
        kernel: "conv2dOuterProducts",
        knobs: { TURNED: false },
        bind,
        sizes: { ...sizes, activated: Number(activated) },
      },
    ],
  };
  if (!hasSubgroupsOfEight(adapter)) return ranked(adapter, blocked, tile);
  return ranked(adapter, blocked, tile, {
    outerProducts,
    isForOuter: isForOuterProducts(outputChannels),
    subgroups: isAligned(extents, sliding) ? subgroups : undefined,
  });
}

/**
 * Inputs dy [N, P, Q, K], weights [R, S, C, K]; output dx [N, H, W, C]. C and K are multiples of four;
 * with a stride, there is one candidate. The last one is preferred.
 */
export function inputGradientCandidates(
  extents: Extents,
  sliding: Sliding,
  adapter: AdapterTraits,
): readonly [Candidate, ...Candidate[]] {
  const { batch, height, width, channels, filterHeight, filterWidth } = extents;
  const { outputHeight, outputWidth, outputChannels } = extents;
  const { stride, padding, dilation } = sliding;
  const strided = stride.some((step) => step > 1);
  const blocked: Candidate = {
    name: "blocked",
    launches: [
      {
        kernel: "conv2dInputGradientBlocked",
        knobs: { QUADS: quadsPerInvocation(channels), STRIDED: strided },
        bind: { dy: input(0), weights: input(1), dx: output(0) },
        sizes: directSizes(extents, sliding),
      },
    ],
  };
  if (strided) return [blocked];
  // The roles of x and y are exchanged; the turned filter starts as far before the first pixel of dy as the last tap
  // reaches.
  const bind = { x: input(0), weights: input(1), factors: input(1), y: output(0) };
  const turned = {
    batch,
    height: outputHeight,
    width: outputWidth,
    channels: outputChannels,
    rowStride: outputChannels,
    filterHeight,
    filterWidth,
    outputChannels: channels,
    paddingHeight: (filterHeight - 1) * dilation[0] - padding[0],
    paddingWidth: (filterWidth - 1) * dilation[1] - padding[1],
    dilationHeight: dilation[0],
    dilationWidth: dilation[1],
  };
  const whole = { ...turned, outputHeight: height, outputWidth: width, strideHeight: 1, strideWidth: 1 };
  const tile: Candidate = {
    name: "tile",
    launches: [
      {
        kernel: "conv2dTile",
        knobs: { ...tileOf(channels), TURNED: true, ACTIVATED: false },
        bind,
        sizes: whole,
      },
    ],
  };
  const subgroups: Candidate = {
    name: "subgroups",
    launches: [
      {
        kernel: "conv2dSubgroups",
        knobs: { QUADS: quadsPerSubgroup(channels), TURNED: true },
        bind,
        sizes: { ...turned, activated: 0 },
      },
    ],
  };
  const outerProducts: Candidate = {
    name: "outerProducts",
    launches: [
      { kernel: "conv2dOuterProducts", knobs: { TURNED: true }, bind, sizes: { ...whole, activated: 0 } },
    ],
  };
  if (!hasSubgroupsOfEight(adapter)) return ranked(adapter, blocked, tile);
  return ranked(adapter, blocked, tile, {
    outerProducts,
    isForOuter: isForOuterProducts(channels),
    subgroups: isAligned(extents, sliding) ? subgroups : undefined,
  });
}

/** Sums chunks into a temporary, then the chunks in order; one chunk needs no second pass. */
function inChunks(
  name: string,
  { channels, filterHeight, filterWidth, outputChannels }: Extents,
  chunks: number,
  first: Omit<Launch, "bind">,
  activated: boolean,
): Candidate {
  const rows = filterHeight * filterWidth * channels;
  const bind = { x: input(0), dy: input(1), factors: input(activated ? 2 : 1) };
  if (chunks === 1) return { name, launches: [{ ...first, bind: { ...bind, parts: output(0) } }] };
  return {
    name,
    temporaries: [{ shape: [chunks, rows, outputChannels], dtype: "f32" }],
    launches: [
      { ...first, bind: { ...bind, parts: temporary(0) } },
      {
        kernel: "sumChunks",
        bind: { parts: temporary(0), y: output(0) },
        sizes: { quads: (rows * outputChannels) / 4, chunks },
      },
    ],
  };
}

/** Rows of a filter's gradient that each invocation takes: at most eight, spread so that the last has about as many. */
const evenRows = (rows: number): number => Math.ceil(rows / Math.ceil(rows / 8));

/** Divides `items` into chunks, as many as are wanted or a few less: none is empty. */
export function divided(items: number, wanted: number): { chunk: number; chunks: number } {
  const chunk = Math.ceil(items / Math.min(items, Math.max(1, Math.floor(wanted))));
  return { chunk, chunks: Math.ceil(items / chunk) };
}

/**
 * Inputs x [N, H, W, rowStride], dy [N, P, Q, K] and, where x is activated, factors [2, C]; output dw [R, S, C, K].
 * C and K are multiples of four, but that "blocked" takes any C. The last one is preferred.
 */
export function weightGradientCandidates(
  extents: Extents,
  sliding: Sliding,
  { rowStride = extents.channels, activated = false }: ImageLoad,
  adapter: AdapterTraits,
): readonly [Candidate, ...Candidate[]] {
  const { batch, channels, filterHeight, filterWidth, outputHeight, outputWidth, outputChannels } = extents;
  const rows = filterHeight * filterWidth * channels;
  const lines = batch * outputHeight;
  const sizes = { ...directSizes(extents, sliding), rowStride };

  // 32 workgroups on lavapipe, where more only lengthen the second pass (2 cores, 2026); a few hundred on a GPU.
  const ROWS = evenRows(rows);
  const QUADS = quadsPerInvocation(outputChannels);
  const blocks = Math.ceil(rows / ROWS) * Math.ceil(outputChannels / 4 / QUADS);
  const byLines = divided(lines, (adapter.isSoftware ? 2048 : 16384) / blocks);
  const blocked = inChunks(
    "blocked",
    extents,
    byLines.chunks,
    {
      kernel: "conv2dWeightGradientChunks",
      knobs: { ROWS, QUADS, ACTIVATED: activated },
      sizes: { ...sizes, ...byLines },
    },
    activated,
  );

  // As many workgroups as keep a large GPU busy twice over, but no chunk shorter than 64 pixels.
  const pixels = lines * outputWidth;
  const tiles = Math.ceil(rows / 64) * Math.ceil(outputChannels / 32);
  const byPixels = divided(pixels, Math.min(512 / tiles, pixels / 64));
  const tile = inChunks(
    "tile",
    extents,
    byPixels.chunks,
    { kernel: "conv2dWeightGradientTile", knobs: { ACTIVATED: activated }, sizes: { ...sizes, ...byPixels } },
    activated,
  );
  if (!hasSubgroupsOfEight(adapter)) return ranked(adapter, blocked, tile);

  // A dozen workgroups are enough for two cores, and one chunk spares the second pass.
  const line = asOneLine(extents, sliding);
  const run = line === undefined ? outputWidth : 4;
  const byRuns = divided(
    Math.ceil(pixels / run),
    16 / (Math.ceil(rows / 32) * Math.ceil(outputChannels / 32)),
  );
  const outerProducts = inChunks(
    "outerProducts",
    extents,
    byRuns.chunks,
    {
      kernel: "conv2dWeightGradientOuterProducts",
      sizes: {
        ...sizes,
        ...line,
        chunk: byRuns.chunk * run,
        chunks: byRuns.chunks,
        activated: Number(activated),
      },
    },
    activated,
  );
  const TAPS = tapsPerLane(filterWidth);
  const quads = quadsPerSubgroup(outputChannels);
  const shares =
    Math.ceil((filterHeight * Math.ceil(filterWidth / TAPS) * channels) / 32) *
    Math.ceil(outputChannels / 4 / quads);
  const byShares = divided(lines, 16 / shares);
  const subgroups = inChunks(
    "subgroups",
    extents,
    byShares.chunks,
    {
      kernel: "conv2dWeightGradientSubgroups",
      knobs: { TAPS, QUADS: quads },
      sizes: {
        ...without(sizes, "strideHeight", "strideWidth", "dilationHeight", "dilationWidth"),
        ...byShares,
        activated: Number(activated),
      },
    },
    activated,
  );
  const isPlain = [...sliding.stride, ...sliding.dilation].every((step) => step === 1);
  return ranked(adapter, blocked, tile, {
    outerProducts,
    isForOuter: isWeightGradientForOuterProducts(filterWidth, outputChannels, isPlain),
    subgroups: isPlain ? subgroups : undefined,
  });
}

/** The preferred launches of y: see `forwardCandidates`. */
export function convolutionForward(
  extents: Extents,
  sliding: Sliding,
  load: ImageLoad,
  adapter: AdapterTraits,
): Candidate {
  return preferred(forwardCandidates(extents, sliding, load, adapter));
}

/** The preferred launches of dx: see `inputGradientCandidates`. */
export function convolutionInputGradient(
  extents: Extents,
  sliding: Sliding,
  adapter: AdapterTraits,
): Candidate {
  return preferred(inputGradientCandidates(extents, sliding, adapter));
}

/** The preferred launches of dw: see `weightGradientCandidates`. */
export function convolutionWeightGradient(
  extents: Extents,
  sliding: Sliding,
  load: ImageLoad,
  adapter: AdapterTraits,
): Candidate {
  return preferred(weightGradientCandidates(extents, sliding, load, adapter));
}
