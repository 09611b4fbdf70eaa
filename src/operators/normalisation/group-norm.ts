// Group normalisation: each group of channels of each image with its own statistics.

import { input, output, temporary, type Operator } from "../operator.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import { byGroup, expectGroups, imageChunks, imagesOf, type GroupNormAttributes } from "./image-groups.ts";

/**
 * Inputs x [N, ..., C], gamma [C], beta [C]; outputs y like x, mean and variance [N, C]: those of an image's group of
 * neighbouring channels, over all of its pixels, for each channel of the group; the variance is biased.
 * y = (x - mean) / sqrt(variance + epsilon) * gamma + beta (Wu and He, 2018).
 */
export const groupNorm: Operator<GroupNormAttributes> = {
  name: "groupNorm",
  infer(inputs, attributes) {
    expectGroups("groupNorm", inputs, attributes, { gamma: "channels", beta: "channels" });
    const [{ shape }] = inputs;
    const statistics: TensorSpec = { shape: [shape[0], shape[shape.length - 1]], dtype: "f32" };
    return [{ shape, dtype: "f32" }, statistics, statistics];
  },
  reference([x, gamma, beta], [y, mean, variance], { groups, epsilon }) {
    const { images, pixels, channels } = imagesOf(x);
    const width = channels / groups;
    const count = pixels * width;
    for (let image = 0; image < images; image++) {
      for (let first = 0; first < channels; first += width) {
        const each = (visit: (at: number, channel: number) => void): void => {
          for (let pixel = 0; pixel < pixels; pixel++) {
            const start = (image * pixels + pixel) * channels;
            for (let channel = first; channel < first + width; channel++) visit(start + channel, channel);
          }
        };
        let total = 0;
        each((at) => (total += x.data[at]));
        const centre = total / count;
        let squares = 0;
        each((at) => (squares += (x.data[at] - centre) ** 2));
        squares /= count;
        const inverse = 1 / Math.sqrt(squares + epsilon);
        each((at, channel) => {
          y.data[at] = (x.data[at] - centre) * inverse * gamma.data[channel] + beta.data[channel];
        });
        mean.data.fill(centre, image * channels + first, image * channels + first + width);
        variance.data.fill(squares, image * channels + first, image * channels + first + width);
      }
    }
  },
  candidates([x], { groups, epsilon }, adapter) {
    const { images, pixels, channels } = imagesOf(x);
    const extents = { images, pixels, ...imageChunks({ images, pixels, channels }, adapter) };
    const f32 = (...shape: number[]): TensorSpec => ({ shape, dtype: "f32" });
    const partial = f32(images, extents.chunks, channels);
    const [pivots, offset, squares, centre, scale] = [0, 1, 2, 3, 4].map(temporary);
    const statistics = { mean: output(1), variance: output(2), centre, scale };
    return byGroup(channels, adapter, (name, Element, steps, joining) => ({
      name,
      temporaries: [partial, partial, partial, f32(images, channels), f32(images, channels)],
      launches: [
        {
          kernel: "groupNormMoments",
          knobs: { Element },
          bind: { x: input(0), pivots, offset, squares },
          sizes: { ...extents, channels: steps },
        },
        {
          kernel: "groupNormCombine",
          knobs: joining,
          bind: { gamma: input(1), pivots, offset, squares, ...statistics },
          sizes: { ...extents, channels, width: channels / groups, epsilon },
        },
        {
          kernel: "groupNormApply",
          knobs: { Element },
          bind: { x: input(0), pivots, centre, scale, beta: input(2), y: output(0) },
          sizes: { images, pixels, chunks: extents.chunks, channels: steps },
        },
      ],
    }));
  },
};
