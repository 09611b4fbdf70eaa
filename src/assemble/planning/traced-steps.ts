// The steps of a training run as recordings, without data and without a device: what a tuner looks for work in.

import type { AdapterTraits } from "../../device/traits.ts";
import { normaliseImages } from "../../functions/images.ts";
import type { Recording } from "../../runtime/recording.ts";
import type { LabelSpace } from "../label-space.ts";
import { PlannedTraining, noValues, type ImageShape } from "./planned-training.ts";
import { bothViewsOf } from "./steps-taken.ts";
import type { TrainingSettings } from "../training-settings.ts";

export interface TracedStep {
  readonly name: "both views" | "weak view only" | "inference";
  readonly recording: Recording;
}

/**
 * The steps that a training run takes, the one that most epochs take first, and a batch of its evaluation.
 * @param images of all sources, where they are in memory and may stay on the device; without, steps are fed
 */
export function traceTraining(
  traits: AdapterTraits,
  settings: TrainingSettings,
  image: ImageShape,
  labels: LabelSpace,
  batch: number,
  images?: number,
): TracedStep[] {
  using training = new PlannedTraining(traits, settings, image, labels, images);
  const { engine, model } = training;
  const { atOnce } = training.views(batch);
  const step = (bothViews: boolean): TracedStep => ({
    name: bothViews ? "both views" : "weak view only",
    recording: engine.trace(() => training.step(batch, bothViews, atOnce)).recording,
  });
  const { height, width, channels } = image;
  const inference = engine.trace(() => {
    const images = engine.feed(noValues, [batch, height, width, channels], "u8");
    return model.forward(normaliseImages(images, settings.normalisation), "inference");
  }).recording;
  const { inWarmUp, after } = bothViewsOf(settings);
  const kinds = new Set([after, inWarmUp].filter((each) => each !== undefined));
  return [...[...kinds].map(step), { name: "inference", recording: inference }];
}
