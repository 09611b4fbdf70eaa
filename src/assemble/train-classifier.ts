// Trains a classifier on an assembly: Label-Assemble's task, carried out by the training loop.

import { trainingSettings } from "./settings-argument.ts";
import { expectArgument } from "../errors/arguments.ts";
import { anAssembly, type Assembly } from "../data/assembly/assembly.ts";
import type { Engine } from "../runtime/engine.ts";
import { expectEngine } from "../runtime/engine-of.ts";
import type { Weights } from "../tensor/held.ts";
import type { Checkpoint, Checkpoints } from "../training/checkpoint.ts";
import { loopSettingsOf } from "../training/loop-settings.ts";
import { train, type LoopResult } from "../training/trainer.ts";
import type { TrainingListener } from "../training/training-reports.ts";
import { AssembleTask, type ClassifierJudgement } from "./assemble-task.ts";
import type { Classifier } from "./classifier.ts";
import type { Evaluation } from "./evaluation.ts";
import { reproducibleSettings, type TrainingSettings } from "./training-settings.ts";

export interface TrainingResult extends Omit<
  LoopResult<ClassifierJudgement, Classifier>,
  "module" | "judged"
> {
  readonly classifier: Classifier;
  /** On the test images, by the weights that were kept; of a stopped run the last that was made, if any. */
  readonly evaluation: Evaluation | undefined;
  /** Logits [N, K] of the test images, which the evaluation is of. */
  readonly logits: Float32Array | undefined;
}

/**
 * Trains a classifier on an assembly. The same engine, settings and assembly give the same losses, bit for bit, and so does a
 * run that goes on from a checkpoint.
 *
 * @param listener told of steps and epochs; what it throws ends the run
 * @param signal stops the run, see `train`
 * @param initial weights of a classifier of these settings to begin with; without, the seed draws them
 * @returns the classifier, which the caller disposes; after an error there is none left
 * @throws NonFiniteError naming epoch and step when a loss is no finite number; CheckpointError when the checkpoint to go on
 *   from is of another run
 */
export async function trainClassifier(
  engine: Engine,
  assembly: Assembly,
  settings: TrainingSettings,
  listener: TrainingListener<Evaluation> = {},
  signal?: AbortSignal,
  checkpoints?: Checkpoints,
  initial?: Weights,
): Promise<TrainingResult> {
  expectEngine("trainClassifier", engine);
  expectArgument("trainClassifier", "the assembly", assembly, anAssembly);
  expectArgument("trainClassifier", "the settings", settings, trainingSettings);
  const task = new AssembleTask(engine, assembly, settings, initial);
  try {
    const trained = await train(task, loopSettingsOf(settings), { listener, signal, checkpoints });
    const { module: classifier, judged, ...result } = trained;
    if (classifier !== task.module) task.module.dispose();
    return { ...result, classifier, evaluation: judged?.report, logits: judged?.logits };
  } catch (error) {
    task.module.dispose();
    throw error;
  } finally {
    await task.close();
  }
}

/** A checkpoint as a run of other settings would have made it; whoever asks knows that it would have been the same. */
export function asOfSettings({ record, tensors }: Checkpoint, settings: TrainingSettings): Checkpoint {
  const { classes, parents } = record.settings;
  const learned = { classes, ...(parents === undefined ? {} : { parents }) };
  return { record: { ...record, settings: { ...reproducibleSettings(settings), ...learned } }, tensors };
}
