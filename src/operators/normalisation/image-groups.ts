// How a group norm sees its tensors: images of pixels of channels, channels in groups; and how its sums are split.

import { ShapeError } from "../../errors/errors.ts";
import type { AdapterTraits } from "../../device/traits.ts";
import { showShape, sizeOf, type TensorSpec } from "../../tensor/shape.ts";
import { expectAttribute, expectRoles } from "../roles.ts";
import type { Candidate } from "../operator.ts";
import { byElement, type Element } from "../strided-iteration.ts";
import { expectEpsilon } from "./channels.ts";

export interface GroupNormAttributes {
  /** Groups of neighbouring channels that share mean and variance; a divisor of the number of channels. */
  readonly groups: number;
  /** Added to the variance before its square root. */
  readonly epsilon: number;
}

/** A tensor [N, ..., C]. */
export interface Images {
  readonly images: number;
  readonly pixels: number;
  readonly channels: number;
}

export function imagesOf({ shape }: TensorSpec): Images {
  return { images: shape[0], pixels: sizeOf(shape.slice(1, -1)), channels: shape.at(-1) ?? 1 };
}

/**
 * Checks x [N, ..., C], the inputs named by their roles, and the attributes.
 * @throws ShapeError naming the operator
 */
export function expectGroups(
  operator: string,
  inputs: readonly TensorSpec[],
  { groups, epsilon }: GroupNormAttributes,
  roles: Readonly<Record<string, "channels" | "imageChannels" | "x">>,
): void {
  const [x] = inputs as readonly (TensorSpec | undefined)[];
  const shape = x?.shape ?? [];
  const channels = shape.at(-1) ?? 1;
  const shapes = { channels: [channels], imageChannels: [shape[0] ?? 1, channels], x: shape };
  const others = Object.entries(roles).map(([role, kind]) => ({ role, shape: shapes[kind] }));
  expectRoles(operator, inputs, [{ role: "x" }, ...others]);
  if (shape.length < 2) {
    throw new ShapeError(
      `${operator}: x ${showShape(shape)} must be [images, ..., channels] with two axes or more`,
    );
  }
  const fits = Number.isInteger(groups) && groups > 0 && channels % groups === 0;
  expectAttribute(operator, "groups", groups, fits, `a divisor of ${channels} channels`);
  expectEpsilon(operator, epsilon);
}

/**
 * Splits the sums over each image: enough chunks in all for some ten thousand invocations together with the channels, or for
 * a few CPU cores, and no chunk of less than 32 pixels.
 */
export function imageChunks(
  { images, pixels, channels }: Images,
  { isSoftware }: Pick<AdapterTraits, "isSoftware">,
): { readonly chunk: number; readonly chunks: number } {
  const most = isSoftware ? 64 : Math.min(Math.max(Math.floor(65536 / channels), 64), 1024);
  const wanted = Math.max(Math.min(Math.ceil(pixels / 32), Math.ceil(most / images)), 1);
  const chunk = Math.ceil(pixels / wanted);
  return { chunk, chunks: Math.ceil(pixels / chunk) };
}

/**
 * The ways to compute: by channel or by four of them, with the chunks of a group joined by one invocation, or by a whole
 * workgroup as a GPU wants it. Those that are alone come in workgroups of eight on CPU cores, so that no core joins all groups.
 */
export function byGroup(
  channels: number,
  { isSoftware }: Pick<AdapterTraits, "isSoftware">,
  make: (
    name: string,
    element: Element,
    steps: number,
    joining: { LANES: number; WIDTH: number },
  ) => Candidate,
): Candidate[] {
  const alone = byElement(channels, (name, element, steps) =>
    make(name, element, steps, { LANES: 1, WIDTH: isSoftware ? 8 : 64 }),
  );
  const [element, steps] =
    channels % 4 === 0 ? (["vec4f", channels / 4] as const) : (["f32", channels] as const);
  const workgroups = make("workgroups", element, steps, { LANES: 64, WIDTH: 64 });
  return isSoftware ? [workgroups, ...alone] : [...alone, workgroups];
}
