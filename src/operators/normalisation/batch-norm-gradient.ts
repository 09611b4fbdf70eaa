// The gradient of batch normalisation with the batch's own statistics.

import { input, output, temporary, type Operator } from "../operator.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import { expectRoles } from "../roles.ts";
import type { BatchNormAttributes } from "./batch-norm.ts";
import { chunksOf, expectChannels, expectEpsilon, rowsOf } from "./channels.ts";
import { byElement } from "../strided-iteration.ts";

/**
 * Inputs x [..., C], gamma [C], mean [C], variance [C] (as batchNorm gave them), dy [..., C]; outputs dx [..., C],
 * dgamma [C], dbeta [C]. The statistics depend on x, and dx takes account of it:
 * dx = gamma d (dy - mean(dy) - h mean(dy h)), d = 1 / sqrt(variance + epsilon), h = (x - mean of x) d
 * (Ioffe and Szegedy, 2015). What `mean` lost when it was rounded to f32 is found again in x: the mean of x - mean.
 */
export const batchNormGradient: Operator<BatchNormAttributes> = {
  name: "batchNormGradient",
  infer(inputs, { epsilon }) {
    const [x] = inputs as readonly (TensorSpec | undefined)[];
    const shape = [x?.shape.at(-1) ?? 1];
    expectRoles("batchNormGradient", inputs, [
      { role: "x" },
      { role: "gamma", shape },
      { role: "mean", shape },
      { role: "variance", shape },
      { role: "dy", shape: x?.shape ?? [] },
    ]);
    expectChannels("batchNormGradient", x);
    expectEpsilon("batchNormGradient", epsilon);
    return [
      { shape: inputs[0].shape, dtype: "f32" },
      { shape, dtype: "f32" },
      { shape, dtype: "f32" },
    ];
  },
  reference([x, gamma, mean, variance, dy], [dx, dgamma, dbeta], { epsilon }) {
    const { rows, channels } = rowsOf(x);
    const [values, slopes, means, results] = [x.data, dy.data, mean.data, dx.data];
    const [weighted, plain] = [dgamma.data, dbeta.data];
    const inverse = Float64Array.from(variance.data, (value) => 1 / Math.sqrt(value + epsilon));
    const centres = Float64Array.from(means);
    for (let i = 0; i < values.length; i++) {
      centres[i % channels] += (values[i] - means[i % channels]) / rows;
    }
    for (let i = 0; i < values.length; i += channels) {
      for (let channel = 0; channel < channels; channel++) {
        const slope = slopes[i + channel];
        plain[channel] += slope;
        weighted[channel] += slope * (values[i + channel] - centres[channel]) * inverse[channel];
      }
    }
    const scale = inverse.map((value, channel) => value * gamma.data[channel]);
    for (let i = 0; i < values.length; i += channels) {
      for (let channel = 0; channel < channels; channel++) {
        const normalised = (values[i + channel] - centres[channel]) * inverse[channel];
        const correction = (plain[channel] + normalised * weighted[channel]) / rows;
        results[i + channel] = scale[channel] * (slopes[i + channel] - correction);
      }
    }
  },
  candidates([x], { epsilon }, adapter) {
    const { rows, channels } = rowsOf(x);
    const chunks = chunksOf({ rows, channels }, adapter);
    const partial: TensorSpec = { shape: [chunks.chunks, channels], dtype: "f32" };
    const perChannel: TensorSpec = { shape: [channels], dtype: "f32" };
    const [plain, weighted, rest, share] = [0, 1, 2, 3].map(temporary);
    const given = { x: input(0), mean: input(2), variance: input(3), dy: input(4) };
    const sums = { dgamma: output(1), dbeta: output(2) };
    return byElement(channels, (name, Element, steps) => ({
      name,
      temporaries: [partial, partial, partial, perChannel],
      launches: [
        {
          kernel: "batchNormGradientSums",
          knobs: { Element },
          bind: { ...given, plain, weighted, rest },
          sizes: { rows, channels: steps, ...chunks, epsilon },
        },
        {
          kernel: "batchNormGradientCombine",
          bind: { plain, weighted, rest, ...sums, share },
          sizes: { rows, channels, chunks: chunks.chunks },
        },
        {
          kernel: "batchNormGradientApply",
          knobs: { Element },
          bind: { ...given, gamma: input(1), dgamma: sums.dgamma, share, dx: output(0) },
          sizes: { rows, channels: steps, epsilon },
        },
      ],
    }));
  },
};
