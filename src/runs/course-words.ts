// What a person is told of the course that a run will take, a sentence each.

import { counted } from "../errors/counted.ts";
import { lastUnfreezing } from "../assemble/asked-parts.ts";
import { watches } from "../assemble/evaluation.ts";
import { namedLabels, partOf, type TrainingSettings } from "../assemble/training-settings.ts";
import type { TrainedModel } from "../assemble/train-classifier.ts";
import type { Assembly } from "../data/assembly/assembly.ts";
import type { Budget } from "../training/budget.ts";
import type { Checkpoints } from "../training/checkpoint.ts";
import type { RunStart } from "./run-start.ts";

/** What validation decides in a run. */
export function describeWatch(
  assembly: Assembly,
  settings: Pick<TrainingSettings, "task" | "keep" | "earlyStopping" | "schedule">,
): string {
  const { task, keep, earlyStopping, schedule } = settings;
  const { validation } = assembly;
  if (!watches(assembly, settings)) {
    const why =
      validation === undefined
        ? "no validation images"
        : task === "segmentation"
          ? "no validation image shows a class"
          : "no class has validation images of both kinds";
    const rate =
      (schedule?.by ?? "plateau") === "plateau"
        ? "the learning rate follows the supervised training loss, "
        : "";
    return `${why}: ${rate}nothing stops the run early, the last weights are kept`;
  }
  const stops =
    earlyStopping == null
      ? ""
      : `, training ends after ${counted(earlyStopping, "epoch")} without a better one`;
  const weights = keep === "final" ? "the last weights" : "the best epoch's weights";
  return `${counted(validation?.count ?? 0, "validation image")}: ${weights} are kept${stops}`;
}

/** How much positive labels count, where the data decides it; undefined where it does not. */
export function describeBalance(
  assembly: Assembly,
  settings: Pick<TrainingSettings, "positiveWeight" | "absent">,
): string | undefined {
  const { names, balanced } = namedLabels(assembly, settings);
  if (balanced === undefined) return undefined;
  const weights = balanced.map((weight, k) => `${names[k]} ${Number(weight.toPrecision(3))}`);
  return `a positive label counts as so many negative ones: ${weights.join(", ")}`;
}

/** What batch norm's statistics are of, where they were estimated anew. */
export function describeReestimation(
  { images, batches, validation }: NonNullable<TrainedModel["reestimated"]>,
  { task }: Pick<TrainingSettings, "task">,
): string {
  const measure = task === "segmentation" ? "Dice" : "AUC";
  const found = validation === null ? "" : `; validation ${measure} with them ${validation.toFixed(4)}`;
  const from = `${counted(images, "training image")} in ${counted(batches, "batch", "batches")}`;
  return `batch norm's statistics were estimated anew, from ${from}${found}`;
}

/** What is odd about the parts of a model that a run freezes. */
export function partsWarnings(
  settings: Pick<TrainingSettings, "freeze" | "unfreeze">,
  { epochs }: Pick<Budget, "epochs">,
  { initial, record }: { readonly initial?: unknown; readonly record?: RunStart["record"] },
): string[] {
  const { freeze, unfreeze } = settings;
  const isFrozen = freeze !== undefined || unfreeze !== undefined;
  const isBegun = initial !== undefined || record?.initial !== undefined;
  const last = lastUnfreezing(settings);
  return [
    ...(isFrozen && !isBegun
      ? [
          "warning: the run begins with no weights, so that what is frozen stays as the seed drew it; begin with weights that " +
            "know something (--from RUN, --init FILE), or leave train.freeze and train.unfreeze out",
        ]
      : []),
    ...(last > epochs
      ? [
          `warning: train.unfreeze names epoch ${last}, and the run ends with epoch ${epochs}: that part is never trained`,
        ]
      : []),
  ];
}

/** What is another training for it, where batches go through the network in parts. */
export function splitWarning(
  settings: Pick<TrainingSettings, "batchSplit">,
  batch: number,
): string | undefined {
  if (partOf(batch, settings) === batch) return undefined;
  return (
    `warning: each batch of ${counted(batch, "image")} goes through the network in parts of at most ` +
    `${counted(partOf(batch, settings), "image")}: losses are of the whole batch, batch norm's statistics of each part`
  );
}

/** Where a run goes on, and what is away until it ends, where it is to be longer than it was. */
export function describeStart(from: Checkpoints["from"], isLengthened = false): string {
  if (from === undefined) return "the run has no checkpoint yet; it begins again";
  const { epochs, steps } = from.checkpoint.record;
  const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;
  const away = isLengthened
    ? "; until it ends its folder has no model, and thresholds are chosen anew then; a temperature is for tessera calibrate to fit again"
    : "";
  return `goes on after ${count(epochs, "epoch")}${steps === 0 ? "" : ` and ${count(steps, "step")}`}${away}`;
}
