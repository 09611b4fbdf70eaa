// Images for users: bytes [N, H, W, C] with up to four channels, into what a network takes; and label maps that follow them.

import { aNumber, expectOptions, numbers, required, type OptionChecks } from "../errors/arguments.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  unchanged,
  unmoved,
  type AugmentImagesAttributes,
  type AugmentLabelsAttributes,
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

/** Limits of what moves the pixels, and the view whose draws do it; what is left out stays as it is. */
export type AugmentLabelsOptions = Partial<AugmentLabelsAttributes>;

const geometryOptions: OptionChecks<AugmentLabelsOptions> = {
  geometry: aNumber,
  flip: aNumber,
  rotation: aNumber,
  shift: aNumber,
  scale: aNumber,
};

const augmentOptions: OptionChecks<AugmentImagesOptions> = {
  ...normalisation,
  ...geometryOptions,
  view: aNumber,
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
 * @param options limits (see `ViewSettings`); view: another number draws another view from the same seed, default 0; geometry:
 *   the view whose draws mirror, turn, shift and scale, default `view`. Two views of one geometry, with the same limits of it, show
 *   the same in every pixel
 * @returns f32 [N, H, W, C]; black (0) outside the image, erased pixels become the mean colour
 * @throws ShapeError when shapes or limits do not fit
 */
export function augmentImages(images: Tensor, seed: Tensor, options: AugmentImagesOptions): Tensor {
  expectOptions("augmentImages", options, augmentOptions);
  const { view = 0, geometry = view } = options;
  return runOne("augmentImages", [images, seed], { ...unchanged, ...given(options), view, geometry });
}

/**
 * Label maps, moved as `augmentImages` moves their images under the same seed and the same flip, rotation, shift and scale. Each
 * pixel takes the label of the nearest one; what comes in from outside is 255, which nobody labelled.
 *
 * @param labels u8 [N, H, W]
 * @param seed u32 [4], that of the images
 * @param options limits (see `ViewGeometry`); geometry: the `view`, or the `geometry`, of the images; default 0
 * @returns u8 [N, H, W]
 * @throws ShapeError when shapes or limits do not fit
 */
export function augmentLabels(labels: Tensor, seed: Tensor, options: AugmentLabelsOptions = {}): Tensor {
  expectOptions("augmentLabels", options, geometryOptions);
  return runOne("augmentLabels", [labels, seed], { geometry: 0, ...unmoved, ...given(options) });
}
