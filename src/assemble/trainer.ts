// The trainer: epochs of steps over an assembly, told to a listener as they happen.

import {
  Sampler,
  taughtSources,
  type AbsentPolicy,
  type Assembly,
  type ImageSet,
  type Sampling,
} from "../data/index.ts";
import type { DenseNetConfiguration, HeadChoice } from "../nn/index.ts";
import type { AssembleLossAttributes } from "../operators/losses/index.ts";
import { Adam, scheduleOf, type Schedule, type ScheduleSettings } from "../optim/index.ts";
import type { Engine } from "../runtime/index.ts";
import { Classifier } from "./classifier.ts";
import { dueBy, restoreRun, saveCheckpoint, type Checkpoints, type Course } from "./checkpoint.ts";
import { evaluationOf, predict, type Evaluation } from "./evaluate.ts";
import { NonFiniteError } from "./failures.ts";
import { headSettingsOf, labelSpaceOf, taughtTo, type LabelSpace } from "./label-space.ts";
import { RecordedSteps } from "./recorded-steps.ts";
import { budgetOf, stepsOf, type Budget } from "./budget.ts";
import { takesStrongView, type StepShape } from "./step.ts";
import { TrainingImages } from "./training-images.ts";
import { added, meansOf, noLosses, type Losses } from "./losses.ts";
import { ValidationWatch } from "./validation-watch.ts";
import type { Normalisation, ViewSettings } from "./views.ts";
import { WeightAverage } from "./weight-average.ts";
import { readWeights, writeWeights } from "./weights.ts";

export { stepsPerEpoch } from "../data/index.ts";
export type { Checkpoints } from "./checkpoint.ts";
export type { Losses } from "./losses.ts";

export interface TrainingSettings {
  readonly network: DenseNetConfiguration;
  /** Default: class queries with a bias in their fc. */
  readonly head?: HeadChoice;
  readonly normalisation: Normalisation;
  readonly weak: ViewSettings;
  readonly strong: ViewSettings;
  /** Images of one step, over all sources. */
  readonly batch: number;
  readonly epochs: number;
  /** Ends training after so many steps instead, in the middle of an epoch if need be. */
  readonly steps?: number | undefined;
  /** First epochs in which only given labels teach. */
  readonly warmupEpochs: number;
  /** First steps of that kind, instead. */
  readonly warmupSteps?: number | undefined;
  /** Adam's, to begin with. */
  readonly learningRate: number;
  /**
   * How it falls; default: halved on a plateau of 5 epochs. A plateau is one of the validation's mean AUC; without
   * validation, of the epochs' mean bce, the one loss whose meaning does not change when the others join it after warm-up.
   */
  readonly schedule?: ScheduleSettings;
  /** Ends the run after so many epochs without a better validation; default: never. */
  readonly earlyStopping?: number | null;
  /** Which weights a run ends with: those of the epoch with the best validation, where there is one, or the last. Default "best". */
  readonly keep?: "best" | "final";
  /** Decay of a moving average of the weights, which takes their place in every evaluation and in the end; default: none. */
  readonly ema?: number | null;
  readonly lambdaPseudo: number;
  readonly lambdaConsistency: number;
  /** tau and t of the sharpening. */
  readonly threshold: number;
  readonly temperature: number;
  readonly stopGradient: boolean;
  /** Which entries the pseudo-label and consistency losses are taken over; default "absent". */
  readonly unsupervisedOn?: AssembleLossAttributes["unsupervisedOn"];
  /** Whether absent labels of training images are left alone, or taken for negative ones; default "ignored". */
  readonly absent?: AbsentPolicy;
  /**
   * Which views the given labels teach: the weak one, or both, by the mean of their losses; default "weak". With "both" the
   * strong view is computed in warm-up, too.
   */
  readonly supervised?: "weak" | "both";
  /** Batch norm's statistics of two views; default "separate". */
  readonly bnViews?: StepShape["bnViews"];
  /** What the losses are divided by; default "entries". */
  readonly normalise?: AssembleLossAttributes["normalise"];
  readonly seed: number;
  /**
   * Whether the test images are looked at after every epoch, too, or at the end only. Nothing is decided by what they show.
   * Default: at the end where there is validation to watch a run by, else after every epoch.
   */
  readonly evaluate?: "epoch" | "end";
  /** How batches are filled from the sources; default "proportional". */
  readonly sampling?: Sampling;
  /**
   * Bytes of images that may be held at a time. Up to there, and within the device's limits, they stay on the device; else
   * each step's batch is fed, which gives the same losses, bit for bit. Default: as many as there are.
   */
  readonly memory?: number;
}

export interface StepReport {
  /** From 1. */
  readonly epoch: number;
  /** Steps since the start of the run, from 1. */
  readonly step: number;
  readonly losses: Losses;
}

export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  /** On the test images; undefined after an epoch that was not tested. */
  readonly evaluation: Evaluation | undefined;
  /** Undefined without validation. */
  readonly validation: Evaluation | undefined;
  /** Of the epoch's steps. */
  readonly learningRate: number;
  /** Means over the epoch's steps. */
  readonly losses: Losses;
}

/** A person watches the losses; the device would rather not be asked too often. */
const millisecondsBetweenReadings = 250;

export interface EvaluationReport {
  readonly part: "validation" | "test";
  /** Images. */
  readonly done: number;
  readonly total: number;
}

/** Called in order: steps, batches of the images that are evaluated, then their epoch. */
export interface TrainingListener {
  step?(report: StepReport): void;
  evaluated?(report: EvaluationReport): void;
  epoch?(report: EpochReport): void;
}

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
): Promise<TrainingResult> {
  const labels = labelSpaceOf(assembly);
  const classifier = classifierOf(engine, settings, labels);
  const { learningRate, ema = null, earlyStopping } = settings;
  let average: WeightAverage | undefined;
  try {
    using optimiser = new Adam(classifier.parameters().values(), { learningRate });
    if (ema !== null) {
      average = new WeightAverage(engine, classifier, classifierOf(engine, settings, labels), ema);
    }
    const averaged = average?.classifier;
    const kept = averaged ?? classifier;
    const sampler = samplerOf(assembly, settings);
    const taught = taughtTo(classifier.head, taughtSources(assembly.sources, settings));
    const images = new TrainingImages(engine, taught, sampler.batch, settings.memory);
    try {
      const shape = { ...stepShape(settings, images, sampler.batch), resident: images.resident };
      using steps = new RecordedSteps(engine, classifier, optimiser, shape, () => average?.step());
      const run: Run = {
        ...{ engine, assembly, settings, images, sampler, classifier, averaged, kept, optimiser, steps },
        ...{ listener, signal, checkpoints, isDue: dueBy(checkpoints?.every) },
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
interface Run {
  readonly engine: Engine;
  readonly assembly: Assembly;
  readonly settings: TrainingSettings;
  /** Of all sources. */
  readonly images: TrainingImages;
  readonly sampler: Sampler;
  readonly classifier: Classifier;
  readonly averaged: Classifier | undefined;
  /** What is evaluated and handed out: the average, where there is one. */
  readonly kept: Classifier;
  readonly optimiser: Adam;
  readonly steps: RecordedSteps;
  readonly schedule: Schedule;
  readonly watch: ValidationWatch;
  readonly budget: Budget;
  readonly course: Course;
  readonly listener: TrainingListener;
  readonly signal: AbortSignal | undefined;
  readonly checkpoints: Checkpoints | undefined;
  /** Asked after each step. */
  readonly isDue: () => boolean;
}

/** The classifier that a run begins with. */
export function classifierOf(
  engine: Engine,
  { network, head = { kind: "queries", bias: "fc" }, seed }: TrainingSettings,
  labels: LabelSpace,
): Classifier {
  const { classes } = labels;
  return new Classifier(engine, { network, classes, seed, head: headSettingsOf(head, labels) });
}

/** Which images the steps of a run take. */
export function samplerOf(
  { sources }: Assembly,
  { sampling = "proportional", batch, seed }: TrainingSettings,
): Sampler {
  return new Sampler(sources, { sampling, batch, seed });
}

/** The part of the settings that every step shares. */
export function stepShape(
  settings: TrainingSettings,
  { height, width, channels }: { readonly height: number; readonly width: number; readonly channels: number },
  count: number,
): Omit<StepShape, "bothViews"> {
  const { weak, strong, normalisation, threshold, temperature, stopGradient, seed } = settings;
  const { unsupervisedOn = "absent", normalise = "entries", supervised, bnViews = "separate" } = settings;
  const strongShare = supervised === "both" ? 0.5 : 0;
  const loss = { threshold, temperature, stopGradient, unsupervisedOn, normalise, strongShare };
  return { weak, strong, normalisation, loss, bnViews, seed, count, height, width, channels };
}

async function trainEpochs(run: Run): Promise<Omit<TrainingResult, "classifier">> {
  const { assembly, settings, optimiser, schedule, watch, budget, course, signal, checkpoints } = run;
  const { validation, test } = assembly;
  const perEpoch = (settings.evaluate ?? (validation === undefined ? "epoch" : "end")) === "epoch";
  let trained = false;
  let tested:
    { readonly epoch: number; readonly logits: Float32Array; readonly evaluation: Evaluation } | undefined;
  const testAfter = async (epoch: number): Promise<void> => {
    const logits = await predict(...evaluating(run, "test", test));
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
          : evaluationOf(
              await predict(...evaluating(run, "validation", validation)),
              validation,
              assembly.classes,
            );
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
      schedule.step(meanAuc === undefined ? losses.bce : 1 - meanAuc);
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
    // One of the last epoch's end is there already, and the weights may be the best by now.
    if (!trained) await saveCheckpoint(run, checkpoints);
    return result(true, course.epochs);
  }
}

function evaluating(
  { engine, kept, settings, sampler, listener, signal }: Run,
  part: EvaluationReport["part"],
  set: ImageSet,
): Parameters<typeof predict> {
  const progress = (done: number, total: number): void => listener.evaluated?.({ part, done, total });
  const options = { signal, memory: settings.memory, progress };
  return [engine, kept, set, settings.normalisation, sampler.batch, options];
}

/** The rest of an epoch's steps, or those before the signal; whether a checkpoint is due after the last. */
async function trainOneEpoch(run: Run, epoch: number): Promise<boolean> {
  const { settings, budget, course, signal } = run;
  const before = (epoch - 1) * budget.stepsPerEpoch;
  const steps = stepsOf(budget, epoch);
  // Warm-up may end within an epoch.
  const warm = Math.min(steps, Math.max(0, budget.warmup - before));
  const phases = [
    { end: warm, lambdaPseudo: 0, lambdaConsistency: 0 },
    { end: steps, lambdaPseudo: settings.lambdaPseudo, lambdaConsistency: settings.lambdaConsistency },
  ];
  let due = false;
  for (const { end, ...weights } of phases) {
    if (course.steps < end && signal?.aborted !== true) due = await trainSteps(run, epoch, end, weights);
  }
  return due;
}

/** Steps of an epoch up to `end`, or those before the signal; the course counts them as their losses land. */
async function trainSteps(
  run: Run,
  epoch: number,
  end: number,
  weights: Pick<TrainingSettings, "lambdaPseudo" | "lambdaConsistency">,
): Promise<boolean> {
  const {
    steps: recorded,
    settings,
    images,
    sampler,
    budget,
    course,
    listener,
    signal,
    checkpoints,
    isDue,
  } = run;
  let due = false;
  const recordedStep = await recorded.of(takesStrongView({ ...settings, ...weights }));
  const first = (epoch - 1) * budget.stepsPerEpoch + 1;
  const begun = course.steps;
  const { readings } = recordedStep;
  let landed = first + begun;
  // Losses of several steps come back together: one step's at first, then those of a quarter of a second. At most two
  // such groups are under way, so that a signal is heard and a person sees the losses soon, however slow a step is.
  let together = 1;
  let waiting = 0;
  let since = { step: landed, time: performance.now() };
  const land = async (most: number): Promise<void> => {
    while (readings.pending > 0 && readings.batches > most) {
      const groups = readings.batches;
      const losses = finite(await readings.next(), `epoch ${epoch}, step ${landed}`);
      course.steps++;
      course.sums = added(course.sums, losses);
      listener.step?.({ epoch, step: landed, losses });
      landed++;
      if (readings.batches === groups) continue;
      const now = performance.now();
      const each = (now - since.time) / (landed - since.step);
      together = Math.min(16, Math.max(1, Math.floor(millisecondsBetweenReadings / each)));
      since = { step: landed, time: now };
    }
  };
  const taken = images.steps(sampler.epoch(epoch - 1, begun));
  try {
    for (let i = begun; i < end && signal?.aborted !== true; i++) {
      const { value } = await taken.next();
      if (value === undefined) throw new Error("the sampler has no images for a step");
      recordedStep.run({ images: value, step: first + i, ...weights });
      if (++waiting >= together) {
        readings.ask();
        waiting = 0;
      }
      await land(1);
      due = isDue();
      // After the last step of an epoch there is more to do before.
      if (due && i + 1 < stepsOf(budget, epoch)) {
        readings.ask();
        waiting = 0;
        await land(0);
        await saveCheckpoint(run, checkpoints);
      }
    }
    readings.ask();
    await land(0);
    return due;
  } finally {
    // After an error or a listener that threw, what is under way comes to its end first.
    await taken.return(undefined);
    while (readings.pending > 0) await readings.next().catch(() => undefined);
  }
}

/** @throws NonFiniteError */
function finite(values: ArrayLike<number>, where: string): Losses {
  const [total = NaN, bce = NaN, pseudo = NaN, consistency = NaN] = Array.from(values);
  const losses: Losses = { total, bce, pseudo, consistency };
  for (const [name, value] of Object.entries(losses)) {
    if (!Number.isFinite(value)) {
      throw new NonFiniteError(
        `${where}: the ${name} loss is ${value}; lower the learning rate or check the data`,
      );
    }
  }
  return losses;
}
