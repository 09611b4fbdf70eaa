// Weak and strong views: two random changes of the same u8 batch, drawn on the device from a counter; and what a label map is in them.

import type { ViewGeometry, ViewSettings } from "../operators/images/augment-attributes.ts";
import { augmentImages, augmentLabels } from "../functions/images.ts";
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
 * @param geometry the view whose draws move the pixels; default: the view itself
 * @returns f32 [B, H, W, C], normalised
 */
export function randomView(
  images: Tensor,
  seed: Tensor,
  view: number,
  settings: ViewSettings,
  { mean, deviation }: Normalisation,
  geometry = view,
): Tensor {
  return augmentImages(images, seed, { ...settings, view, geometry, mean, deviation });
}

/** Both views of an image. */
export interface Views {
  readonly weak: ViewSettings;
  readonly strong: ViewSettings;
}

const geometryOf = ({ flip, rotation, shift, scale }: ViewGeometry): ViewGeometry => ({
  ...{ flip, rotation, shift, scale },
});

/**
 * Views whose pixels are compared with one another: the strong one moves them as the weak one does, and adds its own changes of
 * colour, its noise and its erasing. To be drawn with `pixelGeometry`.
 */
export const pixelViews = ({ weak, strong }: Views): Views => ({
  weak,
  strong: { ...strong, ...geometryOf(weak) },
});

/** The view whose draws move the pixels of both: the weak one. */
export const pixelGeometry = 0;

/**
 * Label maps as both of `pixelViews` show their images.
 *
 * @param labels u8 [B, H, W]
 * @param seed u32 [4], that of the views
 * @returns u8 [B, H, W]; 255, ignored, where a view shows what lies outside the image
 */
export function viewLabels(labels: Tensor, seed: Tensor, { weak }: Pick<Views, "weak">): Tensor {
  return augmentLabels(labels, seed, { ...geometryOf(weak), geometry: pixelGeometry });
}
