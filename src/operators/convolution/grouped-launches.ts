// The launches of grouped convolutions and of their gradients, beyond the direct ones.

import type { AdapterTraits } from "../../device/traits.ts";
import { input, output, type Candidate, type Launch } from "../operator.ts";
import { depthwiseForward, depthwiseInputGradient, depthwiseWeightGradient } from "./depthwise-launches.ts";
import type { Pair } from "./extents.ts";
import type { Grouped, GroupedExtents } from "./groups.ts";
import { inParts } from "./weight-gradient-parts.ts";

/** Whether each group reads one channel. */
const isDepthwise = ({ members }: GroupedExtents): boolean => members === 1;

/** Whether channels go in fours in each group, and a row of taps is short enough to be unrolled. */
function isBlocked(
  { members, outputMembers, filterWidth }: GroupedExtents,
  { stride, dilation }: Grouped,
): boolean {
  return (
    members % 4 === 0 && outputMembers % 4 === 0 && filterWidth <= 5 && stride[1] <= 2 && dilation[1] <= 2
  );
}

function blockedSizes(extents: GroupedExtents, padding: Pair, { stride, dilation }: Grouped) {
  return {
    batch: extents.batch,
    height: extents.height,
    width: extents.width,
    quads: extents.channels / 4,
    memberQuads: extents.members / 4,
    outputHeight: extents.outputHeight,
    outputWidth: extents.outputWidth,
    outputQuads: extents.outputChannels / 4,
    outputMemberQuads: extents.outputMembers / 4,
    filterHeight: extents.filterHeight,
    strideHeight: stride[0],
    dilationHeight: dilation[0],
    paddingHeight: padding[0],
    paddingWidth: padding[1],
  };
}

const blockedKnobs = ({ filterWidth }: GroupedExtents, { stride, dilation }: Grouped) => ({
  FILTER_WIDTH: filterWidth,
  STRIDE_WIDTH: stride[1],
  DILATION_WIDTH: dilation[1],
});

function blocked(extents: GroupedExtents, sliding: Grouped, padding: Pair, TURNED: boolean): Candidate {
  const launch: Launch = {
    kernel: "groupedConv2dBlocked",
    knobs: { ...blockedKnobs(extents, sliding), TURNED },
    bind: { x: input(0), weights: input(1), y: output(0) },
    sizes: blockedSizes(extents, padding, sliding),
  };
  return { name: "blocked", launches: [launch] };
}

/** Inputs x, filter; output y. The last one is preferred. */
export function groupedForwardCandidates(
  extents: GroupedExtents,
  sliding: Grouped,
  adapter: AdapterTraits,
): readonly Candidate[] {
  if (isDepthwise(extents)) return depthwiseForward(extents, sliding, adapter);
  return isBlocked(extents, sliding) ? [blocked(extents, sliding, sliding.padding, false)] : [];
}

/** Inputs dy, filter; output dx. The last one is preferred. */
export function groupedInputGradientCandidates(
  extents: GroupedExtents,
  sliding: Grouped,
  adapter: AdapterTraits,
): readonly Candidate[] {
  if (isDepthwise(extents)) return depthwiseInputGradient(extents, sliding, adapter);
  const isStrided = sliding.stride.some((step) => step > 1);
  if (isStrided || !isBlocked(extents, sliding)) return [];
  // The roles of x and y are exchanged; the turned filter starts as far before the first pixel of dy as the last tap reaches.
  const { padding, dilation } = sliding;
  const turned = {
    ...extents,
    height: extents.outputHeight,
    width: extents.outputWidth,
    channels: extents.outputChannels,
    members: extents.outputMembers,
    outputHeight: extents.height,
    outputWidth: extents.width,
    outputChannels: extents.channels,
    outputMembers: extents.members,
  };
  const before: Pair = [
    (extents.filterHeight - 1) * dilation[0] - padding[0],
    (extents.filterWidth - 1) * dilation[1] - padding[1],
  ];
  return [blocked(turned, sliding, before, true)];
}

/** Inputs x, dy; output dw. The last one is preferred. */
export function groupedWeightGradientCandidates(
  extents: GroupedExtents,
  sliding: Grouped,
  adapter: AdapterTraits,
): readonly Candidate[] {
  if (isDepthwise(extents)) return depthwiseWeightGradient(extents, sliding, adapter);
  if (!isBlocked(extents, sliding)) return [];
  const { batch, outputHeight, outputChannels, members, filterHeight, filterWidth } = extents;
  const all = batch * outputHeight;
  const items = (filterHeight * members * outputChannels) / 16;
  const wanted = Math.min(256, Math.ceil((adapter.isSoftware ? 1024 : 65536) / items));
  const lines = Math.ceil(all / Math.min(all, wanted));
  const first: Omit<Launch, "bind"> = {
    kernel: "groupedConv2dWeightGradientBlocked",
    knobs: blockedKnobs(extents, sliding),
    sizes: { ...blockedSizes(extents, sliding.padding, sliding), lines },
  };
  const values = filterHeight * filterWidth * members * outputChannels;
  return [inParts("blocked", first, Math.ceil(all / lines), values)];
}
