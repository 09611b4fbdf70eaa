// The tiles of conv2dTile and conv2dWeightGradientTile, for GPUs: how large they are, and how what is summed over is split
// among workgroups. Large tiles use a loaded value most often; small maps have too few of them to fill a GPU.

import { tilesOf, type Tile } from "../matmul/shapes.ts";
import { compose } from "../compose.ts";
import { castLaunch } from "../movement/cast.ts";
import { input, output, temporary, type Candidate } from "../operator.ts";
import { storedAs } from "../stored.ts";
import { addedUp, divided } from "./chunks.ts";
import type { LoweredConvolution, LoweredWeightGradient } from "./lowered.ts";

/**
 * Workgroups that a GPU should get: two for each of the 132 multiprocessors of a large one (H100). WebGPU does not tell how many
 * there are. Computed, not measured.
 */
const wantedWorkgroups = 264;
/** Chunks of a split depth: more of them cost more in the second pass than they save. */
const mostChunks = 12;
/** Steps of a chunk. */
const leastSteps = 4;
/**
 * So many steps a workgroup must be spared for the rule to split: a step takes a workgroup that is alone on its multiprocessor some
 * 0.5 us, and the second pass with its launch about 5 us. Computed, not measured.
 */
const worthSteps = 20;
/** Groups of four channels of x per step: the knob DEPTH of the kernel. */
const depth = 4;
/**
 * Steps along one axis of taps and channels work out anew where their taps are: a step's estimated latency is a ninth longer, its
 * throughput a sixth lower (Mesa's RADV 25.0 for navi31, 2026). They pay where they are fewer by more than that, above all at a stem.
 */
const dearerFlat = 1.2;

/**
 * The candidates with conv2dTile, the one that the rule takes on a GPU last: "tile" with the largest tile, "tileSmall" with the
 * largest one but it that fills a GPU, or else the smallest, and "tileSplit" with the smallest and its depth in chunks, which
 * are added up in order by a second pass; absent where the depth is short.
 */
export function tileCandidates(convolution: LoweredConvolution): readonly Candidate[] {
  const { sizes } = convolution;
  const { batch, outputHeight, outputWidth, outputChannels, groups } = sizes;
  // Of a group: no tile straddles two.
  const pixels = (batch / groups) * outputHeight * outputWidth;
  const workgroups = ({ ROWS, DOWN, QUADS }: Tile): number =>
    groups * Math.ceil(pixels / (ROWS * DOWN)) * Math.ceil(outputChannels / (4 * QUADS));
  const fills = (tile: Tile): boolean => workgroups(tile) >= wantedWorkgroups;

  const [largest, ...smaller] = tilesOf(outputChannels);
  const smallest = smaller[smaller.length - 1];
  const small = smaller.find(fills) ?? smallest;
  const { steps, isFlat } = stepsOf(sizes);
  const wantedChunks = Math.min(mostChunks, Math.max(2, Math.ceil(wantedWorkgroups / workgroups(smallest))));
  const split = divided(steps, Math.min(wantedChunks, steps / leastSteps));

  const whole = { chunk: steps, chunks: 1 };
  const tile = inTiles("tile", convolution, largest, isFlat, whole);
  const tileSmall = inTiles("tileSmall", convolution, small, isFlat, whole);
  if (split.chunks === 1) return fills(largest) ? [tileSmall, tile] : [tile, tileSmall];
  const tileSplit = inTiles("tileSplit", convolution, smallest, isFlat, split);
  if (fills(largest)) return [tileSplit, tileSmall, tile];
  const isWorthSplit = !fills(small) && steps - split.chunk >= worthSteps;
  return isWorthSplit ? [tile, tileSmall, tileSplit] : [tileSplit, tile, tileSmall];
}

/** Steps of a workgroup that walks along all taps and channels, and whether these are one axis (the knob FLAT). */
function stepsOf({ channels, filterHeight, filterWidth }: Readonly<Record<string, number>>): {
  readonly steps: number;
  readonly isFlat: boolean;
} {
  const [taps, inner] = [filterHeight * filterWidth, channels / 4];
  const [flat, byTap] = [Math.ceil((taps * inner) / depth), taps * Math.ceil(inner / depth)];
  const isFlat = flat * dearerFlat < byTap;
  return { steps: isFlat ? flat : byTap, isFlat };
}

function inTiles(
  name: string,
  { sizes, knobs, bind, stored }: LoweredConvolution,
  tile: Tile,
  isFlat: boolean,
  { chunk, chunks }: { readonly chunk: number; readonly chunks: number },
): Candidate {
  const launch = {
    kernel: "conv2dTile",
    // Sums of chunks are f32.
    knobs: { ...tile, FLAT: isFlat, ...knobs, ...storedAs(stored, "X", ...(chunks === 1 ? ["Y"] : [])) },
    sizes: { ...sizes, chunk, chunks },
  } as const;
  const { batch, outputHeight, outputWidth, outputChannels } = sizes;
  const values = batch * outputHeight * outputWidth * outputChannels;
  const inF32 = addedUp(name, launch, bind, "y", chunks, values, true);
  if (stored === "f32" || chunks === 1) return inF32;
  const inputs = [0, 1, 2].map(input);
  const rounded = { name: "cast", launches: [castLaunch(values, "f32", stored)] };
  return compose(
    name,
    [{ shape: [values], dtype: "f32" }],
    [
      { candidate: inF32, inputs, outputs: [temporary(0)] },
      { candidate: rounded, inputs: [temporary(0)], outputs: [output(0)] },
    ],
  );
}

/** Pixels per step: the knob DEPTH of conv2dWeightGradientTile. */
const pixelsPerStep = 16;
/** Invocations that may stay idle for the sake of a larger tile, as a share of those of the small ones. Estimated. */
const idleForLarger = 1.2;

/**
 * The candidates of the weight gradient with conv2dWeightGradientTile, the one that the rule takes on a GPU last: "tile" with 128
 * invocations, 64 rows (of taps and channels) by 64 output channels or 128 by 32, and "tileSmall" with 64, 64 by 32, for shapes
 * that leave too much of the larger one idle.
 */
export function weightGradientTiles({
  extents,
  sliding,
  sizes,
  activated,
  bind,
  stored,
}: LoweredWeightGradient): readonly Candidate[] {
  const { batch, height, width, channels, filterHeight, filterWidth } = extents;
  const { outputHeight, outputWidth, outputChannels } = extents;
  const rows = filterHeight * filterWidth * channels;
  const { groups } = sizes;
  const pixels = (batch / groups) * outputHeight * outputWidth;
  const isPointwise =
    [filterHeight, filterWidth, ...sliding.stride].every((each) => each === 1) &&
    sliding.padding.every((each) => each === 0) &&
    height === outputHeight &&
    width === outputWidth;

  const candidate = (name: string, down: number, across: number): { tile: Candidate; values: number } => {
    const tiles = Math.ceil(rows / down) * Math.ceil(outputChannels / across);
    // As many workgroups as keep a large GPU busy twice over, but no chunk shorter than 64 pixels.
    const steps = divided(Math.ceil(pixels / pixelsPerStep), Math.min(512 / tiles / groups, pixels / 64));
    const launch = {
      kernel: "conv2dWeightGradientTile",
      knobs: {
        ROWS: 2,
        DOWN: down / 8,
        QUADS: across / 4,
        DEPTH: pixelsPerStep,
        POINTWISE: isPointwise,
        ACTIVATED: activated,
        ...storedAs(stored, "X", "Dy"),
      },
      sizes: { ...sizes, chunk: steps.chunk * pixelsPerStep, chunks: steps.chunks },
    } as const;
    const tile = addedUp(name, launch, bind, "parts", groups * steps.chunks, rows * outputChannels, true);
    return { tile, values: tiles * down * across };
  };
  const large = outputChannels > 32 ? candidate("tile", 64, 64) : candidate("tile", 128, 32);
  const small = candidate("tileSmall", 64, 32);
  const isIdle = large.values > idleForLarger * small.values;
  return isIdle ? [large.tile, small.tile] : [small.tile, large.tile];
}
