// What a manifest says of images and labels: every field with its meaning, range and default. Entries of images:
// entry-schema.ts; reading and line numbers: manifest.ts; how a model is trained: assemble/training-manifest.ts.
import { z } from "zod";
import { sourceEntry, testEntry, validationEntry } from "./entry-schema.ts";
import { names, oneOf, record } from "./fields.ts";
import { taskNames } from "./task-names.ts";
import { normalisationNames } from "../../interchange/tensor-names.ts";
import { fits } from "../images/image.ts";

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
  /**
   * How an image of another shape is made to fit: `stretch` changes its shape and shows all of it, `crop` takes the largest part
   * of the right shape from its middle, `pad` puts the whole image in the middle of black.
   */
  fit: oneOf(fits).default("stretch"),
  /** 1 grey, 3 red, green, blue. Images of another size or kind are made to fit. */
  channels: z
    .union([z.literal(1), z.literal(3)], { error: () => "must be 1 (grey) or 3 (colour)" })
    .default(1),
  /** The network sees (p / 255 - mean) / deviation. Mean and deviation of the training pixels are a good choice. */
  mean: perChannel(z.number()).optional(),
  deviation: perChannel(z.number().positive()).optional(),
  /** In the place of both: those that the weights of torchvision (imagenet) or torchxrayvision (xray) were made with. */
  normalise: oneOf(normalisationNames).optional(),
});

/** What a manifest says of data, whoever learns from it. */
export const manifestFields = {
  /** What is learned of an image: which classes it shows, or which of its pixels are of which class. */
  task: oneOf(taskNames).default("classification"),
  /**
   * What is learned, in the order of all tables. In the file they may be a tree, of which this is the flat list, every class in
   * front of those below it: flatten-classes.ts.
   */
  classes: names.max(most),
  /**
   * For segmentation: classes of which a pixel has at most one, `true` for all of them, or groups of them. A pixel that is given as
   * one of them is then negative for the others, also where its source does not outline those.
   */
  exclusive: z
    .union([z.boolean(), z.array(names.min(2)).min(1)], {
      error: () => "must be true, or a list of groups of classes, such as [[Liver, Spleen]]",
    })
    .default(false),
  /**
   * For segmentation, where all classes exclude each other: whether each pixel is of one of them, so that there is no background. A
   * model then says of each pixel which class is the likeliest, however unlikely that is.
   */
  exhaustive: z.boolean().default(false),
  image,
  /** Images to learn from; a manifest to evaluate a model by needs none. */
  sources: z.array(sourceEntry).max(most).default([]),
  /** Images that nothing is learned from, to watch the training by; beside those that the sources' splits set apart. */
  validation: validationEntry.optional(),
  /** Images that the result is measured on; needed where no source's split sets any apart. */
  test: testEntry.optional(),
} as const;

/** How a model is made and trained: for those who train, and not looked into by those who only read images and labels. */
export const otherSections = {
  model: z.unknown().optional(),
  train: z.unknown().optional(),
  arms: z.unknown().optional(),
  augment: z.unknown().optional(),
} as const;

export type ManifestContent = z.output<z.ZodObject<typeof manifestFields>>;
