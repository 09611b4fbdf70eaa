// The launches of a convolution and of its two gradients, for channel counts that are multiples of four; those by blocks
// take any C but in the gradient of the images. They stand apart from the operators because dense blocks use them too: on
// slices of a wider buffer, with batch norm and ReLU folded into the load.

import type { AdapterTraits } from "../../device/traits.ts";
import { input, output, type Candidate } from "../operator.ts";
import { hasSubgroupsOfEight, quadsPerInvocation } from "../matmul/shapes.ts";
import { preferred } from "../compose.ts";
import { addedUp, divided } from "./chunks.ts";
import { storedAs, type Storage } from "../stored.ts";
import { directSizes, type Extents, type Sliding } from "./extents.ts";
import { subgroupKernels, weightGradientSubgroups, type SubgroupKernels } from "./subgroup-kernels.ts";
import { tileCandidates, weightGradientTiles } from "./tiles.ts";

/** How a convolution reads its images, and how they, what it makes of them, and its gradients lie in memory. */
export interface ImageLoad extends Storage {
  /** Values from one pixel of x to the next, a multiple of four: x is the first C channels of them. Default C. */
  readonly rowStride?: number;
  /**
   * Whether max(x * scale + shift, 0) takes the place of x, with factors [2, C] (scale, then shift) as input 2. What
   * pads the image is zero after that.
   */
  readonly activated?: boolean;
  /** Groups of neighbouring images with factors of their own, [groups, 2, C]. Default 1. */
  readonly groups?: number;
}

/** Orders candidates by the rule: subgroups where the device is lavapipe, the last of the tiles where it is a GPU. */
function ranked(
  { isSoftware }: AdapterTraits,
  blocked: Candidate,
  tiles: readonly Candidate[],
  kernels?: SubgroupKernels,
): readonly [Candidate, ...Candidate[]] {
  const { outerProducts, isForOuter = false, subgroups } = kernels ?? {};
  const [outer, preferredOuter] = isForOuter ? [undefined, outerProducts] : [outerProducts];
  const others = isSoftware
    ? [...tiles, outer, blocked, subgroups, preferredOuter]
    : [outerProducts, subgroups, blocked, ...tiles];
  const [first = blocked, ...rest] = others.filter((candidate) => candidate !== undefined);
  return [first, ...rest];
}

/**
 * Inputs x [N, H, W, rowStride], weights [R, S, C, K] and, where x is activated, factors [2, C] (of each group); output y
 * [N, P, Q, K]. C and K are multiples of four, but that "blocked" takes any C. The last one is preferred.
 */
export function forwardCandidates(
  extents: Extents,
  sliding: Sliding,
  { rowStride = extents.channels, activated = false, groups = 1, stored = "f32" }: ImageLoad,
  adapter: AdapterTraits,
): readonly [Candidate, ...Candidate[]] {
  const { outputChannels } = extents;
  const inputs = { x: input(0), weights: input(1), factors: input(activated ? 2 : 1) };
  const bind = { ...inputs, y: output(0) };
  const sizes = { ...directSizes(extents, sliding), rowStride, groups };
  const blocked: Candidate = {
    name: "blocked",
    launches: [
      {
        kernel: "conv2dBlocked",
        knobs: {
          QUADS: quadsPerInvocation(outputChannels),
          ACTIVATED: activated,
          ...storedAs(stored, "X", "Y"),
        },
        bind,
        sizes,
      },
    ],
  };
  const lowered = { sizes, knobs: { TURNED: false, ACTIVATED: activated }, bind: inputs, stored };
  const subgroups = hasSubgroupsOfEight(adapter) ? subgroupKernels(lowered) : undefined;
  return ranked(adapter, blocked, tileCandidates(lowered), subgroups);
}

/**
 * Inputs dy [N, P, Q, K], weights [R, S, C, K]; output dx [N, H, W, C]. C and K are multiples of four;
 * with a stride, there is one candidate. The last one is preferred.
 */
export function inputGradientCandidates(
  extents: Extents,
  sliding: Sliding,
  adapter: AdapterTraits,
  { stored = "f32" }: Storage = {},
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
        knobs: { QUADS: quadsPerInvocation(channels), STRIDED: strided, ...storedAs(stored, "Dy", "Dx") },
        bind: { dy: input(0), weights: input(1), dx: output(0) },
        sizes: directSizes(extents, sliding),
      },
    ],
  };
  if (strided) return [blocked];
  // The roles of x and y are exchanged; the turned filter starts as far before the first pixel of dy as the last tap
  // reaches.
  const inputs = { x: input(0), weights: input(1), factors: input(1) };
  const sizes = {
    batch,
    height: outputHeight,
    width: outputWidth,
    channels: outputChannels,
    rowStride: outputChannels,
    groups: 1,
    filterHeight,
    filterWidth,
    outputHeight: height,
    outputWidth: width,
    outputChannels: channels,
    strideHeight: 1,
    strideWidth: 1,
    paddingHeight: (filterHeight - 1) * dilation[0] - padding[0],
    paddingWidth: (filterWidth - 1) * dilation[1] - padding[1],
    dilationHeight: dilation[0],
    dilationWidth: dilation[1],
  };
  const lowered = { sizes, knobs: { TURNED: true, ACTIVATED: false }, bind: inputs, stored };
  const subgroups = hasSubgroupsOfEight(adapter) ? subgroupKernels(lowered) : undefined;
  return ranked(adapter, blocked, tileCandidates(lowered), subgroups);
}

/** Rows of a filter's gradient that each invocation takes: at most eight, spread so that the last has about as many. */
const evenRows = (rows: number): number => Math.ceil(rows / Math.ceil(rows / 8));

/**
 * Inputs x [N, H, W, rowStride], dy [N, P, Q, K] and, where x is activated, factors [2, C]; output dw [R, S, C, K].
 * C and K are multiples of four, but that "blocked" takes any C. The last one is preferred.
 */
export function weightGradientCandidates(
  extents: Extents,
  sliding: Sliding,
  { rowStride = extents.channels, activated = false, groups = 1, stored = "f32" }: ImageLoad,
  adapter: AdapterTraits,
): readonly [Candidate, ...Candidate[]] {
  const { batch, channels, filterHeight, filterWidth, outputHeight, outputChannels } = extents;
  const rows = filterHeight * filterWidth * channels;
  // No chunk has lines of two groups.
  const lines = (batch / groups) * outputHeight;
  const sizes = { ...directSizes(extents, sliding), rowStride, groups };
  const inputs = { x: input(0), dy: input(1), factors: input(activated ? 2 : 1) };

  // 32 workgroups on lavapipe, where more only lengthen the second pass (2 cores, 2026); a few hundred on a GPU.
  const ROWS = evenRows(rows);
  const QUADS = quadsPerInvocation(outputChannels);
  const blocks = Math.ceil(rows / ROWS) * Math.ceil(outputChannels / 4 / QUADS);
  const byLines = divided(lines, (adapter.isSoftware ? 2048 : 16384) / blocks / groups);
  const blocked = addedUp(
    "blocked",
    {
      kernel: "conv2dWeightGradientChunks",
      knobs: { ROWS, QUADS, ACTIVATED: activated, ...storedAs(stored, "X", "Dy") },
      sizes: { ...sizes, ...byLines },
    },
    inputs,
    "parts",
    groups * byLines.chunks,
    rows * outputChannels,
  );

  const lowered = { extents, sliding, sizes, activated, bind: inputs, stored };
  const subgroups = hasSubgroupsOfEight(adapter) ? weightGradientSubgroups(lowered) : undefined;
  return ranked(adapter, blocked, weightGradientTiles(lowered), subgroups);
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
  storage: Storage = {},
): Candidate {
  return preferred(inputGradientCandidates(extents, sliding, adapter, storage));
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
