// Losses of segmentation for users: over the pixels of images whose sources outline some of the classes.

import { aNumber, expectOptions, type OptionChecks } from "../errors/arguments.ts";
import type { AssembleLossAttributes } from "../operators/losses/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { assembleSwitchChecks, aTensor, paperSwitches, type AssembleLossResult } from "./losses.ts";
import { given, run } from "./run.ts";

/** The switches of `assemblePixels`; the defaults are the paper's. */
export interface AssemblePixelsOptions extends Partial<AssembleLossAttributes> {
  /**
   * f32 [K], 0 or above: a factor of each class's terms in bce, which is then divided by the weighted number of entries, so
   * that equal weights change nothing. Default: all count alike.
   */
  readonly classWeights?: Tensor | undefined;
}

const assemblePixelsOptions: OptionChecks<AssemblePixelsOptions> = {
  ...assembleSwitchChecks,
  classWeights: aTensor,
};

/**
 * Label-Assemble's losses over the pixels of a weakly and a strongly augmented view of one geometry: `assembleLoss` with a
 * row for each pixel, whose states are made from a label map (see label-map.ts for its bytes) and never stored. An ignored
 * pixel takes part in nothing. A class that the image's source knows is positive where the map names it, else negative: also
 * under a byte that names no class. A class that it does not know is negative where the map names a known class that excludes
 * it, else absent.
 *
 * @param weakFeatures f32 [N, H, W, D]
 * @param strongFeatures f32 [N, H, W, D]; the weak ones where there is no strong view, which costs half as much
 * @param theta f32 [K, D], class parameters
 * @param bias f32 [K]
 * @param labels u8 [N, H, W]: the number of a class, 254 for background, 255 for a pixel that is ignored
 * @param known u32 [N, ceil(K / 32)]: the classes that each image's source knows, `knownBits`
 * @param exclusions u32 [K, ceil(K / 32)]: the classes that each class excludes, `exclusionBits`; 0 for none
 * @param weights f32 [2]: lambda of the pseudo-label and of the consistency loss, both 0 during warm-up
 * @param options defaults: threshold .5, temperature 4, stopGradient true, unsupervisedOn "absent", normalise "entries",
 *   strongShare 0, no weights of classes. By "batch" the losses are divided by the number of pixels that are not ignored.
 * @returns the total, which has gradients with respect to features, theta and bias, and all losses, which have none
 * @throws ShapeError when the shapes or options do not fit, or K is above 254
 */
export function assemblePixels(
  weakFeatures: Tensor,
  strongFeatures: Tensor,
  theta: Tensor,
  bias: Tensor,
  labels: Tensor,
  known: Tensor,
  exclusions: Tensor,
  weights: Tensor,
  options: AssemblePixelsOptions = {},
): AssembleLossResult {
  expectOptions("assemblePixels", options, assemblePixelsOptions);
  const { classWeights, ...switches } = options;
  const inputs = [weakFeatures, theta, bias, labels, known, exclusions, weights];
  if (strongFeatures !== weakFeatures) inputs.push(strongFeatures);
  if (classWeights !== undefined) inputs.push(classWeights);
  const [total, losses, ...gradients] = run("assemblePixels", inputs, {
    ...paperSwitches,
    ...given(switches),
    weighted: classWeights !== undefined,
  });
  for (const each of gradients) each.dispose(); // the tape keeps them where there is one
  return { total, losses };
}

export interface MaskedDiceOptions {
  /** Added above and below the line of each class's fraction, 0 or above. Default 1. */
  readonly smooth?: number;
}

const maskedDiceOptions: OptionChecks<MaskedDiceOptions> = { smooth: aNumber };

/**
 * The Dice loss over labelled pixels: 1 - the mean over the classes that have a positive pixel of
 * (2 I + smooth) / (P + T + smooth), with I, P, T the sums of a y, a, y over the class's labelled pixels of all images and
 * a = sigmoid(features theta' + bias). 0, with gradients of 0, where no class has a positive pixel. Which pixels are labelled
 * is as in `assemblePixels`.
 *
 * @param features f32 [N, H, W, D]
 * @param theta f32 [K, D], class parameters
 * @param bias f32 [K]
 * @param labels u8 [N, H, W]: the number of a class, 254 for background, 255 for a pixel that is ignored
 * @param known u32 [N, ceil(K / 32)], `knownBits`
 * @param exclusions u32 [K, ceil(K / 32)], `exclusionBits`
 * @returns f32 [], with gradients with respect to features, theta and bias
 * @throws ShapeError when the shapes do not fit, K is above 254, or smooth is below 0
 */
export function maskedDice(
  features: Tensor,
  theta: Tensor,
  bias: Tensor,
  labels: Tensor,
  known: Tensor,
  exclusions: Tensor,
  options: MaskedDiceOptions = {},
): Tensor {
  expectOptions("maskedDice", options, maskedDiceOptions);
  const { smooth = 1 } = options;
  const [loss, gradients] = run("maskedDice", [features, theta, bias, labels, known, exclusions], { smooth });
  gradients.dispose(); // the tape keeps them where there is one
  return loss;
}
