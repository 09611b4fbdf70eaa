// Whether both views of a step go through the network as one batch, or one after the other: the one place where that is chosen.

import { largestBinding, type AdapterTraits } from "../../device/traits.ts";
import type { LabelSpace } from "../label-space.ts";
import type { TrainingSettings } from "../training-settings.ts";
import { PlannedTraining, type ImageShape } from "./planned-training.ts";

export interface ViewsChoice {
  readonly atOnce: boolean;
  /** Why not, for people to read. */
  readonly why?: string;
}

/**
 * One batch of both views takes half the launches, and buffers of activations twice as large: it is chosen wherever a buffer of the
 * adapter holds them. Joint statistics have no other form.
 */
export function bothAtOnce(
  traits: AdapterTraits,
  settings: TrainingSettings,
  image: ImageShape,
  labels: LabelSpace,
  batch: number,
): ViewsChoice {
  const most = largestBinding(traits);
  if (settings.bnViews === "joint" || most === Infinity) return { atOnce: true };
  using training = new PlannedTraining(traits, settings, image, labels, { largest: Infinity });
  const needed = training.largestBuffer(() => training.step(batch, true), most);
  if (needed <= most) return { atOnce: true };
  const words = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20).toLocaleString("en")} MiB`;
  return {
    atOnce: false,
    why: `as one batch they need a buffer of ${words(needed)}, and one holds ${words(most)} on ${traits.name}`,
  };
}
