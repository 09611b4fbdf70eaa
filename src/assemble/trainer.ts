// The trainer: epochs of steps over an assembly, told to a listener as they happen.

import { Sampler, type Assembly, type Sampling } from "../data/index.ts";
import type { DenseNetConfiguration, HeadSettings } from "../nn/index.ts";
import type { AssembleLossAttributes } from "../operators/losses/index.ts";
import { Adam, scheduleOf, type ScheduleSettings } from "../optim/index.ts";
import type { Engine } from "../runtime/index.ts";
import { Classifier } from "./classifier.ts";
import { evaluate, type Evaluation } from "./evaluate.ts";
import { NonFiniteError } from "./failures.ts";
import { RecordedSteps } from "./recorded-steps.ts";
import type { StepShape } from "./step.ts";
import { TrainingImages } from "./training-images.ts";
import type { Normalisation, ViewSettings } from "./views.ts";

export { stepsPerEpoch } from "../data/index.ts";

export interface TrainingSettings {
  readonly network: DenseNetConfiguration;
  /** Default: class queries with a bias in their fc. */
  readonly head?: HeadSettings;
  readonly normalisation: Normalisation;
  readonly weak: ViewSettings;
  readonly strong: ViewSettings;
  /** Images of one step, over all sources. */
  readonly batch: number;
  readonly epochs: number;
  /** First epochs in which only given labels teach. */
  readonly warmupEpochs: number;
  /** Adam's, to begin with. */
  readonly learningRate: number;
  /**
   * How it falls; default: halved when the epochs' mean bce has not fallen for 5 epochs. A plateau is one of the bce, the one
   * loss whose meaning does not change when the others join it after warm-up.
   */
  readonly schedule?: ScheduleSettings;
  readonly lambdaPseudo: number;
  readonly lambdaConsistency: number;
  /** tau and t of the sharpening. */
  readonly threshold: number;
  readonly temperature: number;
  readonly stopGradient: boolean;
  /** Which entries the pseudo-label and consistency losses are taken over; default "absent". */
  readonly unsupervisedOn?: AssembleLossAttributes["unsupervisedOn"];
  /** What the losses are divided by; default "entries". */
  readonly normalise?: AssembleLossAttributes["normalise"];
  readonly seed: number;
  /** Whether the test images are looked at after every epoch or after the last; default "epoch". */
  readonly evaluate?: "epoch" | "end";
  /** How batches are filled from the sources; default "proportional". */
  readonly sampling?: Sampling;
  /**
   * Bytes of images that may be held at a time. Up to there, and within the device's limits, they stay on the device; else
   * each step's batch is fed, which gives the same losses, bit for bit. Default: as many as there are.
   */
  readonly memory?: number;
}

export interface Losses {
  readonly total: number;
  readonly bce: number;
  readonly pseudo: number;
  readonly consistency: number;
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
  /** Undefined after an epoch that was not evaluated. */
  readonly evaluation: Evaluation | undefined;
  /** Of the epoch's steps. */
  readonly learningRate: number;
  /** Means over the epoch's steps. */
  readonly losses: Losses;
}

/** A person watches the losses; the device would rather not be asked too often. */
const millisecondsBetweenReadings = 250;

/** Called in order: steps, then their epoch. */
export interface TrainingListener {
  step?(report: StepReport): void;
  epoch?(report: EpochReport): void;
}

export interface TrainingResult {
  readonly classifier: Classifier;
  /** Epochs that were completed. */
  readonly epochs: number;
  /** The last completed epoch's; undefined when there was none, or it was not evaluated. */
  readonly evaluation: Evaluation | undefined;
  /** Whether the signal came before the last epoch was completed. */
  readonly stopped: boolean;
}

/**
 * Trains a classifier on an assembly. The same engine, settings and assembly give the same losses, bit for bit.
 *
 * @param listener told of steps and epochs; what it throws ends the run
 * @param signal stops the run after the steps under way (those of half a second, or two) or the batch of test images. An
 *   epoch counts when its steps and its evaluation are done
 * @returns the classifier, which the caller disposes; after an error there is none left
 * @throws NonFiniteError naming epoch and step when a loss is no finite number
 */
export async function train(
  engine: Engine,
  assembly: Assembly,
  settings: TrainingSettings,
  listener: TrainingListener = {},
  signal?: AbortSignal,
): Promise<TrainingResult> {
  const classifier = classifierOf(engine, settings, assembly.classes.length);
  try {
    const { learningRate } = settings;
    using optimiser = new Adam(classifier.parameters().values(), { learningRate });
    const sampler = samplerOf(assembly, settings);
    const images = new TrainingImages(engine, assembly.sources, sampler.batch, settings.memory);
    try {
      const shape = { ...stepShape(settings, images, sampler.batch), resident: images.resident };
      using steps = new RecordedSteps(engine, classifier, optimiser, shape);
      const run = { engine, assembly, settings, images, sampler, classifier, optimiser, steps };
      const { epochs, evaluation } = await trainEpochs(run, listener, signal);
      return { classifier, epochs, evaluation, stopped: epochs < settings.epochs };
    } finally {
      await images.close();
    }
  } catch (error) {
    classifier.dispose();
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
  readonly optimiser: Adam;
  readonly steps: RecordedSteps;
}

/** The classifier that a run begins with. */
export function classifierOf(
  engine: Engine,
  { network, head, seed }: TrainingSettings,
  classes: number,
): Classifier {
  return new Classifier(engine, { network, classes, seed, ...(head === undefined ? {} : { head }) });
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
): Omit<StepShape, "unsupervised"> {
  const { weak, strong, normalisation, threshold, temperature, stopGradient, seed } = settings;
  const { unsupervisedOn = "absent", normalise = "entries" } = settings;
  const loss = { threshold, temperature, stopGradient, unsupervisedOn, normalise };
  return { weak, strong, normalisation, loss, seed, count, height, width, channels };
}

/** @returns how many epochs were completed, and the evaluation of the last of them */
async function trainEpochs(
  run: Run,
  listener: TrainingListener,
  signal: AbortSignal | undefined,
): Promise<Pick<TrainingResult, "epochs" | "evaluation">> {
  const { engine, assembly, settings, sampler, classifier, optimiser } = run;
  const { normalisation } = settings;
  const { batch, stepsPerEpoch: steps } = sampler;
  const schedule = scheduleOf(optimiser, settings.schedule ?? { by: "plateau", patience: 5 });
  let evaluation: Evaluation | undefined;
  let completed = 0;
  while (completed < settings.epochs && signal?.aborted !== true) {
    const epoch = completed + 1;
    const learningRate = optimiser.learningRate;
    const taken: Losses[] = [];
    await trainOneEpoch(run, epoch, steps, signal, (step, losses) => {
      taken.push(losses);
      listener.step?.({ epoch, step, losses });
    });
    if (taken.length < steps) break;
    const due = settings.evaluate !== "end" || epoch === settings.epochs;
    let found: Evaluation | undefined;
    try {
      if (due) {
        const { test, classes } = assembly;
        const how = { signal, memory: settings.memory };
        found = await evaluate(engine, classifier, test, classes, normalisation, batch, how);
      }
    } catch (error) {
      if (signal !== undefined && error === signal.reason) break;
      throw error;
    }
    evaluation = found;
    completed = epoch;
    const losses = meansOf(taken);
    listener.epoch?.({ epoch, learningRate, losses, evaluation });
    schedule.step(losses.bce);
  }
  return { epochs: completed, evaluation };
}

/** The steps of an epoch, or those before the signal; `told` gets the losses of each. */
async function trainOneEpoch(
  { steps: recorded, settings, images, sampler }: Run,
  epoch: number,
  steps: number,
  signal: AbortSignal | undefined,
  told: (step: number, losses: Losses) => void,
): Promise<void> {
  const warm = epoch <= settings.warmupEpochs;
  const lambdaPseudo = warm ? 0 : settings.lambdaPseudo;
  const lambdaConsistency = warm ? 0 : settings.lambdaConsistency;
  const recordedStep = await recorded.of(lambdaPseudo > 0 || lambdaConsistency > 0);
  const first = (epoch - 1) * steps + 1;
  const { readings } = recordedStep;
  let landed = first;
  // Losses of several steps come back together: one step's at first, then those of a quarter of a second. At most two
  // such groups are under way, so that a signal is heard and a person sees the losses soon, however slow a step is.
  let together = 1;
  let waiting = 0;
  let since = { step: first, time: performance.now() };
  const land = async (most: number): Promise<void> => {
    while (readings.pending > 0 && readings.batches > most) {
      const groups = readings.batches;
      told(landed, finite(await readings.next(), `epoch ${epoch}, step ${landed}`));
      landed++;
      if (readings.batches === groups) continue;
      const now = performance.now();
      const each = (now - since.time) / (landed - since.step);
      together = Math.min(16, Math.max(1, Math.floor(millisecondsBetweenReadings / each)));
      since = { step: landed, time: now };
    }
  };
  const taken = images.steps(sampler.epoch(epoch - 1));
  try {
    for (let i = 0; i < steps && signal?.aborted !== true; i++) {
      const { value } = await taken.next();
      if (value === undefined) throw new Error("the sampler has no images for a step");
      recordedStep.run({ images: value, step: first + i, lambdaPseudo, lambdaConsistency });
      if (++waiting >= together) {
        readings.ask();
        waiting = 0;
      }
      await land(1);
    }
    readings.ask();
    await land(0);
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

function meansOf(steps: readonly Losses[]): Losses {
  const mean = (name: keyof Losses): number =>
    steps.reduce((sum, losses) => sum + losses[name], 0) / steps.length;
  return {
    total: mean("total"),
    bce: mean("bce"),
    pseudo: mean("pseudo"),
    consistency: mean("consistency"),
  };
}
