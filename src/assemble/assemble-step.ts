// One step of Label-Assemble: two views and the fused loss. What a step of segmentation has in common with it is here, too.

import { noGradient } from "../autograd/functions.ts";
import { add, affine, multiply } from "../functions/elementwise.ts";
import { concat, reshape, slice, takeRows } from "../functions/movement.ts";
import {
  assembleLoss,
  aucMargin,
  type AssembleLossOptions,
  type AssembleLossResult,
} from "../functions/losses.ts";
import type { StepLosses } from "../training/task.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { featuresInParts, type SplitNetwork, type TrainingMode } from "./batch-parts.ts";
import type { LambdaName, Lambdas, PixelLoss } from "./assemble-terms.ts";
import type { Classifier } from "./classifier.ts";
import type { Mixture } from "./mixup.ts";
import { parentsOfOutputs } from "./label-space.ts";
import type { TaskName } from "../data/manifest/task-names.ts";
import type { Batch } from "../data/assembly/image-reader.ts";
import type { ResidentImages, StepImages } from "../training/training-images.ts";
import { randomView, type Normalisation, type ViewSettings } from "./views.ts";

export interface StepSettings {
  readonly task: TaskName;
  readonly weak: ViewSettings;
  readonly strong: ViewSettings;
  readonly normalisation: Normalisation;
  readonly loss: AssembleLossOptions;
  /**
   * Batch statistics of a step with both views. `separate`: each view has its own, and the running statistics follow the
   * weak view alone. `joint`: both views have one set of statistics, which the running ones follow. A step with the weak
   * view alone, as in warm-up, is the same either way.
   */
  readonly bnViews: "separate" | "joint";
  readonly seed: number;
  /** Of classification; default: given labels teach by their cross entropy. */
  readonly labels?: LabelLossSettings;
  /** Of segmentation. */
  readonly pixels?: PixelLossSettings;
}

/** What given labels of whole images teach. */
export interface LabelLossSettings extends Pick<AssembleLossOptions, "focus"> {
  readonly labelSmoothing: number | undefined;
  /** [K]; undefined: positives count as much as negatives. */
  readonly positiveWeights: Float32Array | undefined;
  /** Weight of the AUC-margin loss; 0: none. */
  readonly lambdaAucMargin: number;
  /** Whether they are of mixed images; the step's inputs then tell how. */
  readonly mixed: boolean;
}

/** What given labels of pixels teach. */
export interface PixelLossSettings {
  readonly loss: PixelLoss;
  readonly lambdaDice: number;
  /** Whether a pixel of a class teaches that it is of none of those which exclude it, also where they are absent. */
  readonly infer: boolean;
  /** [K] How much each class counts in the mean of the cross entropy; undefined: all the same. */
  readonly classWeights: Float32Array | undefined;
}

/** What varies from step to step. */
export interface StepInputs extends Lambdas {
  readonly images: StepImages;
  readonly step: number;
  /** Where given labels are of mixed images. */
  readonly mixture?: Mixture;
}

/** The weights that the fused loss takes, in its order. */
const fusedLambdas = ["lambdaPseudo", "lambdaConsistency"] as const satisfies readonly LambdaName[];

/** What is the same in every step, and may be fixed in a recorded one. */
export interface StepShape extends StepSettings {
  /** Images of a batch. */
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Names of the losses that the step returns, the total first, see `assembleTerms`. */
  readonly terms: readonly string[];
  /**
   * Whether the strong view is computed, see `takesStrongView`. Without, the reported consistency is that of the weak view
   * with itself.
   */
  readonly bothViews: boolean;
  /**
   * Whether both views go through the network as one batch. False: one after the other, with twice the launches and gradients to
   * add up, where a device's largest buffer does not hold the activations of both; see `bothAtOnce`. Joint statistics always
   * take them at once. Default true.
   */
  readonly atOnce?: boolean;
  /** In how many parts the batch goes through the network; default 1. */
  readonly batchSplit?: number;
  /** Where the images are when they stay on the device; the step's inputs then name rows of them. */
  readonly resident?: ResidentImages | undefined;
}

/**
 * Both views of a batch, through the classifier, into Label-Assemble's losses. May be recorded: `inputs` is asked for the
 * step's values each time it runs.
 */
export function assembleLosses(
  engine: Engine,
  classifier: Classifier,
  shape: StepShape,
  inputs: () => StepInputs,
): StepLosses {
  const part = stepParts(engine, shape, () => inputs().images);
  const images = part("pixels", [shape.height, shape.width, shape.channels]);
  const seed = viewSeed(engine, shape, inputs);
  const view = (index: 0 | 1): Tensor =>
    randomView(images, seed, index, index === 0 ? shape.weak : shape.strong, shape.normalisation);
  const step: Step = { engine, classifier, shape, inputs, part, view };
  return shape.labels?.mixed === true ? mixedLosses(step) : plainLosses(step);
}

/** What a step of classification has. */
interface Step {
  readonly engine: Engine;
  readonly classifier: Classifier;
  readonly shape: StepShape;
  readonly inputs: () => StepInputs;
  readonly part: ReturnType<typeof stepParts>;
  readonly view: (index: 0 | 1) => Tensor;
}

/** All losses of the same views. */
function plainLosses({ engine, classifier, shape, inputs, part, view }: Step): AssembleLossResult {
  const { head } = classifier;
  const states = part("states", [head.outputs]);
  const { features, theta, bias } = head.factors(viewFeatures(classifier.features, shape, view));
  const [weak, strong = weak] = features;
  const weights = unsupervisedWeights(engine, inputs);
  return labelLosses(engine, classifier, shape, { weak, strong, theta, bias, states }, weights);
}

/** Given labels of mixed images; and where there are unsupervised losses, these of both views as they are. */
function mixedLosses({ engine, classifier, shape, inputs, part, view }: Step): AssembleLossResult {
  const { head } = classifier;
  const { strongShare = 0 } = shape.loss;
  const { states, mixed } = mixtureFeeds(engine, shape, head.outputs, inputs);
  const ofLabels = viewFeatures(
    classifier.features,
    { ...shape, bothViews: strongShare > 0 },
    (index) => mixed(view(index)),
    // Running statistics are for images as they are, where a step has them.
    shape.bothViews ? "untracked" : "training",
  );
  const asTheyAre = shape.bothViews ? viewFeatures(classifier.features, shape, view) : [];
  const { features, theta, bias } = head.factors([...ofLabels, ...asTheyAre]);
  const [weak, strong = weak] = features.slice(0, ofLabels.length);
  const none = engine.feed(() => fusedLambdas.map(() => 0), [fusedLambdas.length]);
  const taught = labelLosses(engine, classifier, shape, { weak, strong, theta, bias, states }, none);
  if (!shape.bothViews) return taught;
  const [plainWeak, plainStrong] = features.slice(ofLabels.length);
  const given = part("states", [head.outputs]);
  const weights = unsupervisedWeights(engine, inputs);
  const unsupervised = { ...shape.loss, strongShare: 0, supervised: false };
  const pulled = assembleLoss(plainWeak, plainStrong, theta, bias, given, weights, unsupervised);
  const total = add(taught.total, pulled.total);
  return {
    total,
    losses: noGradient(engine, () => {
      const terms = taught.losses.shape[0];
      const supervised = slice(taught.losses, [1], [terms - 1 - fusedLambdas.length]);
      return concat([reshape(total, [1]), supervised, slice(pulled.losses, [2], [fusedLambdas.length])], 0);
    }),
  };
}

/** A step's features and labels as a loss of given labels takes them. */
interface TaughtViews {
  readonly weak: Tensor;
  readonly strong: Tensor;
  readonly theta: Tensor;
  readonly bias: Tensor;
  readonly states: Tensor;
}

/** Label-Assemble's losses of views, given labels in the shape that the settings give them, and the AUC margin where it has a weight. */
function labelLosses(
  engine: Engine,
  classifier: Classifier,
  shape: StepShape,
  { weak, strong, theta, bias, states }: TaughtViews,
  weights: Tensor,
): AssembleLossResult {
  const options = { ...shape.loss, ...labelOptions(engine, classifier, shape) };
  const assembled = assembleLoss(weak, strong, theta, bias, states, weights, options);
  const { lambdaAucMargin = 0 } = shape.labels ?? {};
  if (lambdaAucMargin === 0) return assembled;
  const { strongShare = 0 } = shape.loss;
  const loss = overViews(weak, strong, strongShare, (view) => aucMargin(view, theta, bias, states));
  return withTerm(engine, assembled, loss, lambdaAucMargin);
}

/** A loss of given labels over the views that they teach, in the share of each. */
export function overViews(
  weak: Tensor,
  strong: Tensor,
  strongShare: number,
  lossOf: (view: Tensor) => Tensor,
): Tensor {
  if (strongShare === 0) return lossOf(weak);
  return add(affine(lossOf(weak), 1 - strongShare), affine(lossOf(strong), strongShare));
}

/** One more term of given labels, in its place in the table of terms: total, bce, the term, pseudo, consistency. */
export function withTerm(
  engine: Engine,
  { total: before, losses }: AssembleLossResult,
  term: Tensor,
  weight: number,
): AssembleLossResult {
  const total = add(before, affine(term, weight));
  const [bce, unsupervised] = [slice(losses, [1], [1]), slice(losses, [2], [fusedLambdas.length])];
  const asList = (loss: Tensor): Tensor => reshape(loss, [1]);
  return {
    total,
    losses: noGradient(engine, () => concat([asList(total), bce, asList(term), unsupervised], 0)),
  };
}

/** How a step's images are mixed, and what is known of the mixtures, fed at each step. */
function mixtureFeeds(
  engine: Engine,
  { count }: Pick<StepShape, "count">,
  outputs: number,
  inputs: () => StepInputs,
): { readonly mixed: (images: Tensor) => Tensor; readonly states: Tensor } {
  const taken = (): Mixture => {
    const { mixture } = inputs();
    if (mixture === undefined) throw new Error("a step of mixed images was not told how they are mixed");
    return mixture;
  };
  const partners = engine.feed(() => taken().partners, [count], "u32");
  const share = engine.feed(() => [taken().share], [1]);
  const rest = engine.feed(() => [1 - taken().share], [1]);
  return {
    mixed: (images) => add(multiply(images, share), multiply(takeRows(images, partners), rest)),
    states: engine.feed(() => taken().states, [count, outputs], "u8"),
  };
}

/** What given labels teach. Values are fed, since a recorded step takes no tensor of them; what is not asked for feeds none. */
function labelOptions(
  engine: Engine,
  { head, parents }: Classifier,
  { labels }: StepShape,
): Pick<AssembleLossOptions, "focus" | "labelSmoothing" | "positiveWeights" | "parents"> {
  const { focus, labelSmoothing = 0, positiveWeights } = labels ?? {};
  const above = parents && Uint32Array.from(parentsOfOutputs(head, parents));
  // A head with outputs per source has the classes once for each.
  const weights =
    positiveWeights &&
    Float32Array.from({ length: head.outputs }, (_, output) => positiveWeights[output % head.classes]);
  return {
    ...{ focus, labelSmoothing },
    parents: above && engine.feed(() => above, [head.outputs], "u32"),
    positiveWeights: weights && engine.feed(() => weights, [head.outputs]),
  };
}

/** f32 [2], of pseudo-labels and consistency. */
export const unsupervisedWeights = (engine: Engine, inputs: () => StepInputs): Tensor =>
  engine.feed(() => fusedLambdas.map((name) => inputs()[name]), [fusedLambdas.length]);

/** u32 [4], from which a step's views are drawn. */
export const viewSeed = (
  engine: Engine,
  { seed }: Pick<StepShape, "seed">,
  inputs: () => StepInputs,
): Tensor => engine.feed(() => Uint32Array.of(seed, 0x1abe1, inputs().step, 0), [4], "u32");

/**
 * Features of the views in training: of the weak one, and of the strong one where it is computed. Both go through the network as
 * one batch, of two groups with statistics of their own where these are separate.
 *
 * @param view normalised images [B, H, W, C] of the weak (0) or the strong (1) view
 * @param mode whether running statistics follow these views at all
 * @returns [B, D] each, or what else the network makes of images
 */
export function viewFeatures(
  network: SplitNetwork,
  { bothViews, bnViews, atOnce = true, batchSplit = 1 }: ViewsShape,
  view: (index: 0 | 1) => Tensor,
  mode: "training" | "untracked" = "training",
): readonly Tensor[] {
  const through = (views: readonly Tensor[], ofStatistics: TrainingMode): readonly Tensor[] =>
    featuresInParts(network, views, ofStatistics, batchSplit);
  if (!bothViews) return through([view(0)], mode);
  // Running statistics follow the weak view alone: they are for images as they are, not as the strong view bends them.
  if (bnViews === "separate" && !atOnce) {
    return [...through([view(0)], mode), ...through([view(1)], "untracked")];
  }
  return through([view(0), view(1)], bnViews === "joint" ? mode : { mode, groups: 2 });
}

type ViewsShape = Pick<StepShape, "bothViews" | "bnViews" | "atOnce" | "batchSplit">;

/** A part of the images of a step, [B, ...rest]: rows of what lies on the device, or fed. */
export function stepParts(
  engine: Engine,
  { count, resident }: Pick<StepShape, "count" | "resident">,
  taken: () => StepImages,
): (name: keyof ResidentImages, rest: readonly number[], dtype?: "u8" | "u32") => Tensor {
  const found = <Part>(part: Part | undefined, name: string): Part => {
    if (part === undefined) throw new Error(`the images of a step have no ${name}`);
    return part;
  };
  if (resident !== undefined) {
    const rows = engine.feed(() => rowsOf(taken()), [count], "u32");
    return (name) => takeRows(found(resident[name], name), rows);
  }
  return (name, rest, dtype = "u8") =>
    engine.feed(() => found(batchOf(taken())[name], name), [count, ...rest], dtype);
}

function batchOf(images: StepImages): Batch {
  if ("pixels" in images) return images;
  throw new Error("a step whose images are fed was given rows");
}

function rowsOf(images: StepImages): Uint32Array {
  if ("rows" in images) return images.rows;
  throw new Error("a step on resident images was given a batch");
}
