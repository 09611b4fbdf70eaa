// Images for users: bytes [N, H, W, C] with up to four channels, into what a network takes.

import { aNumber, expectOptions, numbers, required, type OptionChecks } from "../errors/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  unchanged,
  type AugmentImagesAttributes,
  type NormaliseImagesAttributes,
} from "../operators/images/index.ts";
import { given, runOne } from "./run.ts";

const normalisation: OptionChecks<NormaliseImagesAttributes> = {
  mean: required(numbers),
  deviation: required(numbers),
};

/**
 * (images / 255 - mean) / deviation, by channel.
 *
 * @param images u8 [N, H, W, C], C up to 4
 * @param normalise mean and deviation of each channel, in 0..1
 * @returns f32 [N, H, W, C]
 * @throws ShapeError when the images are not four-dimensional u8 or the lists do not have C numbers
 */
export function normaliseImages(images: Tensor, normalise: NormaliseImagesAttributes): Tensor {
  expectOptions("normaliseImages", normalise, normalisation);
  const { mean, deviation } = normalise;
  return runOne("normaliseImages", [images], { mean, deviation });
}

/** Limits of the random changes and the normalisation; what is left out stays as it is. */
export type AugmentImagesOptions = NormaliseImagesAttributes & Partial<AugmentImagesAttributes>;

const augmentOptions: OptionChecks<AugmentImagesOptions> = {
  ...normalisation,
  view: aNumber,
  flip: aNumber,
  rotation: aNumber,
  shift: aNumber,
  scale: aNumber,
  brightness: aNumber,
  contrast: aNumber,
  saturation: aNumber,
  noise: aNumber,
  noiseProbability: aNumber,
  saltAndPepper: aNumber,
  saltAndPepperProbability: aNumber,
  erase: aNumber,
  eraseArea: numbers,
  eraseAspect: numbers,
};

/**
 * A random view of each image, normalised: mirroring, rotation, shift, scale, pixels in black and white, noise,
 * brightness, contrast, saturation, erasing, in one launch. The same seed, view and place in the batch give the same
 * changes, whatever ran before.
 *
 * @param images u8 [N, H, W, C], C up to 4
 * @param seed u32 [4]: two words of key, two of counter (for example step and epoch)
 * @param options limits (see `ViewSettings`); view: another number draws another view from the same seed, default 0
 * @returns f32 [N, H, W, C]; black (0) outside the image, erased pixels become the mean colour
 * @throws ShapeError when shapes or limits do not fit
 */
export function augmentImages(images: Tensor, seed: Tensor, options: AugmentImagesOptions): Tensor {
  expectOptions("augmentImages", options, augmentOptions);
  return runOne("augmentImages", [images, seed], { view: 0, ...unchanged, ...given(options) });
}
