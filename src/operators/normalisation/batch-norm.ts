// Batch normalisation with the batch's own statistics.

import { input, output, temporary, type Operator } from "../operator.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import { expectRoles } from "../roles.ts";
import { batchGroups, expectBatchGroups, ofEachGroup, type BatchGroups } from "./batch-groups.ts";
import { expectChannels, expectEpsilon, normaliseRows, rowsOf } from "./channels.ts";
import { byChunks } from "./shared-chunks.ts";

export interface BatchNormAttributes {
  /** Added to the variance before its square root. */
  readonly epsilon: number;
}

export type GroupedBatchNormAttributes = BatchNormAttributes & BatchGroups;

/**
 * Inputs x [..., C], gamma [C], beta [C]; outputs y [..., C], mean [C], variance [C] (biased: divided by the number
 * of rows). y = (x - mean) / sqrt(variance + epsilon) * gamma + beta. With groups of x [N, ..., C] each has its own mean and
 * variance, [groups, C].
 */
export const batchNorm: Operator<GroupedBatchNormAttributes> = {
  name: "batchNorm",
  infer(inputs, attributes) {
    const [x] = inputs as readonly (TensorSpec | undefined)[];
    const shape = [x?.shape.at(-1) ?? 1];
    expectRoles("batchNorm", inputs, [{ role: "x" }, { role: "gamma", shape }, { role: "beta", shape }]);
    expectChannels("batchNorm", x);
    expectEpsilon("batchNorm", attributes.epsilon);
    expectBatchGroups("batchNorm", attributes, inputs[0].shape[0]);
    const statistics = ofEachGroup(shape, attributes);
    return [inputs[0].shape, statistics, statistics].map((each) => ({ shape: each, dtype: "f32" }));
  },
  reference([x, gamma, beta], [y, mean, variance], attributes) {
    for (const { images, own } of batchGroups(attributes)) {
      const [values, means, variances] = [images(x).data, own(mean).data, own(variance).data];
      const channels = means.length;
      const rows = values.length / channels;
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
      normaliseRows(values, means, variances, gamma.data, beta.data, attributes.epsilon, images(y).data);
    }
  },
  candidates([x], { epsilon, groups = 1 }, adapter) {
    const { rows: all, channels } = rowsOf(x);
    const rows = all / groups;
    const perChannel: TensorSpec = { shape: [groups, channels], dtype: "f32" };
    const [pivots, offset, squares, centre, scale] = [0, 1, 2, 3, 4].map(temporary);
    const statistics = { mean: output(1), variance: output(2), centre, scale };
    return byChunks(
      { rows, channels },
      groups,
      adapter,
      (name, { Element, steps, chunks, lanes, joining }) => {
        const partial: TensorSpec = { shape: [groups * chunks.chunks, channels], dtype: "f32" };
        return {
          name,
          temporaries: [partial, partial, partial, perChannel, perChannel],
          launches: [
            {
              kernel: "batchNormMoments",
              knobs: { Element, ...lanes },
              bind: { x: input(0), pivots, offset, squares },
              sizes: { groups, rows, channels: steps, ...chunks },
            },
            {
              kernel: "batchNormCombine",
              knobs: joining,
              bind: { pivots, offset, squares, gamma: input(1), ...statistics },
              sizes: { groups, rows, channels, ...chunks, epsilon },
            },
            {
              kernel: "batchNormApply",
              knobs: { Element },
              bind: { x: input(0), pivots, centre, scale, beta: input(2), y: output(0) },
              sizes: { groups, rows, channels: steps, chunks: chunks.chunks },
            },
          ],
        };
      },
    );
  },
};
