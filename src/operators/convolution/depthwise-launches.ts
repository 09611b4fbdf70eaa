// The launches of depthwise convolutions and of their gradients: every one is bound by memory, so all turns about loading a
// value once.

import type { AdapterTraits } from "../../device/traits.ts";
import { input, output, type Candidate, type Launch } from "../operator.ts";
import { directSizes, type Extents, type Pair, type Sliding } from "./extents.ts";
import type { GroupedExtents } from "./groups.ts";
import { inParts } from "./weight-gradient-parts.ts";

/** What slides over what: for the gradient of the images dy takes the place of x. */
interface Bands extends Omit<Extents, "filterHeight" | "filterWidth"> {
  readonly padding: Pair;
}

/** Filters with more taps than this are not unrolled: they would take long to compile, and their windows fill registers. */
const mostTaps = 25;

const isUnrolled = ({ filterHeight, filterWidth }: Extents, { stride, dilation }: Sliding): boolean =>
  dilation.every((step) => step === 1) &&
  stride.every((step) => step <= 2) &&
  filterHeight * filterWidth <= mostTaps;

/**
 * Columns of a band. With more of them fewer pixels at its sides are loaded twice, but the window and the taps no longer go into
 * registers: 7 and 8 are slower on lavapipe (2026), and take twice as long to compile.
 */
const COLUMNS = 4;

/** How many lines an invocation takes: all, or as few as give the adapter enough invocations; a few share their loads. */
function linesOf(items: number, lines: number, { isSoftware }: AdapterTraits): number {
  const wanted = Math.ceil((isSoftware ? 1024 : 65536) / items);
  return Math.max(Math.min(4, lines), Math.ceil(lines / wanted));
}

/** Four channels at a time where they are in fours and x and y have as many; else one at a time. */
function lanesOf({ channels, outputChannels }: Pick<Extents, "channels" | "outputChannels">): 1 | 4 {
  return channels === outputChannels && channels % 4 === 0 ? 4 : 1;
}

const elementOf = (lanes: 1 | 4): string => (lanes === 4 ? "vec4f" : "f32");

function bandSizes({ padding, ...extents }: Bands, lanes: number): Record<string, number> {
  return {
    batch: extents.batch,
    height: extents.height,
    width: extents.width,
    channels: extents.channels / lanes,
    outputHeight: extents.outputHeight,
    outputWidth: extents.outputWidth,
    outputChannels: extents.outputChannels / lanes,
    paddingHeight: padding[0],
    paddingWidth: padding[1],
  };
}

/** The launch of a window that slides down bands of x. */
function slidingLaunch(
  bands: Bands,
  filter: Extents,
  stride: Pair,
  TURNED: boolean,
  adapter: AdapterTraits,
): Launch {
  const lanes = lanesOf(bands);
  const items = (bands.batch * Math.ceil(bands.outputWidth / COLUMNS) * bands.outputChannels) / lanes;
  return {
    kernel: "depthwiseConv2d",
    knobs: {
      Element: elementOf(lanes),
      FILTER_HEIGHT: filter.filterHeight,
      FILTER_WIDTH: filter.filterWidth,
      STRIDE_HEIGHT: stride[0],
      STRIDE_WIDTH: stride[1],
      TURNED,
    },
    bind: { x: input(0), weights: input(1), y: output(0) },
    sizes: { ...bandSizes(bands, lanes), lines: linesOf(items, bands.outputHeight, adapter) },
  };
}

/** The launch that looks at one tap after the other, for filters of any size, stride and dilation. */
function byTaps(
  kernel: "depthwiseConv2dTaps" | "depthwiseConv2dInputGradientTaps",
  bind: Launch["bind"],
  extents: GroupedExtents,
  sliding: Sliding,
): Candidate {
  const { channels, outputChannels, members: _, outputMembers: __, groups: ___, ...others } = extents;
  const lanes = lanesOf(extents);
  const inLanes = { ...others, channels: channels / lanes, outputChannels: outputChannels / lanes };
  const knobs = { Element: elementOf(lanes) };
  return { name: "taps", launches: [{ kernel, knobs, bind, sizes: directSizes(inLanes, sliding) }] };
}

/** Inputs x, filter [R, S, 1, K]; output y. The last one is preferred. */
export function depthwiseForward(
  extents: GroupedExtents,
  sliding: Sliding,
  adapter: AdapterTraits,
): readonly Candidate[] {
  const bind = { x: input(0), weights: input(1), y: output(0) };
  const taps = byTaps("depthwiseConv2dTaps", bind, extents, sliding);
  if (!isUnrolled(extents, sliding)) return [taps];
  const bands = { ...extents, padding: sliding.padding };
  const launch = slidingLaunch(bands, extents, sliding.stride, false, adapter);
  return [taps, { name: "sliding", launches: [launch] }];
}

/** The bands of the gradient of the images, at stride 1: the turned filter slides over dy. */
function turned(extents: GroupedExtents, { padding }: Sliding): Bands {
  const { batch, height, width, channels, outputHeight, outputWidth, outputChannels } = extents;
  return {
    batch,
    height: outputHeight,
    width: outputWidth,
    channels: outputChannels,
    outputHeight: height,
    outputWidth: width,
    outputChannels: channels,
    padding: [extents.filterHeight - 1 - padding[0], extents.filterWidth - 1 - padding[1]],
  };
}

/** Inputs dy, filter [R, S, 1, K]; output dx. The last one is preferred; none with more than one output a channel. */
export function depthwiseInputGradient(
  extents: GroupedExtents,
  sliding: Sliding,
  adapter: AdapterTraits,
): readonly Candidate[] {
  if (extents.outputMembers > 1) return [];
  const bind = { dy: input(0), weights: input(1), dx: output(0) };
  const taps = byTaps("depthwiseConv2dInputGradientTaps", bind, extents, sliding);
  const isStrided = sliding.stride.some((step) => step > 1);
  if (isStrided || !isUnrolled(extents, sliding)) return [taps];
  const launch = slidingLaunch(turned(extents, sliding), extents, [1, 1], true, adapter);
  return [taps, { name: "sliding", launches: [launch] }];
}

/** Inputs x, dy; output dw [R, S, 1, K]. */
export function depthwiseWeightGradient(
  extents: GroupedExtents,
  sliding: Sliding,
  adapter: AdapterTraits,
): readonly Candidate[] {
  if (!isUnrolled(extents, sliding)) return [];
  const { filterHeight, filterWidth, outputHeight, outputWidth, outputChannels, batch } = extents;
  const lanes = lanesOf(extents);
  const bands = batch * Math.ceil(outputWidth / COLUMNS);
  const lines = linesOf((bands * outputChannels) / lanes, outputHeight, adapter);
  // A second pass over more than a few hundred parts would take long, for few invocations have a share in it.
  const all = bands * Math.ceil(outputHeight / lines);
  const blocks = Math.ceil(all / 256);
  const parts = Math.ceil(all / blocks);
  const values = filterHeight * filterWidth * outputChannels;
  const first: Omit<Launch, "bind"> = {
    kernel: "depthwiseConv2dWeightGradient",
    knobs: {
      Element: elementOf(lanes),
      FILTER_HEIGHT: filterHeight,
      FILTER_WIDTH: filterWidth,
      STRIDE_HEIGHT: sliding.stride[0],
      STRIDE_WIDTH: sliding.stride[1],
    },
    sizes: { ...bandSizes({ ...extents, padding: sliding.padding }, lanes), lines, blocks },
  };
  return [inParts("sliding", first, parts, values)];
}
