// The `model` section of a manifest: the network that makes features of images.
import { z } from "zod";
import { record, wholeNumber } from "../data/manifest/fields.ts";

/** A DenseNet. */
export const model = record({
  /** The first convolution: how many features it makes, from windows of which size, how many pixels apart. */
  stem: record({
    features: wholeNumber.max(4096).default(16),
    kernel: wholeNumber.max(31).default(3),
    stride: wholeNumber.max(16).default(1),
    /** Batch norm, ReLU and a 3x3 max pool of stride 2 behind it, as DenseNet-121 has them. */
    pool: z.boolean().default(false),
  }).prefault({}),
  /** Layers of each dense block; between two blocks, height and width are halved. */
  blocks: z.array(wholeNumber.max(128)).min(1).max(8).default([3, 3, 3]),
  /** Channels that each layer adds. */
  growth: wholeNumber.max(1024).default(12),
  /** Width of the 1x1 convolution before each 3x3 one, in multiples of growth (4 in DenseNet-121); null: none. */
  bottleneck: wholeNumber.max(16).nullable().default(null),
  /** Share of the channels that is kept between two blocks. */
  compression: z.number().positive().max(1).default(0.5),
});
