// How a run trains, and what its settings make of an assembly.

import { expectArgument, madeWith } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { anAssembly, type Assembly } from "../data/assembly/assembly.ts";
import type { TaskName } from "../data/manifest/task-names.ts";
import { Sampler, type Sampling } from "../data/assembly/sampler.ts";
import type { Engine } from "../runtime/engine.ts";
import { expectEngine } from "../runtime/engine-of.ts";
import type { Loosely, LoopSettings } from "../training/loop-settings.ts";
import { taughtSources } from "./absent-policy.ts";
import type { LabelLossSettings, PixelLossSettings, StepShape } from "./assemble-step.ts";
import { trainingSettings } from "./settings-argument.ts";
import { assembleTerms, defaultLambdaDice, type NeededLambda } from "./assemble-terms.ts";
import type { ViewSettings } from "./augmentation.ts";
import type { NetworkConfiguration } from "./backbones/backbone-family.ts";
import { Classifier } from "./classifier.ts";
import type { HeadChoice } from "./heads/head.ts";
import { withoutIdleSettings } from "./idle-settings.ts";
import { headSettingsOf, type LabelSpace } from "./label-space.ts";
import { inPrecision } from "./network-precision.ts";
import { balancedWeights, positiveWeightsOf } from "./positive-weights.ts";
import type { Recipe } from "./recipe.ts";
import type { Normalisation } from "./views.ts";

/** Of a recipe, what is Label-Assemble's own: the loop's settings aside, and what code calls otherwise. */
type Method = Omit<Recipe, keyof LoopSettings | "tau" | "head">;
type Needed = "warmupEpochs" | NeededLambda | "temperature" | "stopGradient";

/** The settings of a run; `loopFields` and `recipeFields` say what each means, `settingsOf` makes them of a manifest. */
export interface TrainingSettings extends LoopSettings, Pick<Method, Needed>, Loosely<Omit<Method, Needed>> {
  /** Default: classification. */
  readonly task?: TaskName | undefined;
  readonly network: NetworkConfiguration;
  /** Default: class queries with a bias in their fc. */
  readonly head?: HeadChoice;
  readonly normalisation: Normalisation;
  readonly weak: ViewSettings;
  readonly strong: ViewSettings;
  /** Images of one step, over all sources. */
  readonly batch: number;
  /** How batches are filled from the sources; default "proportional". */
  readonly sampling?: Sampling;
  /** The manifest's tau: a probability over it is sharpened towards 1, another towards 0. */
  readonly threshold: number;
  readonly seed: number;
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
  return withoutIdleSettings(settings);
}

export const aLabelSpace = madeWith("what labelSpaceOf gives", ["classes", "known"]);

/** The classifier that a run begins with. */
export function classifierOf(engine: Engine, settings: TrainingSettings, labels: LabelSpace): Classifier {
  expectEngine("classifierOf", engine);
  expectArgument("classifierOf", "the settings", settings, trainingSettings);
  expectArgument("classifierOf", "the labels", labels, aLabelSpace);
  const { network, head = { kind: "queries", bias: "fc" }, seed } = settings;
  const { classes, parents } = labels;
  if (network.kind === "unet") {
    throw new UsageError(
      "classifierOf: the network is a unet, which gives features of pixels; take one of images",
    );
  }
  const options = { network, classes, parents, seed, head: headSettingsOf(head, labels) };
  return inPrecision(new Classifier(engine, options), settings);
}

/** Which images the steps of a run take. */
export function samplerOf(assembly: Assembly, settings: TrainingSettings): Sampler {
  expectArgument("samplerOf", "the assembly", assembly, anAssembly);
  expectArgument("samplerOf", "the settings", settings, trainingSettings);
  const { sources } = assembly;
  const { sampling = "proportional", batch, seed } = settings;
  return new Sampler(sources, { sampling, batch, seed });
}

/** What a step knows of the labels, where the settings weigh them. */
export interface NamedLabels {
  /** What the classes are called, in their order. */
  readonly names?: readonly string[] | undefined;
  /** [K], see `balancedWeights`; left out before the data is known. */
  readonly balanced?: readonly number[] | undefined;
}

/** What the steps of a run on an assembly know of its labels. */
export function namedLabels(
  { classes, sources }: Pick<Assembly, "classes" | "sources">,
  settings: Pick<TrainingSettings, "positiveWeight" | "absent">,
): NamedLabels & { readonly names: readonly string[] } {
  if (settings.positiveWeight !== "balanced") return { names: classes };
  return { names: classes, balanced: balancedWeights(taughtSources(sources, settings), classes.length) };
}

/** Images that go through the network at a time, where a batch is computed in parts. */
export const partOf = (batch: number, { batchSplit = 1 }: Pick<TrainingSettings, "batchSplit">): number =>
  Math.ceil(batch / batchSplit);

/** @throws UsageError for more parts than a batch has images */
export function checkBatchParts({
  batch,
  batchSplit = 1,
}: Pick<TrainingSettings, "batch" | "batchSplit">): void {
  if (batchSplit <= batch) return;
  throw new UsageError(
    `train.batchSplit: a batch of ${batch} images has no ${batchSplit} parts; give ${batch} at most (--batch-split ${batch})`,
  );
}

/**
 * The part of the settings that every step shares.
 * @param labels what the classes are called, and how their labels are balanced, where the settings weigh them
 */
export function stepShape(
  settings: TrainingSettings,
  { height, width, channels }: { readonly height: number; readonly width: number; readonly channels: number },
  count: number,
  labels: NamedLabels = {},
): Omit<StepShape, "bothViews"> {
  const { weak, strong, normalisation, threshold, temperature, stopGradient, seed } = settings;
  const { batchSplit = 1 } = settings;
  const { unsupervisedOn = "absent", normalise = "entries", supervised, bnViews = "separate" } = settings;
  const strongShare = supervised === "both" ? 0.5 : 0;
  const loss = { threshold, temperature, stopGradient, unsupervisedOn, normalise, strongShare };
  const terms = assembleTerms(settings);
  const { task = "classification" } = settings;
  return {
    ...{ task, weak, strong, normalisation, loss, bnViews, seed, count, height, width, channels, terms },
    ...(batchSplit === 1 ? {} : { batchSplit }),
    ...(task === "segmentation"
      ? { pixels: pixelLossSettings(settings, labels) }
      : { labels: labelLossSettings(settings, labels) }),
  };
}

function labelLossSettings(
  settings: TrainingSettings,
  { names = [], balanced }: NamedLabels,
): LabelLossSettings {
  const { positiveWeight, focus, labelSmoothing, mixup, lambdaAucMargin = 0 } = withoutIdleSettings(settings);
  const weights = positiveWeightsOf(positiveWeight, names, balanced);
  return {
    ...{ focus, labelSmoothing, lambdaAucMargin, mixed: mixup !== undefined },
    positiveWeights: weights && Float32Array.from(weights),
  };
}

function pixelLossSettings(settings: TrainingSettings, { names = [] }: NamedLabels): PixelLossSettings {
  const { loss = "assemble", lambdaDice = defaultLambdaDice, infer = true, classWeights } = settings;
  const weights = classWeights && Float32Array.from(names, (name) => classWeights[name] ?? 1);
  return { loss, lambdaDice, infer, classWeights: weights };
}
