// The trainer: epochs of steps over an assembly, told to a listener as they happen.

import { concatenate, epochOrder, type Assembly } from "../data/index.ts";
import type { DenseNetConfiguration } from "../nn/index.ts";
import { Adam, ReduceLROnPlateau } from "../optim/index.ts";
import type { Engine } from "../runtime/index.ts";
import { Classifier } from "./classifier.ts";
import { evaluate, type Evaluation } from "./evaluate.ts";
import { NonFiniteError } from "./failures.ts";
import { gather, trainingStep } from "./step.ts";
import type { Normalisation, ViewSettings } from "./views.ts";

export interface TrainingSettings {
  readonly network: DenseNetConfiguration;
  readonly normalisation: Normalisation;
  readonly weak: ViewSettings;
  readonly strong: ViewSettings;
  /** Images of one step, over all sources. */
  readonly batch: number;
  readonly epochs: number;
  /** First epochs in which only given labels teach. */
  readonly warmupEpochs: number;
  readonly learningRate: number;
  readonly lambdaPseudo: number;
  readonly lambdaConsistency: number;
  /** tau and t of the sharpening. */
  readonly threshold: number;
  readonly temperature: number;
  readonly stopGradient: boolean;
  readonly seed: number;
  /** Whether the test images are looked at after every epoch or after the last; default "epoch". */
  readonly evaluate?: "epoch" | "end";
}

export interface Losses {
  readonly total: number;
  readonly bce: number;
  readonly pseudo: number;
  readonly consistency: number;
}

export interface StepReport {
  readonly epoch: number;
  /** Steps since the start of the run, from 1. */
  readonly step: number;
  readonly losses: Losses;
}

export interface EpochReport {
  readonly epoch: number;
  /** Undefined after an epoch that was not evaluated. */
  readonly evaluation: Evaluation | undefined;
  readonly learningRate: number;
  /** Means over the epoch's steps. */
  readonly losses: Losses;
}

/** Called in order: steps, then their epoch. */
export interface TrainingListener {
  step?(report: StepReport): void;
  epoch?(report: EpochReport): void;
}

export interface TrainingResult {
  readonly classifier: Classifier;
  /** Epochs that were completed. */
  readonly epochs: number;
  /** The last epoch's; undefined when the run was stopped before the first one ended. */
  readonly evaluation: Evaluation | undefined;
  readonly stopped: boolean;
}

/** Steps of an epoch: the images that do not fill a last batch are left to another epoch's order. */
export function stepsPerEpoch(images: number, batch: number): number {
  return Math.max(1, Math.floor(images / batch));
}

/**
 * Trains a classifier on an assembly. The same engine, settings and assembly give the same losses, bit for bit.
 *
 * @param signal stops the run after the step under way
 * @throws NonFiniteError naming epoch and step when a loss is no finite number
 */
export async function train(
  engine: Engine,
  assembly: Assembly,
  settings: TrainingSettings,
  listener: TrainingListener = {},
  signal?: AbortSignal,
): Promise<TrainingResult> {
  const { network, seed, normalisation } = settings;
  const images = concatenate("assembly", assembly.sources);
  const batch = Math.min(settings.batch, images.count);
  const steps = stepsPerEpoch(images.count, batch);
  const classifier = new Classifier(engine, { network, classes: assembly.classes.length, seed });
  const optimiser = new Adam(classifier.parameters().values(), { learningRate: settings.learningRate });
  const schedule = new ReduceLROnPlateau(optimiser);
  const loss = {
    threshold: settings.threshold,
    temperature: settings.temperature,
    stopGradient: settings.stopGradient,
  };
  const { weak, strong } = settings;
  let evaluation: Evaluation | undefined;
  let epoch = 0;
  try {
    for (; epoch < settings.epochs; epoch++) {
      const order = epochOrder(images.count, seed, epoch);
      const warm = epoch < settings.warmupEpochs;
      const sums = { total: 0, bce: 0, pseudo: 0, consistency: 0 };
      const told = (step: number, values: ArrayLike<number>): void => {
        const [total = NaN, bce = NaN, pseudo = NaN, consistency = NaN] = Array.from(values);
        const losses: Losses = { total, bce, pseudo, consistency };
        for (const [name, value] of Object.entries(losses)) {
          if (!Number.isFinite(value)) {
            throw new NonFiniteError(
              `epoch ${epoch + 1}, step ${step}: the ${name} loss is ${value}; lower the learning rate or check the data`,
            );
          }
        }
        sums.total += total;
        sums.bce += bce;
        sums.pseudo += pseudo;
        sums.consistency += consistency;
        listener.step?.({ epoch, step, losses });
      };
      // One step stays in flight: its losses are read while the next one is encoded.
      let flying: { step: number; values: Promise<ArrayLike<number>> } | undefined;
      for (let i = 0; i < steps && signal?.aborted !== true; i++) {
        const step = epoch * steps + i + 1;
        const losses = trainingStep(
          engine,
          classifier,
          optimiser,
          images,
          gather(images, order.subarray(i * batch, (i + 1) * batch)),
          { weak, strong, normalisation, loss, seed },
          {
            step,
            lambdaPseudo: warm ? 0 : settings.lambdaPseudo,
            lambdaConsistency: warm ? 0 : settings.lambdaConsistency,
          },
        );
        const values = losses.read().finally(() => losses.dispose());
        values.catch(() => undefined); // awaited one step later; until then nobody listens
        if (flying !== undefined) told(flying.step, await flying.values);
        flying = { step, values };
      }
      if (flying !== undefined) told(flying.step, await flying.values);
      if (signal?.aborted === true) break;
      const learningRate = optimiser.learningRate;
      const means = {
        total: sums.total / steps,
        bce: sums.bce / steps,
        pseudo: sums.pseudo / steps,
        consistency: sums.consistency / steps,
      };
      const due = settings.evaluate !== "end" || epoch === settings.epochs - 1;
      evaluation = due
        ? await evaluate(engine, classifier, assembly.test, assembly.classes, normalisation, batch)
        : undefined;
      listener.epoch?.({ epoch, learningRate, losses: means, evaluation });
      schedule.step(means.total);
    }
  } finally {
    optimiser.dispose();
  }
  return { classifier, epochs: epoch, evaluation, stopped: signal?.aborted === true };
}
