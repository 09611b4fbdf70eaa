// How a run trains, and what its settings make of an assembly.

import { Sampler, type Sampling } from "../data/assembly/sampler.ts";
import type { AbsentPolicy } from "./absent-policy.ts";
import type { Assembly } from "../data/assembly/assembly.ts";
import type { BackboneConfiguration } from "../nn/backbones.ts";
import type { HeadChoice } from "./heads/head.ts";
import type { AssembleLossAttributes } from "../operators/losses/index.ts";
import type { ScheduleSettings } from "../optim/schedule.ts";
import type { Engine } from "../runtime/engine.ts";
import { Classifier } from "./classifier.ts";
import { headSettingsOf, type LabelSpace } from "./label-space.ts";
import type { StepShape } from "./training-step.ts";
import type { Normalisation, ViewSettings } from "./views.ts";

export interface TrainingSettings {
  readonly network: BackboneConfiguration;
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
  /**
   * How many steps count as an epoch, for schedules, evaluations and checkpoints; default: those in which each image is seen
   * once. Runs on fewer images may be given the clock of others.
   */
  readonly stepsPerEpoch?: number | undefined;
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

/** Those that may change a bit of a run. */
export function reproducibleSettings({
  memory: _,
  ...settings
}: TrainingSettings): Omit<TrainingSettings, "memory"> {
  return settings;
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
