// The settings of Label-Assemble's training: one schema, which manifests are read by and code is typed by.

import { z } from "zod";
import { oneOf, record, share, wholeNumber } from "../data/manifest/fields.ts";
import { normaliseChoices, unsupervisedChoices } from "../operators/losses/index.ts";
import { loopFields } from "../training/loop-fields.ts";
import { absentPolicies } from "./absent-policy.ts";
import { pixelLosses, type LambdaName } from "./assemble-terms.ts";
import { headBiases, headKinds } from "./heads/head.ts";

const { epochs, steps, ...loop } = loopFields;

const power = z.number().min(0).exactOptional();
/** Focal loss by a number, its power; asymmetric loss by one power each for positives and negatives, and a shift. */
const focus = z.preprocess(
  (given) => (typeof given === "number" ? { positive: given, negative: given } : given),
  record({ positive: power, negative: power, shift: z.number().min(0).lt(1).exactOptional() }),
);

/** Weights of positive labels by class, or those that make positives and negatives of a class count the same. */
const positiveWeight = z.union([z.literal("balanced"), z.record(z.string(), z.number().positive())], {
  error: () => "must be balanced, or weights above 0 by class, such as { mass: 5 }",
});

/** What a recipe decides, and a manifest may change. */
export const recipeFields = {
  epochs,
  steps,
  /** In so many first epochs only given labels teach: pseudo-labels of an untrained network are noise. */
  warmupEpochs: z.int().min(0).exactOptional(),
  /** Or in so many first steps. */
  warmupSteps: z.int().min(0).exactOptional(),
  /**
   * Whether an absent label is left to the unsupervised losses, or taken for negative: the mistake that is made by whoever
   * joins tables and fills their gaps with zeros, to measure what it costs.
   */
  absent: oneOf(absentPolicies).exactOptional(),
  ...loop,
  /** Weight of the loss that pulls predictions to their sharpened selves. */
  lambdaPseudo: z.number().min(0).exactOptional(),
  /** Weight of the loss that pulls the strongly augmented view to the weakly augmented one. */
  lambdaConsistency: z.number().min(0).exactOptional(),
  /** For segmentation: weight of the Dice loss of given labels, beside their cross entropy; default 0.3. */
  lambdaDice: z.number().min(0).exactOptional(),
  /**
   * For segmentation: how much a class counts in the mean of the cross entropy, `{ Bicyclist: 5 }`; a class that is not named
   * counts 1.
   */
  classWeights: z.record(z.string(), z.number().positive()).exactOptional(),
  /**
   * For segmentation: whether a pixel that is given as one class is negative for those that exclude it (`exclusive`), also where
   * its source does not outline them; default true.
   */
  infer: z.boolean().exactOptional(),
  /**
   * For segmentation: Label-Assemble's losses, or a softmax over the classes and the background, in which classes that a source
   * does not outline count as its background (the marginal loss of Shi et al.); that needs `exclusive: true`.
   */
  loss: oneOf(pixelLosses).exactOptional(),
  /**
   * How much more a positive label counts than a negative one: a number for some classes, the others 1, or "balanced", the labelled
   * negatives of a class over its positives in the training images. The loss is still divided by the number of labelled entries.
   */
  positiveWeight: positiveWeight.exactOptional(),
  /** Makes less of given labels that are predicted rightly already (Lin et al. 2017; Ridnik et al. 2021); see `labelLoss`. */
  focus: focus.exactOptional(),
  /** e: a given label y asks for (1 - e) y + e / 2. */
  labelSmoothing: z.number().min(0).lt(1).exactOptional(),
  /**
   * alpha: given labels teach mixtures of two images of the batch, in shares that are drawn from Beta(alpha, alpha) (Zhang et al.,
   * "mixup", ICLR 2018); an entry teaches where both images have its label. The unsupervised losses are of images as they are.
   */
  mixup: z.number().positive().exactOptional(),
  /** Weight of the AUC-margin loss of given labels, in warm-up, too (Yuan et al. 2021); see `aucMargin`. Default: 0, none. */
  lambdaAucMargin: z.number().min(0).exactOptional(),
  /**
   * Training images, without augmentation, from which batch norm's running statistics are estimated anew after the last step, for the
   * weights that are kept (see `reestimateStatistics`); default: they are what training left.
   */
  reestimate: wholeNumber.exactOptional(),
  /**
   * In so many parts each batch goes through the network, one after the other, for a step that needs less memory: the losses are of the
   * whole batch, batch norm's statistics of each part. A part is computed once more for its gradients. Default: 1.
   */
  batchSplit: wholeNumber.exactOptional(),
  /** Which predictions these two losses pull: of absent labels, as in the paper, of all, or of labelled entries. */
  unsupervisedOn: oneOf(unsupervisedChoices).exactOptional(),
  /**
   * Which views given labels teach: the weak one, as in the paper, or both, by the mean of their losses; the strong view is
   * then computed in warm-up, too.
   */
  supervised: oneOf(["weak", "both"]).exactOptional(),
  /**
   * Batch norm's statistics: "separate" for each view, and running ones of the weak view, or "joint" ones of both views as
   * one batch. Where the weak view alone is computed, as in warm-up unless both are supervised, the two are the same.
   */
  bnViews: oneOf(["separate", "joint"]).exactOptional(),
  /** What a loss is divided by: the number of entries, (image, class) pairs, that it is taken over, or of images. */
  normalise: oneOf(normaliseChoices).exactOptional(),
  /** A probability over tau is sharpened towards 1, another towards 0. */
  tau: share.exactOptional(),
  /** How softly: 1 gives hard labels, a large number leaves probabilities as they are. */
  temperature: z.number().min(1).exactOptional(),
  /** Whether the pseudo-label itself carries no gradient. */
  stopGradient: z.boolean().exactOptional(),
  /**
   * What makes logits of features: class queries, as in the paper; a linear layer with a bias per class; "per-source", such
   * a layer for each source (Med3D); or "dynamic", a network of three small layers made for each image and class (DoDNet).
   */
  head: oneOf(headKinds).exactOptional(),
  /**
   * Where a head of class queries has a bias: nowhere, in the fc that makes class parameters of them, one per class, or both; default: the
   * recipe's, which is in the fc, and both for segmentation.
   */
  headBias: oneOf(headBiases).exactOptional(),
} as const satisfies Readonly<Record<string, z.ZodType>> & Readonly<Record<LambdaName, z.ZodType>>;
