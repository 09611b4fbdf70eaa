// What is told about a kind of network outside of the network itself: which task it is for, how a manifest chooses one, how a
// model file holds it, and which images do not suit it.
import { z } from "zod";
import type { TaskName } from "../../data/manifest/task-names.ts";
import type { BackboneConfigurations } from "../../nn/backbones.ts";
import type { StemConfiguration } from "../../nn/backbone.ts";
import type { UNetConfiguration } from "../../nn/unet.ts";
import { suggestion } from "../../errors/nearest.ts";
import { record, wholeNumber } from "../../data/manifest/fields.ts";

/** What each kind of network is built from: backbones give features of images, a U-Net those of pixels. */
export interface NetworkConfigurations extends BackboneConfigurations {
  readonly unet: UNetConfiguration;
}

export type NetworkKind = keyof NetworkConfigurations;

/** What a network is built from, as it stands in settings, checkpoints and model files. */
export type NetworkConfiguration = NetworkConfigurations[NetworkKind];

/** A configuration but for the channels of its images, which a manifest says of the images. */
type WithoutChannels<Configuration> = Configuration extends unknown
  ? Omit<Configuration, "inputChannels">
  : never;

/** What the `model` section of a manifest comes to. */
export type ModelSection = WithoutChannels<NetworkConfiguration>;

/** A field of the `model` section, and what is wrong with it. */
export interface ModelProblem {
  readonly field: string;
  readonly reason: string;
}

export interface NetworkFamily<Kind extends NetworkKind> {
  /** Whose features it gives: those of images, or those of pixels. */
  readonly task: TaskName;
  /** The names that `model.backbone` may say for it, each with the section that goes with the name. */
  readonly models: Readonly<Record<string, z.ZodType<WithoutChannels<NetworkConfigurations[Kind]>>>>;
  /** A configuration as it is stored in a model file. */
  readonly stored: z.ZodType<NetworkConfigurations[Kind]>;
  /** What stands against images of this size, if anything does. */
  readonly problem: (
    model: WithoutChannels<NetworkConfigurations[Kind]>,
    image: { readonly height: number; readonly width: number },
  ) => ModelProblem | undefined;
}

/** The section of a backbone by name. A field of another backbone is refused with the names of both. */
export function sectionOf<Name extends string, Shape extends z.ZodRawShape>(
  backbone: Name,
  fields: Shape,
): z.ZodObject<{ backbone: z.ZodLiteral<Name> } & Shape, z.core.$strict> {
  const known = Object.keys(fields);
  return z.strictObject(
    { backbone: z.literal(backbone), ...fields },
    {
      error: (issue) => {
        if (issue.code !== "unrecognized_keys") return undefined;
        const key = issue.keys[0] ?? "";
        return `is not a field of ${backbone}, whose fields are ${known.join(", ")}${suggestion(key, known)}`;
      },
    },
  );
}

/** The first convolution: how many features it makes, from windows of which size, how many pixels apart. */
export const stemSection = ({ features, kernel, stride, pool }: StemConfiguration) =>
  record({
    features: wholeNumber.max(4096).default(features),
    kernel: wholeNumber.max(31).default(kernel),
    stride: wholeNumber.max(16).default(stride),
    /** Batch norm, ReLU and a 3x3 max pool of stride 2 behind it, as networks for large images have them. */
    pool: z.boolean().default(pool),
  }).prefault({});

/** A size in a model file. */
export const storedCount = z
  .int()
  .min(1)
  .max(2 ** 16);
export const storedStem = z.strictObject({
  features: storedCount,
  kernel: storedCount,
  stride: storedCount,
  pool: z.boolean(),
});

/** Pixels along an axis that a stem leaves of so many. */
export function afterStem({ kernel, stride, pool }: StemConfiguration, pixels: number): number {
  const padding = Math.floor((kernel - 1) / 2);
  const convolved = Math.floor((pixels + 2 * padding - kernel) / stride) + 1;
  return pool && convolved > 0 ? Math.floor((convolved - 1) / 2) + 1 : convolved;
}
