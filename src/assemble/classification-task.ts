// Classification as a task on an assembly: which classes an image shows.

import { UsageError } from "../errors/errors.ts";
import { expectClasses, expectFinite, type AssemblyTask } from "./assembly-task.ts";
import { assembleLosses } from "./assemble-step.ts";
import type { Classifier } from "./classifier.ts";
import { evaluationOf, predict } from "./evaluation.ts";
import { pixelFields } from "./recipe.ts";
import { classifierOf } from "./training-settings.ts";

export const classificationTask: AssemblyTask<Classifier> = {
  check: ({ classes }, settings) => {
    const other = pixelFields.find((field) => settings[field] !== undefined);
    if (other !== undefined) {
      throw new UsageError(
        `train: ${other} is a setting of task: segmentation, and this is classification; leave it out`,
      );
    }
    expectClasses("positiveWeight", settings.positiveWeight, classes);
  },
  modelOf: classifierOf,
  losses: assembleLosses,
  passBatch: (_model, batch) => batch,
  judge: async (
    engine,
    model,
    { normalisation, memory },
    { set, part, classes, batch, signal, progress },
  ) => {
    const options = { signal, memory, progress };
    const logits = await predict(engine, model, set, normalisation, batch, options);
    expectFinite(logits, part);
    const report = evaluationOf(logits, set, classes);
    return { score: report.meanAuc, report, logits };
  },
  digest: () => Promise.resolve(undefined),
};
