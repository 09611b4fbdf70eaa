// What the training images teach: their labels, as the settings would have them taken.

import type { ImageSet } from "../data/assembly/assembly.ts";
import { absent, negative } from "../labels/states.ts";

/**
 * `ignored`: an absent label teaches nothing, or what the unsupervised losses make of it. `negative`: whatever a source has
 * no label of is taken for not there, as happens to whoever joins tables and fills the gaps with zeros, and as older commits
 * of the released code do (see its preset in recipes.ts). It is the mistake that Label-Assemble is measured against.
 */
export const absentPolicies = ["ignored", "negative"] as const;
export type AbsentPolicy = (typeof absentPolicies)[number];

/** The training sources with the labels that a run is to learn from. */
export function taughtSources(
  sources: readonly ImageSet[],
  { absent: policy = "ignored" }: { readonly absent?: AbsentPolicy | undefined },
): readonly ImageSet[] {
  if (policy === "ignored") return sources;
  return sources.map((set) => ({
    ...set,
    states: set.states.map((state) => (state === absent ? negative : state)),
  }));
}
