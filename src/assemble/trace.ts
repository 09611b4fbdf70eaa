// The steps of a training run as recordings, without data and without a device: what a tuner looks for work in.

import type { AdapterTraits } from "../device/index.ts";
import { normaliseImages } from "../operators/functions/images.ts";
import type { Recording } from "../runtime/index.ts";
import { PlannedTraining, noValues, type ImageShape } from "./planned-training.ts";
import type { TrainingSettings } from "./trainer.ts";

export interface TracedStep {
  readonly name: "both views" | "weak view only" | "inference";
  readonly recording: Recording;
}

/** Whether steps after warm-up compute the strong view, and whether there are such steps; where only the data tells, yes. */
export const usesBothViews = (settings: TrainingSettings): boolean => {
  const { lambdaPseudo, lambdaConsistency, epochs, steps, warmupEpochs, warmupSteps } = settings;
  if (lambdaPseudo === 0 && lambdaConsistency === 0) return false;
  if (steps !== undefined && warmupSteps !== undefined) return steps > warmupSteps;
  return steps !== undefined || warmupSteps !== undefined || epochs > warmupEpochs;
};

/**
 * The steps that a training run takes, the one that most epochs take first, and a batch of its evaluation.
 * @param images of all sources, where they are in memory and may stay on the device; without, steps are fed
 */
export function traceTraining(
  traits: AdapterTraits,
  settings: TrainingSettings,
  image: ImageShape,
  classes: number,
  batch: number,
  images?: number,
): TracedStep[] {
  using training = new PlannedTraining(traits, settings, image, classes, images);
  const { engine, classifier } = training;
  const step = (unsupervised: boolean): Recording =>
    engine.trace(() => training.step(batch, unsupervised)).recording;
  const { height, width, channels } = image;
  const inference = engine.trace(() => {
    const images = engine.feed(noValues, [batch, height, width, channels], "u8");
    return classifier.forward(normaliseImages(images, settings.normalisation), "inference");
  }).recording;
  const both = usesBothViews(settings);
  return [
    ...(both ? [{ name: "both views", recording: step(true) } as const] : []),
    ...(!both || (settings.warmupSteps ?? settings.warmupEpochs) > 0
      ? [{ name: "weak view only", recording: step(false) } as const]
      : []),
    { name: "inference", recording: inference },
  ];
}
