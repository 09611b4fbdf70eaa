// Where a classifier looked: of each image and class, a map of what speaks for the class at each position of the last features.

import { valueAndGradients } from "../autograd/functions.ts";
import { expectArgument } from "../errors/arguments.ts";
import { relu } from "../functions/elementwise.ts";
import { concat, reshape, slice } from "../functions/movement.ts";
import { globalAveragePool } from "../functions/pooling.ts";
import { matmul } from "../functions/products.ts";
import { sum } from "../functions/reduction.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Classifier } from "./classifier.ts";
import { aClassifier } from "./evaluation.ts";
import type { Head } from "./heads/head.ts";

export const mapKinds = ["class-activation", "grad-cam"] as const;
/** How maps are made: exactly, of heads that are linear in the features, or by the gradient, of others. */
export type MapKind = (typeof mapKinds)[number];

/** How the maps of a head are made. */
export const mapKindOf = ({ settings }: Pick<Head, "settings">): MapKind =>
  settings.kind === "dynamic" ? "grad-cam" : "class-activation";

export interface ActivationMaps {
  readonly kind: MapKind;
  /** [B, h, w, K], h and w those of the last feature maps. */
  readonly maps: Tensor;
  /** [B, K] */
  readonly logits: Tensor;
}

/**
 * Maps of where a classifier looked, and its logits.
 *
 * - `class-activation`, of the heads of queries, linear, and per source (Zhou et al., "Learning deep features for discriminative
 *   localization", CVPR 2016): M(x, y, k) = Theta(k) . F(x, y) + b(k), the logit that the image would have if it looked everywhere as it
 *   does at (x, y). Features are pooled by their mean, so the mean of a map over its positions is the logit, but for rounding. Above 0
 *   a position speaks for the class, and below it against. The bias of the class is in each position.
 * - `grad-cam`, of a dynamic head (Selvaraju et al., "Grad-CAM", ICCV 2017): M = ReLU(sum over d of a(k, d) F(x, y, d)), where a(k, d) is
 *   the gradient of the logit with respect to F, summed over the positions. The paper takes the mean, which is smaller by h w: with
 *   the sum both kinds have one scale. Never negative, and its mean is not the logit.
 *
 * Statistics of batch norms are the running ones. Where classes stand below others, maps and logits are those of the head: nothing
 * is raised (see `predictActivations`).
 *
 * @param images normalised, [B, H, W, C]
 * @throws UsageError for what is no classifier; ShapeError when the images have other channels, or too few pixels
 */
export function activationMaps(classifier: Classifier, images: Tensor): ActivationMaps {
  expectArgument("activationMaps", "the classifier", classifier, aClassifier);
  const { engine, head } = classifier;
  const kind = mapKindOf(head);
  return engine.scope(() => {
    const features = classifier.features.maps(images, "inference").at(-1);
    if (features === undefined) throw new Error("a backbone has at least one stage");
    const [batch, height, width, depth] = features.shape;
    const pooled = globalAveragePool(features);
    const rows = reshape(features, [batch, height * width, depth]);
    const { maps, logits } = makers[kind](head, rows, pooled);
    return { kind, logits, maps: reshape(maps, [batch, height, width, head.classes]) };
  });
}

type Made = Pick<ActivationMaps, "maps" | "logits">;

/** By kind, from features [B, P, D] and pooled ones [B, D]: maps of B P K values. */
const makers: Readonly<Record<MapKind, (head: Head, features: Tensor, pooled: Tensor) => Made>> = {
  // What the head makes of pooled features, it makes of the features at each position: one dispatch for all of them.
  "class-activation": (head, features, pooled) => {
    const [batch, positions, depth] = features.shape;
    return {
      maps: head.forward(reshape(features, [batch * positions, depth])),
      logits: head.forward(pooled),
    };
  },
  "grad-cam": (head, features, pooled) => {
    const [batch, depth] = pooled.shape;
    // The gradient at a position is that of the pooled features over their number: the sum over positions is this one.
    const weights = Array.from({ length: head.classes }, (_, k) => {
      const { gradients } = valueAndGradients(
        () => sum(slice(head.forward(pooled), [0, k], [batch, 1])),
        [pooled],
      );
      return reshape(gradients[0], [batch, 1, depth]);
    });
    return {
      maps: relu(matmul(features, concat(weights, 1), { transposeB: true })),
      logits: head.forward(pooled),
    };
  },
};
