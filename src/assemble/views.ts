// Weak and strong views: two random changes of the same u8 batch, drawn on the device from a counter.

import type { ViewSettings } from "../operators/images/augment-attributes.ts";
import { augmentImages } from "../functions/images.ts";
import type { Tensor } from "../tensor/tensor.ts";

export type { ViewSettings } from "../operators/images/augment-attributes.ts";

export interface Normalisation {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/**
 * One random view of each image, in one launch.
 *
 * @param images u8 [B, H, W, C]
 * @param seed u32 [4]: two words of key, two that name the step
 * @param view 0 for the weak, 1 for the strong view: they draw independently
 * @returns f32 [B, H, W, C], normalised
 */
export function randomView(
  images: Tensor,
  seed: Tensor,
  view: number,
  settings: ViewSettings,
  { mean, deviation }: Normalisation,
): Tensor {
  return augmentImages(images, seed, { ...settings, view, mean, deviation });
}
