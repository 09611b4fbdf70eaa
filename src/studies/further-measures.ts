// What a segmenter of a study is judged by beside the AUC over images: pixels, and patients.

import type { Model } from "../assemble/assembly-task.ts";
import { taskOf } from "../assemble/tasks.ts";
import type { TrainedModel } from "../assemble/train-classifier.ts";
import { samplerOf } from "../assemble/training-settings.ts";
import type { Assembly } from "../data/assembly/assembly.ts";
import type { ByClass } from "../metrics/measures.ts";
import type { Engine } from "../runtime/engine.ts";
import type { RunResult, StudyRun } from "./study-run.ts";

/** The fewest that an interval takes: a study tests over seeds, and tells no interval of a single run. */
const resamples = 40;

/** Undefined for a classifier. The validation images choose the threshold of a sensitivity; without them there is none. */
export async function furtherMeasures(
  engine: Engine,
  model: Model,
  { evaluation, logits, located }: Pick<TrainedModel, "evaluation" | "logits" | "located">,
  assembly: Assembly,
  { settings, specificity }: Pick<StudyRun, "settings" | "specificity">,
): Promise<RunResult["further"]> {
  const overlap = evaluation?.overlap;
  if (overlap === undefined || logits === undefined) return undefined;
  const { classes, test, validation } = assembly;
  const { batch } = samplerOf(assembly, settings);
  const chosenOn =
    validation === undefined
      ? undefined
      : {
          set: validation,
          ...(await taskOf(settings).judge(engine, model, settings, {
            set: validation,
            part: "validation",
            classes,
            batch,
          })),
        };
  const { patientResults } = await import("../assemble/patient-metrics.ts");
  const { byClass } = patientResults({ set: test, logits, located }, chosenOn, classes, {
    ...{ resamples, specificity },
  });
  const of = (value: (found: (typeof byClass)[string]) => number | null): ByClass =>
    Object.fromEntries(classes.map((name) => [name, value(byClass[name])]));
  return {
    ...{ dice: overlap.dice, iou: overlap.iou },
    patientAuc: of(({ auc }) => auc.value),
    sensitivity: of(({ sensitivity }) => sensitivity?.rate ?? null),
  };
}
