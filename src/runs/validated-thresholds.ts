// The thresholds of a classifier that the validation images of its training choose.

import type { TrainedModel } from "../assemble/train-classifier.ts";
import { Segmenter } from "../assemble/segmenter.ts";
import { taskOf } from "../assemble/tasks.ts";
import type { TrainingSettings } from "../assemble/training-settings.ts";
import type { Assembly } from "../data/assembly/assembly.ts";
import type { Engine } from "../runtime/engine.ts";
import { chosenThresholds, type KeptThresholds } from "./kept-thresholds.ts";

/** @returns undefined where there are no such images, and of a segmenter */
export async function validatedThresholds(
  engine: Engine,
  model: TrainedModel["model"],
  settings: TrainingSettings,
  { classes, validation }: Pick<Assembly, "classes" | "validation">,
): Promise<KeptThresholds | undefined> {
  if (validation === undefined || model instanceof Segmenter) return undefined;
  const judged = { set: validation, part: "validation", classes, batch: settings.batch } as const;
  const { logits } = await taskOf(settings).judge(engine, model, settings, judged);
  return chosenThresholds(logits, validation, classes.length);
}
