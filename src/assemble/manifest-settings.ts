// From a manifest to the trainer's settings.

import type { Manifest } from "../data/manifest/manifest.ts";
import { wholeLabelSpace, type LabelSpace } from "./label-space.ts";
import type { TrainingSettings } from "./training-settings.ts";

/** The trainer's settings as a manifest has them. */
export function settingsOf(
  { image, model, train: section, augment }: Manifest,
  seed: number,
): TrainingSettings {
  return {
    network: { inputChannels: image.channels, ...model },
    normalisation: { mean: image.mean, deviation: image.deviation },
    weak: augment.weak,
    strong: augment.strong,
    batch: section.batch,
    sampling: section.sampling,
    epochs: section.epochs,
    steps: section.steps,
    warmupEpochs: section.warmupEpochs,
    warmupSteps: section.warmupSteps,
    absent: section.absent,
    learningRate: section.learningRate,
    schedule: section.schedule,
    lambdaPseudo: section.lambdaPseudo,
    lambdaConsistency: section.lambdaConsistency,
    threshold: section.tau,
    temperature: section.temperature,
    stopGradient: section.stopGradient,
    unsupervisedOn: section.unsupervisedOn,
    supervised: section.supervised,
    bnViews: section.bnViews,
    normalise: section.normalise,
    head: section.head,
    earlyStopping: section.earlyStopping,
    keep: section.keep,
    ema: section.ema,
    ...(section.evaluate === undefined ? {} : { evaluate: section.evaluate }),
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
