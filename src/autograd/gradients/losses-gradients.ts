// The gradients of losses.

import { add, multiply } from "../../functions/elementwise.ts";
import { matmul } from "../../functions/products.ts";
import { reshape, slice } from "../../functions/movement.ts";
import { sum } from "../../functions/reduction.ts";
import { hasParents } from "../../operators/losses/assemble-loss.ts";
import type { lossOperators } from "../../operators/losses/index.ts";
import { sizeOf } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { scale, noGradientOf, type GradientsOf } from "./gradient-parts.ts";

export const lossGradients: GradientsOf<typeof lossOperators> = {
  softmaxCrossEntropy: ({ outputs: [, logitGradient], gradient: g }) => [
    () => multiply(logitGradient, g),
    noGradientOf("softmaxCrossEntropy", "targets"),
  ],
  crossEntropy: ({ outputs: [, logitGradient], gradient: g }) => [() => multiply(logitGradient, g)],
  binaryCrossEntropyWithLogits: ({ inputs, outputs: [, logitGradient], gradient: g, attributes }) => {
    const weights = attributes.weighted ? ["weights"] : [];
    const others = ["targets", ...weights, "positiveWeight"].slice(0, inputs.length - 1);
    return [
      () => multiply(logitGradient, g),
      ...others.map((role) => noGradientOf("binaryCrossEntropyWithLogits", role)),
    ];
  },
  huberLoss: ({ outputs: [, slope], gradient: g }) => [
    () => multiply(slope, g),
    () => scale(multiply(slope, g), -1),
  ],
  marginalCrossEntropy: ({ inputs: [features, theta], outputs: [, logitGradient], gradient: g }) => {
    const [outputs, depth] = theta.shape;
    const rows = sizeOf(features.shape) / depth;
    const slopes = reshape(logitGradient, [rows, outputs]);
    // The gradient of the loss is multiplied into what is small: there is no second tensor of all pixels and classes.
    return [
      () => reshape(matmul(slopes, multiply(theta, g)), features.shape),
      () => multiply(matmul(slopes, reshape(features, [rows, depth]), { transposeA: true }), g),
      () => multiply(sum(slopes, { axes: [0] }), g),
      undefined,
      undefined,
    ];
  },
  queryInnerProduct: ({ inputs: [features, theta], gradient: g }) => [
    () => matmul(g, theta),
    () => matmul(g, features, { transposeA: true }),
    () => sum(g, { axes: [0] }),
  ],
  // Both branches of the sharpening have slope 1 - 1/t.
  sharpen: ({ attributes: { temperature }, gradient: g }) => [() => scale(g, 1 - 1 / temperature)],
  assembleLoss: ({ inputs, outputs: [, , logitGradients], gradient: g, attributes }) => {
    const [weak, strong, theta] = inputs;
    const [, batch, classes] = logitGradients.shape;
    const both = multiply(logitGradients, g);
    const ofView = (view: number): Tensor =>
      reshape(slice(both, [view, 0, 0], [1, batch, classes]), [batch, classes]);
    // In warm-up one view stands in both places.
    const isOneView = weak.storage === strong.storage;
    return [
      () => matmul(ofView(0), theta),
      () => matmul(ofView(1), theta),
      () =>
        isOneView
          ? matmul(sum(both, { axes: [0] }), weak, { transposeA: true })
          : add(
              matmul(ofView(0), weak, { transposeA: true }),
              matmul(ofView(1), strong, { transposeA: true }),
            ),
      () => sum(both, { axes: [0, 1] }),
      undefined,
      noGradientOf("assembleLoss", "weights"),
      ...(hasParents(inputs, attributes) ? [undefined] : []), // they are whole numbers, as the states
      ...(attributes.labels?.weighted === true ? [noGradientOf("assembleLoss", "positiveWeights")] : []),
    ];
  },
  aucMargin: ({ inputs: [features, theta], outputs: [, slopes], gradient: g }) => [
    () => matmul(slopes, multiply(theta, g)),
    () => multiply(matmul(slopes, features, { transposeA: true }), g),
    () => multiply(sum(slopes, { axes: [0] }), g),
    undefined,
  ],
  assemblePixels: ({ inputs, outputs: [, , ofWeak, ofStrong], gradient: g, attributes }) => {
    const [weak, theta] = inputs;
    const refused = ["weights", "classWeights"].map((role) => noGradientOf("assemblePixels", role));
    const parts =
      ofStrong === undefined
        ? [[ofWeak, weak]]
        : [
            [ofWeak, weak],
            [ofStrong, inputs[7]],
          ];
    return [
      () => pixelFeatureGradient(ofWeak, theta, g),
      () => multiply(parts.map(([slopes, features]) => thetaGradient(slopes, features)).reduce(add), g),
      () => multiply(parts.map(([slopes]) => sum(slopes, { axes: [0, 1, 2] })).reduce(add), g),
      undefined,
      undefined,
      undefined,
      refused[0],
      ...(ofStrong === undefined ? [] : [() => pixelFeatureGradient(ofStrong, theta, g)]),
      ...(attributes.weighted ? [refused[1]] : []),
    ];
  },
  maskedDice: ({ inputs: [features, theta], outputs: [, slopes], gradient: g }) => [
    () => pixelFeatureGradient(slopes, theta, g),
    () => multiply(thetaGradient(slopes, features), g),
    () => multiply(sum(slopes, { axes: [0, 1, 2] }), g),
    undefined,
    undefined,
    undefined,
  ],
};

// The gradients of the logits of pixels, which are many, are read as they are: what is small is multiplied by g.

/** [N, H, W, D] from the gradients of logits [N, H, W, K]. */
function pixelFeatureGradient(slopes: Tensor, theta: Tensor, g: Tensor): Tensor {
  return matmul(slopes, multiply(theta, g));
}

/** [K, D] from the gradients of logits and the features, over all pixels. */
function thetaGradient(slopes: Tensor, features: Tensor): Tensor {
  const rowsOf = (tensor: Tensor): Tensor =>
    reshape(tensor, [tensor.shape.slice(0, 3).reduce((size, extent) => size * extent), tensor.shape[3]]);
  return matmul(rowsOf(slopes), rowsOf(features), { transposeA: true });
}
