// Losses for users: softmax cross entropy, and Label-Assemble's head, pseudo-labels and fused losses.

import {
  aFlag,
  aNumber,
  aRecord,
  expectOptions,
  oneOf,
  type NoOptions,
  type OptionChecks,
  type Requirement,
} from "../errors/arguments.ts";
import { normaliseChoices, unsupervisedChoices } from "../operators/losses/assemble-attributes.ts";
import { ShapeError } from "../errors/errors.ts";
import { engineOf } from "../runtime/engine-of.ts";
import { expectTensor } from "../runtime/expect-tensor.ts";
import { broadcastShapes, equalShapes, showShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import type {
  AssembleLossAttributes,
  LabelAttributes,
  SharpenAttributes,
} from "../operators/losses/index.ts";
import { broadcastTo } from "./movement.ts";
import { given, run, runOne, type Operand } from "./run.ts";

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

export interface CrossEntropyOptions {
  /** A class, below K or not, whose entries count for nothing. Default: all count. */
  readonly ignore?: number;
  /** The share of each target that is spread evenly over all classes, in [0, 1]. Default 0. */
  readonly labelSmoothing?: number;
}

const crossEntropyOptions: OptionChecks<CrossEntropyOptions> = { ignore: aNumber, labelSmoothing: aNumber };

/**
 * Softmax cross entropy from the classes themselves: the mean over the entries that are not ignored of
 * log(sum over j of exp(z_j)) - z_c. Where all are ignored the loss and its gradient are 0. A class that is neither below K nor
 * ignored cannot be refused before it is read on the device: it makes the loss, and its row of the gradient, NaN.
 *
 * @param logits f32 [..., K]
 * @param classes u32 [...], whole numbers from 0 to K - 1
 * @returns f32 []
 * @throws ShapeError when the shapes do not fit or an option is out of range
 */
export function crossEntropy(logits: Tensor, classes: Tensor, options: CrossEntropyOptions = {}): Tensor {
  expectOptions("crossEntropy", options, crossEntropyOptions);
  const { ignore = null, labelSmoothing = 0 } = options;
  const [loss, gradient] = run("crossEntropy", [logits, classes], { ignore, labelSmoothing });
  gradient.dispose(); // the tape keeps it where there is one
  return loss;
}

export interface BinaryCrossEntropyOptions {
  /** f32, the shape of the logits: a factor of each term. The divisor stays the number of logits. */
  readonly weights?: Tensor;
  /** A factor of the terms of positive targets: a number, or f32 that broadcasts to the logits, as [K] to [B, K]. */
  readonly positiveWeight?: Operand;
}

export const aTensor: Requirement = { words: "a tensor", fits: (value) => value instanceof Tensor };
const anOperand: Requirement = {
  words: "a tensor or a number",
  fits: (value) => aNumber.fits(value) || aTensor.fits(value),
};
const binaryCrossEntropyOptions: OptionChecks<BinaryCrossEntropyOptions> = {
  weights: aTensor,
  positiveWeight: anOperand,
};

/**
 * Binary cross entropy of logits z with targets t, the mean of w (p t softplus(-z) + (1 - t) softplus(z)): stable in both
 * tails, as `softplus` is.
 *
 * @param logits f32, any shape
 * @param targets f32, the same shape, in [0, 1]; as weights and positive weights they have no gradient
 * @returns f32 []
 * @throws ShapeError when the shapes do not fit
 */
export function binaryCrossEntropyWithLogits(
  logits: Tensor,
  targets: Tensor,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  const name = "binaryCrossEntropyWithLogits";
  expectOptions(name, options, binaryCrossEntropyOptions);
  const { weights, positiveWeight = 1 } = options;
  const optional = [weights, positiveWeight].filter((each) => each instanceof Tensor);
  const tensors = [logits, targets, ...optional];
  tensors.forEach((each, i) => {
    expectTensor(name, i, tensors.length, each);
  });
  engineOf(tensors, name);
  expectSameShape(name, "targets", logits, targets);
  if (weights !== undefined) expectSameShape(name, "weights", logits, weights);
  const attributes = {
    weighted: weights !== undefined,
    positiveWeight: positiveWeight instanceof Tensor ? null : positiveWeight,
  };
  const inputs = [logits, targets, ...(weights === undefined ? [] : [weights])];
  const [loss, gradient] = run(
    name,
    positiveWeight instanceof Tensor ? [...inputs, repeatedOver(logits, positiveWeight)] : inputs,
    attributes,
  );
  gradient.dispose(); // the tape keeps it where there is one
  return loss;
}

/** Positive weights as the operator takes them: of the last axis of the logits, or of their shape. */
function repeatedOver(logits: Tensor, weights: Tensor): Tensor {
  const { shape } = logits;
  if (equalShapes(weights.shape, shape) || equalShapes(weights.shape, shape.slice(-1))) return weights;
  const name = "binaryCrossEntropyWithLogits";
  if (!equalShapes(broadcastShapes(name, shape, weights.shape), shape)) {
    throw new ShapeError(
      `${name}: positiveWeight ${showShape(weights.shape)} must broadcast to the logits ${showShape(shape)}`,
    );
  }
  return broadcastTo(weights, shape);
}

export interface HuberLossOptions {
  /** The distance, above 0, from which on the loss grows in a straight line. Default 1. */
  readonly delta?: number;
}

const huberLossOptions: OptionChecks<HuberLossOptions> = { delta: aNumber };

/**
 * Huber's loss of r = x - targets, the mean of r^2 / 2 where |r| <= delta and of delta (|r| - delta / 2) elsewhere (Huber 1964;
 * as torch.nn.functional.huber_loss). It has gradients for both.
 *
 * @param x f32, any shape
 * @param targets f32, the same shape
 * @returns f32 []
 * @throws ShapeError when the shapes differ or delta is not above 0
 */
export function huberLoss(x: Tensor, targets: Tensor, options: HuberLossOptions = {}): Tensor {
  expectOptions("huberLoss", options, huberLossOptions);
  const { delta = 1 } = options;
  [x, targets].forEach((each, i) => {
    expectTensor("huberLoss", i, 2, each);
  });
  engineOf([x, targets], "huberLoss");
  expectSameShape("huberLoss", "targets", x, targets);
  if (!(delta > 0)) throw new ShapeError(`huberLoss: delta must be above 0, got ${delta}`);
  const [loss, gradient] = run("huberLoss", [x, targets], { delta });
  gradient.dispose(); // the tape keeps it where there is one
  return loss;
}

/**
 * Softmax cross entropy of pixels of which some classes were never outlined (the marginal loss of Shi et al., Medical Image Analysis
 * 2021): the mean over the pixels that are not ignored of -log of the probability of what the pixel's label stands for. A class
 * stands for itself; the background for the background and every class that the image's source does not know. Finite for every
 * logit; without a pixel that counts the loss and its gradient are 0. A label that is neither a class nor background nor ignored
 * makes the loss NaN.
 *
 * @param features f32 [N, H, W, D]
 * @param theta f32 [K + 1, D], parameters of the classes and, last, of the background
 * @param bias f32 [K + 1]
 * @param labels u8 [N, H, W]: a class below K, 254 background, 255 ignored
 * @param known u32 [N, ceil(K / 32)]: bit k % 32 of word floor(k / 32) says whether the image's source outlines class k
 * @returns f32 [], with gradients of features, theta and bias
 * @throws ShapeError when the shapes do not fit
 */
export function marginalCrossEntropy(
  features: Tensor,
  theta: Tensor,
  bias: Tensor,
  labels: Tensor,
  known: Tensor,
  options: NoOptions = {},
): Tensor {
  expectOptions("marginalCrossEntropy", options, {});
  const [loss, gradient] = run("marginalCrossEntropy", [features, theta, bias, labels, known], {});
  gradient.dispose(); // the tape keeps it where there is one
  return loss;
}

/** @throws ShapeError unless a tensor has the shape of the first argument */
function expectSameShape(name: string, role: string, first: Tensor, other: Tensor): void {
  if (equalShapes(first.shape, other.shape)) return;
  throw new ShapeError(
    `${name}: ${role} ${showShape(other.shape)} must have the shape ${showShape(first.shape)}`,
  );
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

/** Powers that make less of what is right already: the focal loss (Lin et al. 2017), the asymmetric one (Ridnik et al. 2021). */
export interface Focus {
  /** Power, 0 or above, of the probability of a negative before the loss of positive entries. Default 0. */
  readonly positive?: number;
  /** Power, 0 or above, of the probability of a positive before the loss of negative entries. Default 0. */
  readonly negative?: number;
  /** Taken from the probability of negative entries, in [0, 1): those below it teach nothing. Default 0. */
  readonly shift?: number;
}

/** The switches of `assembleLoss`; the defaults are the paper's. */
export interface AssembleLossOptions extends Partial<AssembleLossAttributes> {
  /** Whether given labels teach. Default true; false leaves the unsupervised losses, and a bce of 0. */
  readonly supervised?: boolean;
  /** f32 [K], 0 or above: a factor of the loss of positive entries. The divisor stays the number of labelled entries. */
  readonly positiveWeights?: Tensor | undefined;
  /** Default: all powers and the shift are 0, which is cross entropy. */
  readonly focus?: Focus | undefined;
  /** e in [0, 1]: a given label y asks for (1 - e) y + e / 2. Default 0. */
  readonly labelSmoothing?: number;
  /**
   * u32 [K]: the class right above each class, K or more for a class that stands below none. A positive label of a class with
   * absent children and no positive one then teaches that one of them at least is there. Default: no class is above another.
   */
  readonly parents?: Tensor | undefined;
}

export const assembleSwitchChecks: OptionChecks<Partial<AssembleLossAttributes>> = {
  ...sharpenOptions,
  stopGradient: aFlag,
  unsupervisedOn: oneOf(unsupervisedChoices),
  normalise: oneOf(normaliseChoices),
  strongShare: aNumber,
};

const assembleLossOptions: OptionChecks<AssembleLossOptions> = {
  ...assembleSwitchChecks,
  supervised: aFlag,
  positiveWeights: aTensor,
  focus: aRecord,
  labelSmoothing: aNumber,
  parents: aTensor,
};
const focusOptions: OptionChecks<Focus> = { positive: aNumber, negative: aNumber, shift: aNumber };

export const paperSwitches: AssembleLossAttributes = {
  threshold: 0.5,
  temperature: 4,
  stopGradient: true,
  unsupervisedOn: "absent",
  normalise: "entries",
  strongShare: 0,
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
 *   strongShare 0, given labels by their cross entropy, no parents
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
  const {
    supervised = true,
    positiveWeights,
    focus = {},
    labelSmoothing = 0,
    parents,
    ...switches
  } = options;
  const inputs = [weakFeatures, strongFeatures, theta, bias, states, weights];
  if (parents !== undefined) inputs.push(parents);
  if (positiveWeights !== undefined) inputs.push(positiveWeights);
  const labels = labelAttributes(supervised, positiveWeights !== undefined, focus, labelSmoothing);
  const attributes = { ...paperSwitches, ...given(switches), ...(labels === undefined ? {} : { labels }) };
  const [total, losses, gradients] = run("assembleLoss", inputs, attributes);
  gradients.dispose(); // the tape keeps them where there is one
  return { total, losses };
}

/** What given labels teach; undefined where it is their cross entropy, which has kernels of its own. */
function labelAttributes(
  taught: boolean,
  weighted: boolean,
  focus: Focus,
  smoothing: number,
): LabelAttributes | undefined {
  expectOptions("assembleLoss: focus", focus, focusOptions);
  const { positive: positiveFocus = 0, negative: negativeFocus = 0, shift = 0 } = focus;
  const numbers = { smoothing, positiveFocus, negativeFocus, shift };
  const isPlain = taught && !weighted && Object.values(numbers).every((each) => each === 0);
  return isPlain ? undefined : { taught, weighted, ...numbers };
}

export interface AucMarginOptions {
  /** How far the mean probability of positives is to be above that of negatives, above 0. Default 1. */
  readonly margin?: number;
}

const aucMarginOptions: OptionChecks<AucMarginOptions> = { margin: aNumber };

/**
 * The AUC-margin loss of labelled entries (Yuan et al., "Large-scale Robust Deep AUC Maximization", ICCV 2021), the mean over classes
 * that have both kinds of labels in the batch: the variance of the probabilities of positives, that of negatives, and
 * max(0, margin + mean of negatives - mean of positives)^2. 0, with gradients of 0, without such a class.
 *
 * @param features f32 [B, D]
 * @param theta f32 [K, D], class parameters
 * @param bias f32 [K]
 * @param states u8 [B, K], as of `assembleLoss`; a soft label counts for a share of each kind
 * @returns f32 [], with gradients with respect to features, theta and bias
 * @throws ShapeError when the shapes do not fit, or the margin is not above 0
 */
export function aucMargin(
  features: Tensor,
  theta: Tensor,
  bias: Tensor,
  states: Tensor,
  options: AucMarginOptions = {},
): Tensor {
  expectOptions("aucMargin", options, aucMarginOptions);
  const { margin = 1 } = options;
  const [loss, gradients] = run("aucMargin", [features, theta, bias, states], { margin });
  gradients.dispose(); // the tape keeps them where there is one
  return loss;
}
