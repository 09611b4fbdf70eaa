// The gradient of group normalisation.

import { input, output, temporary, type Operator } from "../operator.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import { byGroup, expectGroups, imageChunks, imagesOf, type GroupNormAttributes } from "./image-groups.ts";
import { sumOfChunks } from "./sum-of-chunks.ts";

/**
 * Inputs x [N, ..., C], gamma [C], mean and variance [N, C] (as groupNorm gave them), dy like x; outputs dx like x,
 * dgamma [C], dbeta [C]. With d = 1 / sqrt(variance + epsilon), h = (x - mean of x) d and g = dy gamma, over each image and
 * group, dx = d (g - mean(g) - h mean(g h)). What `mean` lost when it was rounded to f32 is found again in x.
 */
export const groupNormGradient: Operator<GroupNormAttributes> = {
  name: "groupNormGradient",
  infer(inputs, attributes) {
    expectGroups("groupNormGradient", inputs, attributes, {
      ...{ gamma: "channels", mean: "imageChannels", variance: "imageChannels", dy: "x" },
    });
    const of = (at: number): TensorSpec => ({ shape: inputs[at].shape, dtype: "f32" });
    return [of(0), of(1), of(1)];
  },
  reference([x, gamma, mean, variance, dy], [dx, dgamma, dbeta], { groups, epsilon }) {
    const { images, pixels, channels } = imagesOf(x);
    const width = channels / groups;
    const count = pixels * width;
    for (let image = 0; image < images; image++) {
      for (let first = 0; first < channels; first += width) {
        const each = (visit: (at: number, channel: number, h: number, inverse: number) => void): void => {
          for (let channel = first; channel < first + width; channel++) {
            const of = image * channels + channel;
            const inverse = 1 / Math.sqrt(variance.data[of] + epsilon);
            for (let pixel = 0; pixel < pixels; pixel++) {
              const at = (image * pixels + pixel) * channels + channel;
              visit(at, channel, (x.data[at] - mean.data[of]) * inverse, inverse);
            }
          }
        };
        let lost = 0;
        each((_, __, h) => (lost += h / count));
        let plain = 0;
        let weighted = 0;
        each((at, channel, h) => {
          const product = dy.data[at] * (h - lost);
          dbeta.data[channel] += dy.data[at];
          dgamma.data[channel] += product;
          plain += (dy.data[at] * gamma.data[channel]) / count;
          weighted += (product * gamma.data[channel]) / count;
        });
        each((at, channel, h, inverse) => {
          const slope = dy.data[at] * gamma.data[channel];
          dx.data[at] = (slope - plain - (h - lost) * weighted) * inverse;
        });
      }
    }
  },
  candidates([x], { groups, epsilon }, adapter) {
    const { images, pixels, channels } = imagesOf(x);
    const { chunk, chunks } = imageChunks({ images, pixels, channels }, adapter);
    const f32 = (...shape: number[]): TensorSpec => ({ shape, dtype: "f32" });
    const partial = f32(images, chunks, channels);
    const [plain, weighted, rest, shift, bend] = [0, 1, 2, 3, 4].map(temporary);
    const given = { x: input(0), mean: input(2), variance: input(3), dy: input(4) };
    return byGroup(channels, adapter, (name, Element, steps, joining) => ({
      name,
      temporaries: [partial, partial, partial, f32(images, channels), f32(images, channels)],
      launches: [
        {
          kernel: "groupNormGradientSums",
          knobs: { Element },
          bind: { ...given, plain, weighted, rest },
          sizes: { images, pixels, chunk, chunks, channels: steps, epsilon },
        },
        {
          kernel: "groupNormGradientCombine",
          knobs: joining,
          bind: { plain, weighted, rest, gamma: input(1), variance: input(3), shift, bend },
          sizes: { images, pixels, chunks, channels, width: channels / groups, epsilon },
        },
        {
          kernel: "groupNormGradientApply",
          knobs: { Element },
          bind: { ...given, gamma: input(1), shift, bend, dx: output(0) },
          sizes: { images, pixels, channels: steps, epsilon },
        },
        // Each image's sums lie where those of its first chunk were.
        sumOfChunks(weighted, output(1), images, channels, chunks),
        sumOfChunks(plain, output(2), images, channels, chunks),
      ],
    }));
  },
};
