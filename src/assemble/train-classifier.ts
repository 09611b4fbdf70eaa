// Trains a model on an assembly: Label-Assemble's task, carried out by the training loop.

import { trainingSettings } from "./settings-argument.ts";
import { expectArgument } from "../errors/arguments.ts";
import { OutOfMemoryError, UsageError } from "../errors/errors.ts";
import { largestBinding } from "../device/traits.ts";
import { anAssembly, type Assembly } from "../data/assembly/assembly.ts";
import { PixelsOnDemand } from "../data/cache/pixel-rows.ts";
import type { TaskName } from "../data/manifest/task-names.ts";
import type { Overlaps } from "../metrics/overlap.ts";
import type { Engine } from "../runtime/engine.ts";
import { expectEngine } from "../runtime/engine-of.ts";
import type { Weights } from "../tensor/held.ts";
import type { Checkpoint } from "../training/checkpoint-record.ts";
import type { Checkpoints } from "../training/checkpoint.ts";
import { withFittingBatch, type NeededMemory } from "../training/fitting-batch.ts";
import { loopSettingsOf } from "../training/loop-settings.ts";
import { train, type LoopResult } from "../training/trainer.ts";
import type { TrainingListener } from "../training/training-reports.ts";
import { AssembleTask, classesOf } from "./assemble-task.ts";
import type { Model, ModelJudgement } from "./assembly-task.ts";
import type { Classifier } from "./classifier.ts";
import type { Evaluation } from "./evaluation.ts";
import type { Segmenter } from "./segmenter.ts";
import type { Reestimated } from "./reestimate.ts";
import { taskOf } from "./tasks.ts";
import { labelSpaceOf } from "./label-space.ts";
import { plannedMemory } from "./planning/training-plan.ts";
import { reproducibleSettings, type TrainingSettings } from "./training-settings.ts";

type Course = Omit<LoopResult<ModelJudgement, Model>, "module" | "judged" | "settled">;

/** What a training came to, whatever its model is. */
export interface TrainedModel extends Course {
  readonly model: Model;
  /** Where batch norm's statistics were estimated anew: from what, and the score on validation with them. */
  readonly reestimated?: Reestimated & { readonly validation: number | null };
  /** On the test images, by the weights that were kept; of a stopped run the last that was made, if any. */
  readonly evaluation: Evaluation | undefined;
  /** Logits [N, K] of the test images, which the evaluation is of; of a segmenter the scores of each image as a whole. */
  readonly logits: Float32Array | undefined;
  /** Pixels of the test images by image and class, of a segmenter. */
  readonly overlaps: Overlaps | undefined;
  /** [N, K] See `PixelPredictions`. */
  readonly located: Uint8Array | undefined;
}

export interface TrainingResult extends Omit<TrainedModel, "model" | "overlaps" | "located"> {
  readonly classifier: Classifier;
}

export interface SegmentationResult extends Omit<TrainedModel, "model"> {
  readonly segmenter: Segmenter;
}

/**
 * Trains the model that the task of the settings has on an assembly. The same engine, settings and assembly give the same losses,
 * bit for bit, and so does a run that goes on from a checkpoint.
 *
 * @param listener told of steps and epochs; what it throws ends the run
 * @param signal stops the run, see `train`
 * @param initial weights of a model of these settings to begin with; without, the seed draws them
 * @returns the model, which the caller disposes; after an error there is none left
 * @throws NonFiniteError naming epoch and step when a loss is no finite number; CheckpointError when the checkpoint to go on
 *   from is of another run; UsageError or DataError for settings and images that do not suit the task
 */
export async function trainModel(
  engine: Engine,
  assembly: Assembly,
  settings: TrainingSettings,
  listener: TrainingListener<Evaluation> = {},
  signal?: AbortSignal,
  checkpoints?: Checkpoints,
  initial?: Weights,
): Promise<TrainedModel> {
  expectParts("trainModel", [engine, assembly, settings]);
  const labels = await taskOf(settings).digest(assembly);
  const task = new AssembleTask(engine, assembly, settings, initial, labels);
  try {
    const trained = await train(task, loopSettingsOf(settings), { listener, signal, checkpoints });
    const { module: model, judged, settled, ...result } = trained;
    if (model !== task.module) task.module.dispose();
    const { report: evaluation, logits, overlaps, located } = judged ?? {};
    const { reestimated } = task;
    return {
      ...{ ...result, model, evaluation, logits, overlaps, located },
      ...(settled && reestimated ? { reestimated: { ...reestimated, ...settled } } : {}),
    };
  } catch (error) {
    task.module.dispose();
    const loss = error instanceof OutOfMemoryError ? undefined : await engine.backend.loss?.();
    const refusal = loss?.isForMemory === true ? new OutOfMemoryError(loss.message, { cause: loss }) : error;
    throw refusal instanceof OutOfMemoryError ? withBatch(refusal, engine, assembly, settings) : error;
  } finally {
    await task.close();
  }
}

/** The error with a batch that would fit. */
function withBatch(
  error: OutOfMemoryError,
  engine: Engine,
  assembly: Assembly,
  settings: TrainingSettings,
): OutOfMemoryError {
  const { sources } = assembly;
  const total = sources.reduce((sum, { count }) => sum + count, 0);
  const images = sources.some(({ pixels }) => pixels instanceof PixelsOnDemand) ? undefined : total;
  const labels = labelSpaceOf(assembly);
  const batch = Math.min(settings.batch, total);
  const needs = (count: number, batchSplit = settings.batchSplit): NeededMemory =>
    plannedMemory(engine.traits, { ...settings, batchSplit }, sources[0], labels, count, images).memory;
  return withFittingBatch(error, batch, needs, largestBinding(engine.traits), (parts) => needs(batch, parts));
}

/** Trains a classifier on an assembly; parameters, result and errors are those of `trainModel`. */
export async function trainClassifier(...given: Parameters<typeof trainModel>): Promise<TrainingResult> {
  expectTraining("trainClassifier", "classification", given);
  const { model, overlaps: _overlaps, located: _located, ...result } = await trainModel(...given);
  return { ...result, classifier: model as Classifier };
}

/** Trains a segmenter on an assembly; parameters, result and errors are those of `trainModel`. */
export async function trainSegmenter(...given: Parameters<typeof trainModel>): Promise<SegmentationResult> {
  expectTraining("trainSegmenter", "segmentation", given);
  const { model, ...result } = await trainModel(...given);
  return { ...result, segmenter: model as Segmenter };
}

function expectParts(
  what: string,
  [engine, assembly, settings]: readonly [Engine, Assembly, TrainingSettings, ...unknown[]],
): void {
  expectEngine(what, engine);
  expectArgument(what, "the assembly", assembly, anAssembly);
  expectArgument(what, "the settings", settings, trainingSettings);
}

function expectTraining(what: string, task: TaskName, given: Parameters<typeof trainModel>): void {
  expectParts(what, given);
  const { task: asked = "classification" } = given[2];
  if (asked === task) return;
  throw new UsageError(
    `${what}: the settings are of task: ${asked}, and this trains for ${task}; say task: ${task}`,
  );
}

/** A checkpoint as a run of other settings would have made it; whoever asks knows that it would have been the same. */
export function asOfSettings({ record, tensors }: Checkpoint, settings: TrainingSettings): Checkpoint {
  const learned = classesOf(record.settings as unknown as Parameters<typeof classesOf>[0]);
  return { record: { ...record, settings: { ...reproducibleSettings(settings), ...learned } }, tensors };
}
