// Images for users: bytes [N, H, W, C] with up to four channels, into what a network takes.

import type { Tensor } from "../../tensor/index.ts";
import type { AugmentImagesAttributes, NormaliseImagesAttributes } from "../images/index.ts";
import { runOne } from "./run.ts";

/**
 * (images / 255 - mean) / deviation, by channel.
 *
 * @param images u8 [N, H, W, C], C up to 4
 * @param normalisation mean and deviation of each channel, in 0..1
 * @returns f32 [N, H, W, C]
 * @throws ShapeError when the images are not four-dimensional u8 or the lists do not have C numbers
 */
export function normaliseImages(images: Tensor, { mean, deviation }: NormaliseImagesAttributes): Tensor {
  return runOne("normaliseImages", [images], { mean, deviation });
}

/** Limits of the random changes and the normalisation; what is left out stays as it is. */
export type AugmentImagesOptions = NormaliseImagesAttributes & Partial<AugmentImagesAttributes>;

/**
 * A random view of each image, normalised: shift, rotation, scale, mirroring, brightness, contrast, noise, erasing.
 *
 * @param images u8 [N, H, W, C], C up to 4
 * @param draws f32 [N, 8], uniform in [0, 1): eight decisions per image, as `randomUniform` draws them
 * @param noise f32 [N, H, W, C], standard normal, as `randomNormal` draws it
 * @returns f32 [N, H, W, C]; black (0) outside the image, erased pixels become the mean colour
 * @throws ShapeError when shapes or limits do not fit
 */
export function augmentImages(
  images: Tensor,
  draws: Tensor,
  noise: Tensor,
  options: AugmentImagesOptions,
): Tensor {
  return runOne("augmentImages", [images, draws, noise], {
    shift: 0,
    rotation: 0,
    scale: 0,
    flip: false,
    brightness: 0,
    contrast: 0,
    noise: 0,
    erase: 0,
    ...options,
  });
}
