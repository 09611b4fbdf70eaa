// The Dice loss over the pixels whose labels are known, class by class.

import type { TensorSpec } from "../../tensor/shape.ts";
import { input, output, temporary, type Candidate, type Operator } from "../operator.ts";
import { expectAttribute, expectRoles } from "../roles.ts";
import { sigmoid } from "./label-loss.ts";
import {
  labelRoles,
  pixelBlocks,
  pixelSizes,
  pixelTargets,
  rowsOfPixels,
  spreadRows,
  supervisedTable,
  tableLaunch,
  type PixelBlocks,
  type PixelSizes,
} from "./pixel-labels.ts";
import { multiplyHead } from "./query-products.ts";

export interface MaskedDiceAttributes {
  /** s >= 0, added above and below the line of each class's fraction. */
  readonly smooth: number;
}

/**
 * Inputs features [N, H, W, D], theta [K, D], bias [K], labels u8 [N, H, W], known u32 [N, words], exclusions
 * u32 [K, words] (see `pixelTargets`). Outputs loss [] and its derivatives with respect to the logits, [N, H, W, K].
 * With a = sigmoid(z) and y the targets:
 *
 *     loss = 1 - mean over classes with a positive of (2 I_k + s) / (P_k + T_k + s)
 *     I_k, P_k, T_k = sums of a y, a, y over the entries of class k with a label
 *
 * (Milletari, Navab, Ahmadi 2016, with a for its square below the line.) Without a class with a positive it is 0.
 */
export const maskedDice: Operator<MaskedDiceAttributes> = {
  name: "maskedDice",
  infer(inputs, { smooth }) {
    const [features, theta] = inputs as readonly (TensorSpec | undefined)[];
    const [classes = 1] = theta?.shape ?? [];
    expectRoles("maskedDice", inputs, [
      { role: "features" },
      { role: "theta" },
      { role: "bias", shape: [classes] },
      ...labelRoles(features, theta),
    ]);
    pixelSizes("maskedDice", features, theta);
    const isFinite = smooth >= 0 && smooth < Infinity;
    expectAttribute("maskedDice", "smooth", smooth, isFinite, "0 or above, and finite");
    return [
      { shape: [], dtype: "f32" },
      { shape: [...inputs[0].shape.slice(0, 3), classes], dtype: "f32" },
    ];
  },
  reference([features, theta, bias, labels, known, exclusions], [loss, gradients], { smooth }) {
    const sizes = pixelSizes("maskedDice", features, theta);
    const { pixels, targets } = pixelTargets(sizes, labels, known, exclusions);
    const { classes } = sizes;
    const logits = new Float64Array(targets.length);
    const head = { batch: pixels.length, classes, features: sizes.features };
    multiplyHead(head, rowsOfPixels(features, pixels, sizes.features), theta.data, bias.data, logits);
    // What a class lacks, the sum of |a - y| = P + T - 2 I: 1 - (2 I + s) / (P + T + s) without a difference of large numbers.
    const [lacks, shares, positives] = [0, 1, 2].map(() => new Float64Array(classes));
    targets.forEach((target, i) => {
      if (target === undefined) return;
      lacks[i % classes] += sigmoid(target === 1 ? -logits[i] : logits[i]);
      if (target === 0) return;
      shares[i % classes] += sigmoid(logits[i]);
      positives[i % classes] += 1;
    });
    const count = positives.filter((each) => each > 0).length;
    const below = lacks.map((lack, k) => lack + 2 * shares[k] + smooth);
    const slopes = new Float64Array(targets.length);
    targets.forEach((target, i) => {
      const k = i % classes;
      if (target === undefined || positives[k] === 0) return;
      const byProbability = target === 1 ? -(below[k] + lacks[k]) : 2 * shares[k] + smooth;
      slopes[i] = (byProbability / below[k] ** 2 / count) * sigmoid(logits[i]) * sigmoid(-logits[i]);
    });
    loss.data[0] = lacks.reduce(
      (sum, lack, k) => (positives[k] > 0 ? sum + lack / below[k] / count : sum),
      0,
    );
    spreadRows(slopes, pixels, gradients);
  },
  candidates([features, theta], { smooth }) {
    const sizes = pixelSizes("maskedDice", features, theta);
    return [
      candidate("entries", sizes, smooth, { PIXELS: 1, CLASSES: 1 }),
      candidate("blocks", sizes, smooth, pixelBlocks(sizes)),
    ];
  },
};

/** Parts that the sum of a class is split into, at most. */
const mostParts = 1024;

/**
 * Four launches: the table of labelled classes, sums of each class in parts and the slopes of its sigmoid, the sums' totals,
 * and the gradients in the place of the slopes.
 */
function candidate(name: string, sizes: PixelSizes, smoothing: number, blocks: PixelBlocks): Candidate {
  const { area, pixels, classes, features, words } = sizes;
  const parts = Math.min(Math.ceil(pixels / 16), mostParts);
  const [table, sums, factors] = [0, 1, 2].map(temporary);
  const head = { features: input(0), theta: input(1), bias: input(2), labels: input(3), table };
  return {
    name,
    temporaries: [
      supervisedTable(sizes),
      { shape: [3, parts, classes], dtype: "f32" },
      { shape: [2, classes], dtype: "f32" },
    ],
    launches: [
      tableLaunch(sizes, input(4), input(5), table),
      {
        kernel: "diceSums",
        knobs: { ...blocks },
        bind: { ...head, sums, slopes: output(1) },
        sizes: { area, pixels, classes, features, words, parts },
      },
      {
        kernel: "diceTotals",
        bind: { sums, loss: output(0), factors },
        sizes: { classes, parts, smoothing },
      },
      {
        kernel: "diceGradient",
        bind: { factors, gradients: output(1) },
        sizes: { entries: pixels * classes, classes },
      },
    ],
  };
}
