// Softmax cross entropy of pixels whose background holds the classes that nobody outlined, with its gradient.

import { ShapeError } from "../../errors/errors.ts";
import { background, classWords, ignored, mostMapClasses } from "../../labels/label-map.ts";
import { input, output, temporary, type Operator } from "../operator.ts";
import { showShape, sizeOf, type TensorSpec } from "../../tensor/shape.ts";
import type { NoAttributes } from "../elementwise/unary.ts";
import { expectRoles } from "../roles.ts";
import { multiplyHead } from "./query-products.ts";
import { countOfLabels, scaledSum, scratchOf } from "./scaled-sum.ts";

/**
 * Inputs features [N, H, W, D], theta [K + 1, D], bias [K + 1] (the last row and number are the background's), labels u8 [N, H, W],
 * known u32 [N, W] (`knownBits`); outputs loss [] and gradient [N, H, W, K + 1], its derivative with respect to the logits.
 *
 * With z the logits of a pixel, p = softmax(z), and G what its label stands for, {l} for a class l, and for the background the
 * background with every class that the image's source does not know (the marginal loss of Shi, Xiao, Chen, Zhou, "Marginal loss
 * and exclusion loss for partially supervised multi-organ segmentation", Medical Image Analysis 2021):
 *
 *     loss = mean over the pixels that are not ignored of -log(sum over G of p) = softplus(d)
 *     d    = log(sum over the others of exp(z)) - log(sum over G of exp(z))
 *
 * and its gradient is p_j - [j in G] p_j / (sum over G of p). Without such a pixel both are 0. A label that is neither below K nor
 * one of `background` and `ignored` makes the loss and its row of the gradient NaN.
 */
export const marginalCrossEntropy: Operator<NoAttributes> = {
  name: "marginalCrossEntropy",
  infer(inputs) {
    const [features, theta] = inputs as readonly (TensorSpec | undefined)[];
    const pixels = features?.shape.slice(0, 3) ?? [];
    const [images = 1] = pixels;
    const [outputs = 2, depth] = theta?.shape ?? [];
    if (theta?.shape.length === 2 && (outputs < 2 || outputs > mostMapClasses + 1)) {
      throw new ShapeError(
        `marginalCrossEntropy: theta ${showShape(theta.shape)} must have a row for each of 1 to ${mostMapClasses} classes ` +
          "and one for the background",
      );
    }
    expectRoles("marginalCrossEntropy", inputs, [
      { role: "features" },
      { role: "theta" },
      { role: "bias", shape: [outputs] },
      { role: "labels", dtype: "u8", shape: pixels },
      { role: "known", dtype: "u32", shape: [images, classWords(outputs - 1)] },
    ]);
    const [{ shape }] = inputs;
    if (shape.length !== 4 || theta?.shape.length !== 2 || shape[3] !== depth) {
      throw new ShapeError(
        `marginalCrossEntropy: features ${showShape(shape)} and theta ${showShape(theta?.shape ?? [])} must be ` +
          "[images, height, width, features] and [classes + 1, features], with as many features in both",
      );
    }
    return [
      { shape: [], dtype: "f32" },
      { shape: [...pixels, outputs], dtype: "f32" },
    ];
  },
  reference([features, theta, bias, labels, known], [loss, gradient]) {
    const [outputs, depth] = theta.shape;
    const rows = labels.data.length;
    const logits = new Float64Array(rows * outputs);
    const sizes = { batch: rows, classes: outputs, features: depth };
    multiplyHead(sizes, features.data, theta.data, bias.data, logits);
    const [images, words] = known.shape;
    const count = labels.data.filter((label: number) => label !== ignored).length;
    const share = 1 / Math.max(count, 1);
    let total = 0;
    labels.data.forEach((label: number, row: number) => {
      if (label === ignored) return;
      const first = row * outputs;
      if (label >= outputs - 1 && label !== background) {
        gradient.data.fill(NaN, first, first + outputs);
        total = NaN;
        return;
      }
      const bits = Math.floor(row / (rows / images)) * words;
      const isUnknown = (k: number): boolean => ((known.data[bits + (k >> 5)] >>> (k & 31)) & 1) === 0;
      const isMeant = (k: number): boolean =>
        label === background ? k === outputs - 1 || isUnknown(k) : k === label;
      // Both sums relative to their largest: neither vanishes beside the other.
      const sides = [0, 1].map(() => ({ top: -Number.MAX_VALUE, sum: 0 }));
      for (let k = 0; k < outputs; k++) {
        const side = sides[isMeant(k) ? 1 : 0];
        side.top = Math.max(side.top, logits[first + k]);
      }
      for (let k = 0; k < outputs; k++) {
        const side = sides[isMeant(k) ? 1 : 0];
        side.sum += Math.exp(logits[first + k] - side.top);
      }
      const [others, meant] = sides;
      const d = others.top - meant.top + Math.log(others.sum / meant.sum);
      const small = Math.exp(-Math.abs(d));
      total += Math.max(d, 0) + Math.log1p(small);
      const slope = (share * (d > 0 ? 1 : small)) / (1 + small);
      for (let k = 0; k < outputs; k++) {
        const { top, sum } = sides[isMeant(k) ? 1 : 0];
        const part = sum === 0 ? 0 : (slope * Math.exp(logits[first + k] - top)) / sum;
        gradient.data[first + k] = isMeant(k) ? -part : part;
      }
    });
    loss.data[0] = total * share;
  },
  candidates([features, theta, , labels, known]) {
    const [outputs, depth] = theta.shape;
    const rows = sizeOf(labels.shape);
    const [entries, losses, scratch] = [0, 1, 2].map(temporary);
    return [
      {
        name: "pixels",
        temporaries: [{ shape: [1], dtype: "f32" }, { shape: [rows], dtype: "f32" }, scratchOf(rows)],
        launches: [
          ...countOfLabels(input(3), entries, rows, scratch),
          {
            kernel: "marginalCrossEntropy",
            bind: {
              ...{ features: input(0), theta: input(1), bias: input(2), labels: input(3), known: input(4) },
              ...{ entries, loss: losses, gradient: output(1) },
            },
            sizes: {
              ...{ rows, outputs, depth, words: known.shape[1] },
              ...{ pixels: rows / features.shape[0], nan: 0x7fc00000 },
            },
          },
          ...scaledSum(losses, output(0), rows, 1, scratch),
        ],
      },
    ];
  },
};
