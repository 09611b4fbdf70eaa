// From a manifest to the trainer's settings.

import { wholeLabelSpace, type LabelSpace } from "./label-space.ts";
import type { Manifest } from "./training-manifest.ts";
import type { TrainingSettings } from "./training-settings.ts";

/** The trainer's settings as a manifest has them. */
export function settingsOf({ image, model, train, augment }: Manifest, seed: number): TrainingSettings {
  const { tau, ...section } = train;
  return {
    network: { inputChannels: image.channels, ...model },
    normalisation: { mean: image.mean, deviation: image.deviation },
    ...augment,
    ...section,
    threshold: tau,
    seed,
  };
}

/** Settings with the length that somebody asks for instead: a number of epochs, or of steps. */
export function ofLength(
  settings: TrainingSettings,
  { epochs, steps }: { readonly epochs?: number | undefined; readonly steps?: number | undefined },
): TrainingSettings {
  if (steps !== undefined) return { ...settings, steps };
  return epochs === undefined ? settings : { ...settings, epochs, steps: undefined };
}

/** What is known of labels before the data is. */
export const declaredLabels = ({ classes, sources }: Manifest): LabelSpace =>
  wholeLabelSpace(classes.length, sources.length);
