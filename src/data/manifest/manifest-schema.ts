// What may stand in a manifest: every field with its meaning, range and default. Entries of images: entry-schema.ts;
// reading and line numbers: manifest.ts.
import { z } from "zod";
import { augmentFields } from "../../assemble/augmentation.ts";
import { sourceEntry, testEntry, validationEntry } from "./entry-schema.ts";
import { names, record, wholeNumber } from "./fields.ts";
import { train } from "../../assemble/recipes.ts";

/** Classes, and sources: far more than anybody assembles, and few enough for every check of each with each. */
const most = 1000;

/** One number for all channels, or one a channel. */
const perChannel = (value: z.ZodNumber): z.ZodUnion<[z.ZodNumber, z.ZodArray<z.ZodNumber>]> =>
  z.union([value, z.array(value).min(1)], {
    error: () => "must be a number (a deviation: above 0), or a list of one number a channel",
  });

const image = record({
  height: z.int().min(1).max(4096),
  width: z.int().min(1).max(4096),
  /** 1 grey, 3 red, green, blue. Images of another size or kind are made to fit. */
  channels: z
    .union([z.literal(1), z.literal(3)], { error: () => "must be 1 (grey) or 3 (colour)" })
    .default(1),
  /** The network sees (p / 255 - mean) / deviation. Mean and deviation of the training pixels are a good choice. */
  mean: perChannel(z.number()).default(0.5),
  deviation: perChannel(z.number().positive()).default(0.25),
});

/** A DenseNet. */
const model = record({
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

export const manifestSchema = record({
  /** What is learned, in the order of all tables. */
  classes: names.max(most),
  image,
  /** Images to learn from; a manifest to evaluate a model by needs none. */
  sources: z.array(sourceEntry).max(most).default([]),
  /** Images that nothing is learned from, to watch the training by; beside those that the sources' splits set apart. */
  validation: validationEntry.optional(),
  /** Images that the result is measured on; needed where no source's split sets any apart. */
  test: testEntry.optional(),
  model: model.prefault({}),
  train: train.prefault({}),
  /** Two random views of each training image. */
  augment: record(augmentFields).prefault({}),
});

export type ManifestContent = z.output<typeof manifestSchema>;
