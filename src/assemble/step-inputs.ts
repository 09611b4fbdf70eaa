// What varies from step to step of a training on an assembly.

import type { StepImages, TrainingImages } from "../training/training-images.ts";
import type { StepInputs } from "./assemble-step.ts";
import type { Lambdas } from "./assemble-terms.ts";
import { mixtureOf } from "./mixup.ts";
import type { TrainingSettings } from "./training-settings.ts";

/** @param step of the run, from 1 */
export function stepInputs(
  { mixup, seed }: Pick<TrainingSettings, "mixup" | "seed">,
  images: Pick<TrainingImages, "statesOf">,
  taken: StepImages,
  step: number,
  lambdas: Lambdas,
): StepInputs {
  const inputs = { images: taken, step, ...lambdas };
  if (mixup === undefined) return inputs;
  const count = "rows" in taken ? taken.rows.length : taken.count;
  return { ...inputs, mixture: mixtureOf(mixup, seed, step, images.statesOf(taken), count) };
}
