// What a run records beside its steps, to judge its model and to estimate statistics anew: for their memory to be planned.

import { heatSize, heatWidth, mostHeatMaps } from "../../pictures/heat-size.ts";
import type { Engine } from "../../runtime/engine.ts";
import type { Model } from "../assembly-task.ts";
import { inferencePass } from "../evaluation.ts";
import { activationBatch, activationPass } from "../predict-activations.ts";
import { plannedPass, type ImageSize } from "../recorded-pass.ts";
import { statisticsPass, type Reestimated } from "../reestimate.ts";
import { Segmenter } from "../segmenter.ts";
import { taskOf } from "../tasks.ts";
import { partOf, type TrainingSettings } from "../training-settings.ts";

/** What passes are made over. */
export interface PassedOver {
  readonly image: ImageSize;
  /** Images of a step. */
  readonly batch: number;
  /** Images of each set that is judged; Infinity where nobody knows yet. */
  readonly judged: readonly number[];
  readonly reestimated: Reestimated | undefined;
}

/** Of each size of batch one. */
export function plannedPasses(
  engine: Engine,
  model: Model,
  settings: TrainingSettings,
  { image, batch, judged, reestimated }: PassedOver,
): readonly (() => unknown)[] {
  const { normalisation } = settings;
  const each = taskOf(settings).passBatch(model, partOf(batch, settings), image);
  const sizes = judged.flatMap((count) =>
    count === Infinity ? [each] : [Math.min(each, count), count % each],
  );
  const counts = [...new Set(sizes)].filter((count) => count > 0);
  const evaluation = inferencePass(model, normalisation);
  const passes = counts.map((count) => plannedPass(engine, image, count, evaluation));
  if (reestimated === undefined) return passes;
  const { images, batches } = reestimated;
  const seen = [...new Set([Math.ceil(images / batches), Math.floor(images / batches)])];
  const statistics = statisticsPass(model, normalisation);
  return [...passes, ...seen.map((count) => plannedPass(engine, image, count, statistics))];
}

/** What looks at images once more for the report, when the steps are over. */
export function plannedReport(
  engine: Engine,
  model: Model,
  settings: TrainingSettings,
  image: ImageSize,
  batch: number,
): () => unknown {
  const part = partOf(batch, settings);
  if (model instanceof Segmenter) {
    const count = taskOf(settings).passBatch(model, part, image);
    return plannedPass(engine, image, count, inferencePass(model, settings.normalisation));
  }
  const { size } = heatSize(image, heatWidth);
  const count = activationBatch(Math.min(part, mostHeatMaps), size, model.head.classes);
  return plannedPass(engine, image, count, activationPass(model, settings.normalisation, size));
}
