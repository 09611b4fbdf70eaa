// What the settings of a training say of parts of its model, looked at before any data is read.

import { counted } from "../errors/counted.ts";
import { Engine } from "../runtime/engine.ts";
import { ReferenceBackend } from "../runtime/reference-backend.ts";
import { namesParts, TrainedParts } from "../training/trained-parts.ts";
import type { LabelSpace } from "./label-space.ts";
import { taskOf } from "./tasks.ts";
import type { TrainingSettings } from "./training-settings.ts";

/**
 * What is trained when, in a sentence; undefined where the settings name no part.
 * @throws UsageError for a part that the model does not have, and where nothing is left to train
 */
export function describeParts(settings: TrainingSettings, labels: LabelSpace): string | undefined {
  if (!namesParts(settings)) return undefined;
  const engine = new Engine(new ReferenceBackend());
  try {
    const model = taskOf(settings).modelOf(engine, settings, labels);
    using parts = new TrainedParts(model, settings);
    const shown = (phase: number): string => parts.countIn(phase).toLocaleString("en");
    const [first, ...later] = parts.starts.map((epoch, phase) =>
      phase === 0 ? shown(phase) : `, ${shown(phase)} from epoch ${epoch} on`,
    );
    const rates = [...new Set(parts.groups.map(({ rate = 1 }) => rate))].sort((a, b) => a - b);
    const atRates = rates.length > 1 ? `, at ${rates.join(" and ")} times the learning rate` : "";
    return `${first} of ${counted(model.parameterCount, "parameter")} are trained${later.join("")}${atRates}`;
  } finally {
    engine.close();
  }
}

/** The last epoch in which a part joins in; 0 where none does. */
export const lastUnfreezing = ({ unfreeze = {} }: Pick<TrainingSettings, "unfreeze">): number =>
  Math.max(0, ...Object.values(unfreeze));
