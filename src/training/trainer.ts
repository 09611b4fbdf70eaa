// The trainer: epochs of steps over an assembly, told to a listener as they happen.

import { taughtSources } from "../assemble/absent-policy.ts";
import type { Assembly, ImageSet } from "../data/assembly/assembly.ts";
import { Adam } from "../optim/adam.ts";
import { scheduleOf } from "../optim/schedule-table.ts";
import type { Engine } from "../runtime/engine.ts";
import { budgetOf, stepsOf } from "./budget.ts";
import { dueBy, restoreRun, saveCheckpoint, type Checkpoints } from "./checkpoint.ts";
import type { Classifier } from "../assemble/classifier.ts";
import { trainOneEpoch, type SteppedRun } from "./epoch-steps.ts";
import { evaluationOf, predict, type Evaluation } from "../assemble/evaluation.ts";
import { NonFiniteError } from "../errors/training-errors.ts";
import { labelSpaceOf, statesForHead } from "../assemble/label-space.ts";
import { meansOf, noLosses } from "./loss-terms.ts";
import { RecordedSteps } from "./recorded-steps.ts";
import { TrainingImages } from "../assemble/training-images.ts";
import type { EvaluationReport, TrainingListener } from "./training-reports.ts";
import { classifierOf, samplerOf, stepShape, type TrainingSettings } from "../assemble/training-settings.ts";
import { ValidationWatch } from "./validation-watch.ts";
import { WeightAverage } from "./weight-average.ts";
import { readWeights, writeWeights } from "../nn/weights.ts";
import { type Weights } from "../tensor/held.ts";

export interface TrainingResult {
  readonly classifier: Classifier;
  /** Epochs that were completed. */
  readonly epochs: number;
  /** On the test images, by the weights that were kept; of a stopped run the last that was made, if any. */
  readonly evaluation: Evaluation | undefined;
  /** Logits [N, K] of the test images, which the evaluation is of. */
  readonly logits: Float32Array | undefined;
  /** The epoch whose weights were kept: the best by validation, or the last completed. */
  readonly kept: number;
  /** Mean AUC of the best epoch's validation; null without validation. */
  readonly validation: number | null;
  /** Whether there was no better validation to wait for. */
  readonly endedEarly: boolean;
  /** Whether the signal came before the run was done. */
  readonly stopped: boolean;
}

/**
 * Trains a classifier on an assembly. The same engine, settings and assembly give the same losses, bit for bit, and so does a
 * run that goes on from a checkpoint.
 *
 * @param listener told of steps and epochs; what it throws ends the run
 * @param signal stops the run after the steps under way (those of half a second, or two) or the batch of images that are
 *   evaluated. An epoch counts when its steps and its evaluations are done
 * @param initial weights of a classifier of these settings to begin with; without, the seed draws them
 * @returns the classifier, which the caller disposes; after an error there is none left
 * @throws NonFiniteError naming epoch and step when a loss is no finite number; CheckpointError when the checkpoint to go on
 *   from is of another run
 */
export async function train(
  engine: Engine,
  assembly: Assembly,
  settings: TrainingSettings,
  listener: TrainingListener = {},
  signal?: AbortSignal,
  checkpoints?: Checkpoints,
  initial?: Weights,
): Promise<TrainingResult> {
  const labels = labelSpaceOf(assembly);
  const classifier = classifierOf(engine, settings, labels);
  const { learningRate, ema = null, earlyStopping } = settings;
  let average: WeightAverage | undefined;
  try {
    if (initial !== undefined) writeWeights(classifier, initial);
    using optimiser = new Adam(classifier.parameters().values(), { learningRate });
    if (ema !== null) {
      average = new WeightAverage(engine, classifier, classifierOf(engine, settings, labels), ema);
      if (initial !== undefined) writeWeights(average.classifier, initial);
    }
    const averaged = average?.classifier;
    const kept = averaged ?? classifier;
    const sampler = samplerOf(assembly, settings);
    const taught = statesForHead(classifier.head, taughtSources(assembly.sources, settings));
    const images = new TrainingImages(engine, taught, sampler.batch, settings.memory);
    try {
      const shape = { ...stepShape(settings, images, sampler.batch), resident: images.resident };
      using steps = new RecordedSteps(engine, classifier, optimiser, shape, () => average?.step());
      const run: Run = {
        ...{ engine, assembly, settings, images, sampler, classifier, averaged, kept, optimiser, steps },
        ...{ listener, signal, checkpoints, isDue: dueBy(checkpoints ?? {}) },
        schedule: scheduleOf(optimiser, settings.schedule ?? { by: "plateau", patience: 5 }),
        watch: new ValidationWatch(earlyStopping ?? Infinity),
        budget: budgetOf(settings, sampler.stepsPerEpoch),
        course: { epochs: 0, steps: 0, sums: noLosses },
      };
      if (checkpoints?.from !== undefined) {
        restoreRun(run, checkpoints.from.checkpoint, checkpoints.from.file);
      }
      const result = { ...(await trainEpochs(run)), classifier: kept };
      if (kept !== classifier) classifier.dispose();
      return result;
    } finally {
      await images.close();
    }
  } catch (error) {
    classifier.dispose();
    average?.classifier.dispose();
    throw error;
  }
}

/** What a run works on. */
interface Run extends SteppedRun {
  readonly engine: Engine;
  /** What is evaluated and handed out: the average, where there is one. */
  readonly kept: Classifier;
}

async function trainEpochs(run: Run): Promise<Omit<TrainingResult, "classifier">> {
  const { assembly, settings, optimiser, schedule, watch, budget, course, signal, checkpoints } = run;
  const { validation, test } = assembly;
  const perEpoch = (settings.evaluate ?? (validation === undefined ? "epoch" : "end")) === "epoch";
  let trained = false;
  let tested:
    { readonly epoch: number; readonly logits: Float32Array; readonly evaluation: Evaluation } | undefined;
  const testAfter = async (epoch: number): Promise<void> => {
    const logits = await predicted(run, epoch, "test", test);
    tested = { epoch, logits, evaluation: evaluationOf(logits, test, assembly.classes) };
  };
  const result = (stopped: boolean, kept: number): Omit<TrainingResult, "classifier"> => ({
    epochs: course.epochs,
    evaluation: tested?.evaluation,
    logits: tested?.logits,
    kept,
    validation: watch.best?.meanAuc ?? null,
    endedEarly: watch.isOver(course.epochs) && course.epochs < budget.epochs,
    stopped,
  });
  try {
    while (course.epochs < budget.epochs && !watch.isOver(course.epochs)) {
      signal?.throwIfAborted();
      const epoch = course.epochs + 1;
      const { learningRate } = optimiser;
      const steps = stepsOf(budget, epoch);
      const due = await trainOneEpoch(run, epoch);
      if (course.steps < steps) signal?.throwIfAborted();
      const judged =
        validation === undefined
          ? undefined
          : evaluationOf(await predicted(run, epoch, "validation", validation), validation, assembly.classes);
      if (perEpoch) await testAfter(epoch);
      const losses = meansOf(course.sums, steps);
      const meanAuc = judged?.meanAuc ?? undefined;
      if (meanAuc !== undefined && watch.isBetter(meanAuc)) {
        const weights = settings.keep === "final" ? undefined : await readWeights(run.kept);
        watch.best = { epoch, meanAuc, weights };
      }
      run.listener.epoch?.({
        epoch,
        learningRate,
        losses,
        evaluation: tested?.evaluation,
        validation: judged,
      });
      // A schedule lowers the rate when what it is told stops falling.
      schedule.afterEpoch(meanAuc === undefined ? losses.bce : 1 - meanAuc);
      Object.assign(course, { epochs: epoch, steps: 0, sums: noLosses });
      if (due || checkpoints?.afterEpochs !== false) await saveCheckpoint(run, checkpoints);
    }
    trained = true;
    const { best } = watch;
    if (best?.weights !== undefined) writeWeights(run.kept, best.weights);
    const kept = best?.weights === undefined ? course.epochs : best.epoch;
    if (tested?.epoch !== kept) await testAfter(kept);
    return result(false, kept);
  } catch (error) {
    if (signal?.aborted !== true || error !== signal.reason) throw error;
    // One of the last epoch's end is there already, or the weights may be the best by now.
    const isWhole = watch.best?.weights === undefined;
    if (!trained || (checkpoints?.afterEpochs === false && isWhole)) await saveCheckpoint(run, checkpoints);
    return result(true, course.epochs);
  }
}

/** Logits [N, K] of a set. @throws NonFiniteError when the weights have diverged in the last step before */
async function predicted(
  { engine, kept, settings, sampler, listener, signal }: Run,
  epoch: number,
  part: EvaluationReport["part"],
  set: ImageSet,
): Promise<Float32Array> {
  const progress = (done: number, total: number): void => listener.evaluated?.({ part, done, total });
  const options = { signal, memory: settings.memory, progress };
  const logits = await predict(engine, kept, set, settings.normalisation, sampler.batch, options);
  if (logits.every(Number.isFinite)) return logits;
  throw new NonFiniteError(
    `after epoch ${epoch}, predictions on the ${part} images are no finite numbers; lower the learning rate or check the data`,
  );
}
