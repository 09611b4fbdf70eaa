// From a manifest to the trainer's settings.

import { pixelHead } from "./segmenter.ts";
import { aNumber, expectArgument, madeWith } from "../errors/arguments.ts";
import { exclusiveGroups } from "../data/manifest/mask-checks.ts";
import { withoutIdleSettings } from "./idle-settings.ts";
import { wholeLabelSpace, type LabelSpace } from "./label-space.ts";
import { defaultLambdaDice } from "./assemble-terms.ts";
import type { Manifest } from "./training-manifest.ts";
import { pixelViews } from "./views.ts";
import type { TrainingSettings } from "./training-settings.ts";

const trainingManifest = madeWith("a manifest, as readTrainingManifest gives it", [
  ...["image", "model", "train", "augment"],
]);

/** The trainer's settings as a manifest has them. */
export function settingsOf(manifest: Manifest, seed: number): TrainingSettings {
  expectArgument("settingsOf", "the manifest", manifest, trainingManifest);
  expectArgument("settingsOf", "the seed", seed, aNumber);
  const { task, image, model, train, augment } = manifest;
  const { tau, headBias, init: _init, ...section } = train;
  // What a recipe says of biases is of features of whole images.
  const hasPixelHead = task === "segmentation" && section.head.kind === "queries" && headBias === undefined;
  return withoutIdleSettings({
    ...(task === "segmentation" ? { task, lambdaDice: defaultLambdaDice } : {}),
    network: { inputChannels: image.channels, ...model },
    normalisation: { mean: image.mean, deviation: image.deviation },
    ...(task === "segmentation" ? pixelViews(augment) : augment),
    ...section,
    ...(hasPixelHead ? { head: pixelHead } : {}),
    threshold: tau,
    seed,
  });
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
export const declaredLabels = (manifest: Manifest): LabelSpace => {
  const { classes, parents, exhaustive, sources } = manifest;
  const whole = wholeLabelSpace(classes.length, sources.length, parents);
  return { ...whole, names: classes, exclusive: exclusiveGroups(manifest), exhaustive };
};
