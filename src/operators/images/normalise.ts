// From bytes to what a network takes: values in 0..1, then centred and scaled by channel.

import { ShapeError } from "../../errors/errors.ts";
import { input, output, type Operator } from "../operator.ts";
import { showShape, sizeOf, type TensorSpec } from "../../tensor/shape.ts";
import { expectRoles } from "../roles.ts";

/** Mean and deviation of each channel, in units of the full range (0..1); a kernel carries four channels. */
export interface NormaliseImagesAttributes {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** @throws ShapeError unless images are [N, H, W, C] with C up to 4, and there is a mean and deviation for each */
export function expectImages(
  operator: string,
  images: TensorSpec,
  { mean, deviation }: NormaliseImagesAttributes,
): void {
  const channels = images.shape[3] ?? 0;
  if (images.shape.length !== 4 || channels > 4) {
    throw new ShapeError(
      `${operator}: images ${showShape(images.shape)} must be [images, height, width, channels], channels up to 4`,
    );
  }
  const fits =
    mean.length === channels &&
    deviation.length === channels &&
    [...mean, ...deviation].every(Number.isFinite) &&
    deviation.every((each) => each > 0);
  if (!fits) {
    throw new ShapeError(
      `${operator}: ${channels} channels take ${channels} means and positive deviations, ` +
        `got ${showShape(mean)} and ${showShape(deviation)}`,
    );
  }
}

/** One value for each of a vector's four lanes; lanes without a channel hold 0. */
export function channelLanes(list: readonly number[]): number[] {
  return [0, 1, 2, 3].map((lane) => list[lane] ?? 0);
}

/** Input images u8 [N, H, W, C], C up to 4; output [N, H, W, C] = (images / 255 - mean) / deviation, by channel. */
export const normaliseImages: Operator<NormaliseImagesAttributes> = {
  name: "normaliseImages",
  infer(inputs, attributes) {
    expectRoles("normaliseImages", inputs, [{ role: "images", dtype: "u8" }]);
    expectImages("normaliseImages", inputs[0], attributes);
    return [{ shape: inputs[0].shape, dtype: "f32" }];
  },
  reference([images], [y], { mean, deviation }) {
    const [bytes, numbers] = [images.data, y.data];
    let channel = 0;
    for (let i = 0; i < bytes.length; i++) {
      numbers[i] = (bytes[i] / 255 - mean[channel]) / deviation[channel];
      channel = channel + 1 === mean.length ? 0 : channel + 1;
    }
  },
  candidates([images], { mean, deviation }) {
    return [
      {
        name: "words",
        launches: [
          {
            kernel: "normaliseImages",
            bind: { images: input(0), y: output(0) },
            sizes: {
              count: sizeOf(images.shape),
              channels: mean.length,
              scale: channelLanes(deviation.map((each) => 1 / (255 * each))),
              offset: channelLanes(mean.map((each, channel) => -each / deviation[channel])),
            },
          },
        ],
      },
    ];
  },
};
