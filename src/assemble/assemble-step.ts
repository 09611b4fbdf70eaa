// One step of Label-Assemble: two views and the fused loss. What a step of segmentation has in common with it is here, too.

import { concat, slice, takeRows } from "../functions/movement.ts";
import { assembleLoss, type AssembleLossOptions } from "../functions/losses.ts";
import type { Mode } from "../nn/module.ts";
import type { StepLosses } from "../training/task.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { LambdaName, Lambdas, PixelLoss } from "./assemble-terms.ts";
import type { Classifier } from "./classifier.ts";
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
   * weak view alone. `joint`: both views are one batch, with one set of statistics, which the running ones follow. A step
   * with the weak view alone, as in warm-up, is the same either way. Joint activations are twice as large a buffer, and a
   * device's limit of one buffer holds half the batch.
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
  const { head } = classifier;
  const part = stepParts(engine, shape, () => inputs().images);
  const images = part("pixels", [shape.height, shape.width, shape.channels]);
  const states = part("states", [head.outputs]);
  const weights = unsupervisedWeights(engine, inputs);
  const seed = viewSeed(engine, shape, inputs);
  const view = (index: 0 | 1): Tensor =>
    randomView(images, seed, index, index === 0 ? shape.weak : shape.strong, shape.normalisation);
  const views = viewFeatures(classifier.features, shape, view);
  const { features, theta, bias } = head.factors(views);
  const [weak, strong = weak] = features;
  const options = { ...shape.loss, ...labelOptions(engine, classifier, shape) };
  return assembleLoss(weak, strong, theta, bias, states, weights, options);
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
 * Features of the views in training: of the weak one, and of the strong one where it is computed.
 *
 * @param view normalised images [B, H, W, C] of the weak (0) or the strong (1) view
 * @returns [B, D] each, or what else the network makes of images
 */
export function viewFeatures(
  network: { forward(images: Tensor, mode: Mode): Tensor },
  { bothViews, bnViews, count }: Pick<StepShape, "bothViews" | "bnViews" | "count">,
  view: (index: 0 | 1) => Tensor,
): readonly Tensor[] {
  if (bothViews && bnViews === "joint") {
    const features = network.forward(concat([view(0), view(1)], 0), "training");
    const [, ...rest] = features.shape;
    const rowsFrom = (first: number): Tensor =>
      slice(features, [first, ...rest.map(() => 0)], [count, ...rest]);
    return [rowsFrom(0), rowsFrom(count)];
  }
  const weak = network.forward(view(0), "training");
  // Running statistics follow the weak view alone: they are for images as they are, not as the strong view bends them.
  return bothViews ? [weak, network.forward(view(1), "untracked")] : [weak];
}

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
