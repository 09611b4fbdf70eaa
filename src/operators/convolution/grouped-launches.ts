// The launches of grouped and depthwise convolutions and of their gradients, beyond the direct ones.

import type { AdapterTraits } from "../../device/traits.ts";
import type { Candidate } from "../operator.ts";
import type { Grouped, GroupedExtents } from "./groups.ts";

export function groupedForwardCandidates(
  _extents: GroupedExtents,
  _sliding: Grouped,
  _adapter: AdapterTraits,
): readonly Candidate[] {
  return [];
}

export function groupedInputGradientCandidates(
  _extents: GroupedExtents,
  _sliding: Grouped,
  _adapter: AdapterTraits,
): readonly Candidate[] {
  return [];
}

export function groupedWeightGradientCandidates(
  _extents: GroupedExtents,
  _sliding: Grouped,
  _adapter: AdapterTraits,
): readonly Candidate[] {
  return [];
}
