// One step of segmentation: two views of one geometry, and the losses of their pixels.

import { noGradient } from "../autograd/functions.ts";
import { concat, reshape } from "../functions/movement.ts";
import { marginalCrossEntropy } from "../functions/losses.ts";
import { assemblePixels, maskedDice } from "../functions/pixel-losses.ts";
import { classWords, exclusionBits } from "../labels/label-map.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { StepLosses } from "../training/task.ts";
import {
  overViews,
  stepParts,
  unsupervisedWeights,
  viewFeatures,
  viewSeed,
  withTerm,
  type StepInputs,
  type StepShape,
} from "./assemble-step.ts";
import type { Segmenter } from "./segmenter.ts";
import { pixelGeometry, pixelViews, randomView, viewLabels } from "./views.ts";

/**
 * Both views of a batch, through the segmenter, into the losses of its pixels. May be recorded: `inputs` is asked for the step's
 * values each time it runs.
 */
export function segmentLosses(
  engine: Engine,
  segmenter: Segmenter,
  shape: StepShape,
  inputs: () => StepInputs,
): StepLosses {
  const { pixels: settings, height, width, channels } = shape;
  if (settings === undefined) throw new Error("a step of segmentation has settings of its pixels");
  const { classes, exclusive = [], head } = segmenter;
  const words = classWords(classes);
  const part = stepParts(engine, shape, () => inputs().images);
  const images = part("pixels", [height, width, channels]);
  const maps = part("maps", [height, width]);
  const known = part("known", [words], "u32");
  const seed = viewSeed(engine, shape, inputs);
  // Pixels of both views are compared: what moves those of the weak one moves those of the strong one and of the map.
  const limits = pixelViews(shape);
  const view = (index: 0 | 1): Tensor => {
    const own = index === 0 ? limits.weak : limits.strong;
    return randomView(images, seed, index, own, shape.normalisation, pixelGeometry);
  };
  const labels = viewLabels(maps, seed, limits);
  const views = viewFeatures(segmenter.features, shape, view);
  const { features, theta, bias } = head.factors(views);
  const [weak, strong = weak] = features;
  if (settings.loss === "softmax-marginal") {
    const total = marginalCrossEntropy(weak, theta, bias, labels, known);
    return { total, losses: noGradient(engine, () => concat([total, total].map(asList), 0)) };
  }
  // Fed, since a recorded step takes no tensor of values.
  const excluded = exclusionBits(settings.infer ? exclusive : [], classes);
  const exclusions = engine.feed(() => excluded, [classes, words], "u32");
  const { classWeights: weightOfClass } = settings;
  const classWeights = weightOfClass && engine.feed(() => weightOfClass, [classes]);
  const weights = unsupervisedWeights(engine, inputs);
  const assembled = assemblePixels(weak, strong, theta, bias, labels, known, exclusions, weights, {
    ...shape.loss,
    classWeights,
  });
  if (settings.lambdaDice === 0) return assembled;
  const { strongShare = 0 } = shape.loss;
  const dice = overViews(weak, strong, strongShare, (each) =>
    maskedDice(each, theta, bias, labels, known, exclusions),
  );
  return withTerm(engine, assembled, dice, settings.lambdaDice);
}

const asList = (loss: Tensor): Tensor => reshape(loss, [1]);
