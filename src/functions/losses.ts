// Losses for users: softmax cross entropy, and Label-Assemble's head, pseudo-labels and fused losses.

import {
  aFlag,
  aNumber,
  expectOptions,
  oneOf,
  type NoOptions,
  type OptionChecks,
} from "../errors/arguments.ts";
import { normaliseChoices, unsupervisedChoices } from "../operators/losses/assemble-attributes.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { AssembleLossAttributes, SharpenAttributes } from "../operators/losses/index.ts";
import { given, run, runOne } from "./run.ts";

/**
 * Softmax cross entropy, the mean over the batch of sum over k of t_k (log(sum over j of exp(z_j)) - z_k); finite
 * for every logit.
 *
 * @param logits f32 [B, K]
 * @param targets f32 [B, K], probabilities (one-hot for hard labels: `equal` of classes [B, 1] and [0, 1, ..., K - 1], both
 *   f32); they have no gradient
 * @returns f32 []
 * @throws ShapeError when the shapes differ or are not two-dimensional
 */
export function softmaxCrossEntropy(logits: Tensor, targets: Tensor, options: NoOptions = {}): Tensor {
  expectOptions("softmaxCrossEntropy", options, {});
  const [loss, gradient] = run("softmaxCrossEntropy", [logits, targets], {});
  // Computed on the way and kept by the tape where there is one.
  gradient.dispose();
  return loss;
}

/**
 * Label-Assemble's logits: the inner products of class parameters, which class queries have made, with features.
 *
 * @param features f32 [B, D]
 * @param theta f32 [K, D]
 * @param bias f32 [K]
 * @returns f32 [B, K] = features theta' + bias
 * @throws ShapeError when the shapes do not fit
 */
export function queryInnerProduct(features: Tensor, theta: Tensor, bias: Tensor): Tensor {
  return runOne("queryInnerProduct", [features, theta, bias], {});
}

const sharpenOptions: OptionChecks<Partial<SharpenAttributes>> = {
  threshold: aNumber,
  temperature: aNumber,
};

/**
 * Sharpens probabilities into pseudo-labels (Label-Assemble, Eq. 1).
 *
 * @param probabilities f32, any shape, in [0, 1]
 * @param options threshold (default .5) and temperature t >= 1 (default 4): 1 gives hard labels, Infinity leaves
 *   probabilities as they are
 * @returns same shape; a + (1 - a)/t where a > threshold (strictly), else a - a/t
 * @throws ShapeError when the threshold or the temperature is out of range
 */
export function sharpen(probabilities: Tensor, options: Partial<SharpenAttributes> = {}): Tensor {
  expectOptions("sharpen", options, sharpenOptions);
  return runOne("sharpen", [probabilities], { threshold: 0.5, temperature: 4, ...given(options) });
}

/** The switches of `assembleLoss`; the defaults are the paper's. */
export type AssembleLossOptions = Partial<AssembleLossAttributes>;

const assembleLossOptions: OptionChecks<AssembleLossOptions> = {
  ...sharpenOptions,
  stopGradient: aFlag,
  unsupervisedOn: oneOf(unsupervisedChoices),
  normalise: oneOf(normaliseChoices),
  strongShare: aNumber,
};

/** What `assembleLoss` computes in one go. */
export interface AssembleLossResult {
  /** [], the weighted sum: what to differentiate */
  readonly total: Tensor;
  /** The total, then bce, pseudo and consistency without their weights, [4]. For reports: a tape refuses their gradient. */
  readonly losses: Tensor;
}

/**
 * Label-Assemble's losses on a weakly and a strongly augmented view: binary cross entropy where a label is given,
 * pseudo-label and consistency losses where it is absent (see the operator for the formulae).
 *
 * @param weakFeatures f32 [B, D]
 * @param strongFeatures f32 [B, D]
 * @param theta f32 [K, D], class parameters
 * @param bias f32 [K]
 * @param states u8 [B, K]: 0 negative, 1 positive, 100 to 200 a probability of (state - 100) / 100, anything else absent
 * @param weights f32 [2]: lambda of the pseudo-label and of the consistency loss, both 0 during warm-up
 * @param options defaults: threshold .5, temperature 4, stopGradient true, unsupervisedOn "absent", normalise "entries",
 *   strongShare 0
 * @returns the total, which has gradients with respect to features, theta and bias, and all losses, which have none
 * @throws ShapeError when the shapes or options do not fit
 */
export function assembleLoss(
  weakFeatures: Tensor,
  strongFeatures: Tensor,
  theta: Tensor,
  bias: Tensor,
  states: Tensor,
  weights: Tensor,
  options: AssembleLossOptions = {},
): AssembleLossResult {
  expectOptions("assembleLoss", options, assembleLossOptions);
  const inputs = [weakFeatures, strongFeatures, theta, bias, states, weights];
  const [total, losses, gradients] = run("assembleLoss", inputs, {
    threshold: 0.5,
    temperature: 4,
    stopGradient: true,
    unsupervisedOn: "absent",
    normalise: "entries",
    strongShare: 0,
    ...given(options),
  });
  gradients.dispose(); // the tape keeps them where there is one
  return { total, losses };
}
