// Batch normalisation with the batch's own statistics.

import { input, output, temporary, type Operator } from "../operator.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import { expectRoles } from "../roles.ts";
import { chunksOf, expectChannels, expectEpsilon, normaliseRows, rowsOf } from "./channels.ts";
import { byElement } from "../strided-iteration.ts";

export interface BatchNormAttributes {
  /** Added to the variance before its square root. */
  readonly epsilon: number;
}

/**
 * Inputs x [..., C], gamma [C], beta [C]; outputs y [..., C], mean [C], variance [C] (biased: divided by the number
 * of rows). y = (x - mean) / sqrt(variance + epsilon) * gamma + beta.
 */
export const batchNorm: Operator<BatchNormAttributes> = {
  name: "batchNorm",
  infer(inputs, { epsilon }) {
    const [x] = inputs as readonly (TensorSpec | undefined)[];
    const shape = [x?.shape.at(-1) ?? 1];
    expectRoles("batchNorm", inputs, [{ role: "x" }, { role: "gamma", shape }, { role: "beta", shape }]);
    expectChannels("batchNorm", x);
    expectEpsilon("batchNorm", epsilon);
    return [
      { shape: inputs[0].shape, dtype: "f32" },
      { shape, dtype: "f32" },
      { shape, dtype: "f32" },
    ];
  },
  reference([x, gamma, beta], [y, mean, variance], { epsilon }) {
    const { rows, channels } = rowsOf(x);
    const [values, means, variances, normalised] = [x.data, mean.data, variance.data, y.data];
    for (let i = 0; i < values.length; i += channels) {
      for (let channel = 0; channel < channels; channel++) means[channel] += values[i + channel];
    }
    for (let channel = 0; channel < channels; channel++) means[channel] /= rows;
    for (let i = 0; i < values.length; i += channels) {
      for (let channel = 0; channel < channels; channel++) {
        const deviation = values[i + channel] - means[channel];
        variances[channel] += deviation * deviation;
      }
    }
    for (let channel = 0; channel < channels; channel++) variances[channel] /= rows;
    normaliseRows(values, means, variances, gamma.data, beta.data, epsilon, normalised);
  },
  candidates([x], { epsilon }, adapter) {
    const { rows, channels } = rowsOf(x);
    const chunks = chunksOf({ rows, channels }, adapter);
    const partial: TensorSpec = { shape: [chunks.chunks, channels], dtype: "f32" };
    const perChannel: TensorSpec = { shape: [channels], dtype: "f32" };
    const [pivots, offset, squares, centre, scale] = [0, 1, 2, 3, 4].map(temporary);
    const statistics = { mean: output(1), variance: output(2), centre, scale };
    return byElement(channels, (name, Element, steps) => ({
      name,
      temporaries: [partial, partial, partial, perChannel, perChannel],
      launches: [
        {
          kernel: "batchNormMoments",
          knobs: { Element },
          bind: { x: input(0), pivots, offset, squares },
          sizes: { rows, channels: steps, ...chunks },
        },
        {
          kernel: "batchNormCombine",
          bind: { pivots, offset, squares, gamma: input(1), ...statistics },
          sizes: { rows, channels, ...chunks, epsilon },
        },
        {
          kernel: "batchNormApply",
          knobs: { Element },
          bind: { x: input(0), pivot: pivots, centre, scale, beta: input(2), y: output(0) },
          sizes: { rows, channels: steps },
        },
      ],
    }));
  },
};
