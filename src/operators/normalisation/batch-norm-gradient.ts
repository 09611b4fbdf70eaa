// The gradient of batch normalisation with the batch's own statistics.

import { input, output, temporary, type Operator } from "../operator.ts";
import type { HostTensor } from "../../tensor/host.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import { expectRoles } from "../roles.ts";
import { expectBatchGroups, ofEachGroup, sumOverGroups } from "./batch-groups.ts";
import type { GroupedBatchNormAttributes } from "./batch-norm.ts";
import { expectChannels, expectEpsilon, rowsOf } from "./channels.ts";
import { byChunks } from "./shared-chunks.ts";

/**
 * Inputs x [..., C], gamma [C], mean [C], variance [C] (as batchNorm gave them), dy [..., C]; outputs dx [..., C],
 * dgamma [C], dbeta [C]. The statistics depend on x, and dx takes account of it:
 * dx = gamma d (dy - mean(dy) - h mean(dy h)), d = 1 / sqrt(variance + epsilon), h = (x - mean of x) d
 * (Ioffe and Szegedy, 2015), with groups in each of them; dgamma and dbeta are the sums over all. What `mean` lost when it was rounded to f32 is found again in x: the mean of x - mean.
 */
export const batchNormGradient: Operator<GroupedBatchNormAttributes> = {
  name: "batchNormGradient",
  infer(inputs, attributes) {
    const [x] = inputs as readonly (TensorSpec | undefined)[];
    const shape = [x?.shape.at(-1) ?? 1];
    expectRoles("batchNormGradient", inputs, [
      { role: "x" },
      { role: "gamma", shape },
      { role: "mean", shape: ofEachGroup(shape, attributes) },
      { role: "variance", shape: ofEachGroup(shape, attributes) },
      { role: "dy", shape: x?.shape ?? [] },
    ]);
    expectChannels("batchNormGradient", x);
    expectEpsilon("batchNormGradient", attributes.epsilon);
    expectBatchGroups("batchNormGradient", attributes, inputs[0].shape[0]);
    return [
      { shape: inputs[0].shape, dtype: "f32" },
      { shape, dtype: "f32" },
      { shape, dtype: "f32" },
    ];
  },
  reference([x, gamma, mean, variance, dy], [dx, dgamma, dbeta], attributes) {
    sumOverGroups([dgamma, dbeta], attributes, ({ images, own }, sums) => {
      const given = [images(x), gamma, own(mean), own(variance), images(dy)];
      groupGradient(given, [images(dx), ...sums], attributes.epsilon);
    });
  },
  candidates([x], { epsilon, groups = 1 }, adapter) {
    const { rows: all, channels } = rowsOf(x);
    const rows = all / groups;
    const perGroup: TensorSpec = { shape: [groups, 2, channels], dtype: "f32" };
    const [plain, weighted, rest, shares] = [0, 1, 2, 3].map(temporary);
    const given = { x: input(0), mean: input(2), variance: input(3), dy: input(4) };
    const sums = { dgamma: output(1), dbeta: output(2) };
    return byChunks(
      { rows, channels },
      groups,
      adapter,
      (name, { Element, steps, chunks, lanes, joining }) => {
        const partial: TensorSpec = { shape: [groups * chunks.chunks, channels], dtype: "f32" };
        return {
          name,
          temporaries: [partial, partial, partial, perGroup],
          launches: [
            {
              kernel: "batchNormGradientSums",
              knobs: { Element, ...lanes },
              bind: { ...given, plain, weighted, rest },
              sizes: { groups, rows, channels: steps, ...chunks, epsilon },
            },
            {
              kernel: "batchNormGradientCombine",
              knobs: joining,
              bind: { plain, weighted, rest, ...sums, shares },
              sizes: { groups, rows, channels, chunks: chunks.chunks },
            },
            {
              kernel: "batchNormGradientApply",
              knobs: { Element },
              bind: { ...given, gamma: input(1), shares, dx: output(0) },
              sizes: { groups, rows, channels: steps, epsilon },
            },
          ],
        };
      },
    );
  },
};

/** The gradient for rows that have one mean and one variance. */
function groupGradient(
  [x, gamma, mean, variance, dy]: readonly HostTensor[],
  [dx, dgamma, dbeta]: readonly HostTensor[],
  epsilon: number,
): void {
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
}
