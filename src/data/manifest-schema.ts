// What may stand in a manifest: every field with its meaning, range and default. Reading and line numbers: manifest.ts.
import { z } from "zod";
import { suggestion } from "../device/nearest.ts";
import { siteNames } from "./phantoms/names.ts";

/** An object that refuses unknown keys and says which one was probably meant. */
function record<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== "unrecognized_keys") return undefined;
      const key = issue.keys[0] ?? "";
      return `is not known here; the keys are ${Object.keys(shape).join(", ")}${suggestion(key, Object.keys(shape))}`;
    },
  });
}

/** One of a few words. */
function oneOf<const Words extends readonly string[]>(
  words: Words,
): z.ZodEnum<z.core.util.ToEnum<Words[number]>> {
  return z.enum(words, {
    error: ({ input }) => {
      if (input === undefined) return undefined;
      const hint = typeof input === "string" ? suggestion(input, words) : "";
      return `must be one of ${words.join(", ")}, not ${JSON.stringify(input)}${hint}`;
    },
  });
}

/** A name; a bare whole number is taken as its digits, so that `knows: [1, 2]` means the classes "1" and "2". */
const name = z
  .union([z.string().trim().min(1), z.int()], {
    error: (issue) => (issue.input === undefined ? undefined : "must be a name; write it in quotes"),
  })
  .transform(String);

const names = z.array(name).min(1);
const wholeNumber = z.int().min(1);
const share = z.number().min(0).max(1);

/** Path below the data root, with forward slashes. */
const path = z.string().min(1);

/** `n/m`: the n-th of m equal parts. */
const part = z
  .string()
  .regex(/^[1-9]\d{0,3}\/[1-9]\d{0,3}$/u, 'must look like "1/2": the first of two equal parts')
  .transform((text) => {
    const [index = 1, of = 1] = text.split("/").map(Number);
    return { index, of };
  })
  .refine(
    ({ index, of }) => index <= of,
    "names a part that does not exist: the first number is at most the second",
  );

/** Digits and the like in IDX files, as MNIST and its relatives come. */
const idx = {
  format: z.literal("idx"),
  /** The image file below the data root; gzip is recognised by its content. */
  images: path,
  /** The label file below the data root: one byte an image. */
  labels: path,
  /** What label byte 0, 1, 2, ... is called; without it, by its number: "0", "1", "2", ... */
  labelNames: names.optional(),
  /** Which images are taken: those with one of these labels. Default: all classes of the manifest. */
  holds: names.optional(),
  /**
   * Which share of the file's images belongs here, "1/2" for the first half. The images are dealt like cards, in an
   * order that never depends on --seed, so that parts with one denominator share no image. Default: all of them.
   */
  part: part.optional(),
};

/** Radiographs that are drawn, not read; see src/data/phantoms. */
const phantoms = {
  format: z.literal("phantoms"),
  /** Whose machine takes the pictures: they differ in contrast and noise. "both" draws half of the images at each. */
  site: oneOf([...siteNames, "both"]),
  /** How many images are drawn. */
  count: z.int().min(1).max(1_000_000),
  /** Share of the images that show a finding: one number for all, or one a finding. Default 0.3. */
  prevalence: z
    .union([share, z.record(z.string(), share)], {
      error: () => "must be a share from 0 to 1, or one a finding, such as {nodule: 0.2}",
    })
    .default(0.3),
};

/** What a training source adds to its format. */
const source = {
  /** For tables and messages. */
  name,
  /** Which classes it has labels of; every other class is absent on all its images. */
  knows: names,
  /** At most so many images, drawn at random by --seed; `--limit` lowers it further. Default: all there are. */
  limit: wholeNumber.optional(),
};

/** What the test split adds to its format. Its images never depend on --seed, and `--limit` does not touch it. */
const test = {
  name: name.default("test"),
  /** Default: all classes. */
  knows: names.optional(),
  limit: wholeNumber.optional(),
};

/** A choice of formats by the word in `format`; to add a format, add a record to both lists and a row to load.ts. */
const formatNames = ["idx", "phantoms"] as const;
const formatError = {
  error: ({ input }: { input?: unknown }): string | undefined => {
    if (typeof input !== "object" || input === null || Array.isArray(input)) return undefined;
    const given = "format" in input ? input.format : undefined;
    if (given === undefined) return "is missing";
    const hint = typeof given === "string" ? suggestion(given, formatNames) : "";
    return `must be one of ${formatNames.join(", ")}, not ${JSON.stringify(given)}${hint}`;
  },
};
const anySource = z.discriminatedUnion(
  "format",
  [record({ ...source, ...idx }), record({ ...source, ...phantoms })],
  formatError,
);
const anyTest = z.discriminatedUnion(
  "format",
  [record({ ...test, ...idx }), record({ ...test, ...phantoms })],
  formatError,
);

/** One number for all channels, or one a channel. */
const perChannel = (value: z.ZodNumber): z.ZodUnion<[z.ZodNumber, z.ZodArray<z.ZodNumber>]> =>
  z.union([value, z.array(value).min(1)], {
    error: () => "must be a number (a deviation: above 0), or a list of one number a channel",
  });

const image = record({
  height: z.int().min(1).max(4096),
  width: z.int().min(1).max(4096),
  channels: z.int().min(1).max(4).default(1),
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

const train = record({
  /** Images of one step, over all sources. */
  batch: wholeNumber.default(64),
  /** How often each image is seen; `--epochs` overrides it. */
  epochs: wholeNumber.default(8),
  /** In so many first epochs only given labels teach: pseudo-labels of an untrained network are noise. */
  warmupEpochs: z.int().min(0).default(2),
  /** Adam's step size. */
  learningRate: z.number().positive().default(1e-3),
  /** Weight of the loss that pulls predictions of absent labels to their sharpened selves. */
  lambdaPseudo: z.number().min(0).default(1),
  /** Weight of the loss that pulls the strongly augmented view to the weakly augmented one. */
  lambdaConsistency: z.number().min(0).default(1),
  /** A probability over tau is sharpened towards 1, another towards 0. */
  tau: share.default(0.5),
  /** How softly: 1 gives hard labels, a large number leaves probabilities as they are. */
  temperature: z.number().min(1).default(4),
  /** Whether the pseudo-label itself carries no gradient. */
  stopGradient: z.boolean().default(true),
});

/** Random changes of an image. */
const view = (shift: number, noise: number): ViewShape => ({
  /** Moved by up to so many pixels in each direction; what comes in from outside the image is black. */
  shift: z.int().min(0).default(shift),
  /** Deviation of added Gaussian noise, in grey levels of 255. */
  noise: z.number().min(0).max(255).default(noise),
  /** Mirrored left to right half of the time. Not for digits, nor where the side of the heart matters. */
  flip: z.boolean().default(false),
});
type ViewShape = {
  shift: z.ZodDefault<z.ZodInt>;
  noise: z.ZodDefault<z.ZodNumber>;
  flip: z.ZodDefault<z.ZodBoolean>;
};

const augment = record({
  ...view(1, 0),
  /** The second, harder view of the same image, which should lead to the same answer. */
  strong: record(view(3, 25)).prefault({}),
});

export const manifestSchema = record({
  /** What is learned, in the order of all tables. */
  classes: names,
  image,
  sources: z.array(anySource).min(1),
  test: anyTest,
  model: model.prefault({}),
  train: train.prefault({}),
  augment: augment.prefault({}),
});

export type ManifestContent = z.output<typeof manifestSchema>;
