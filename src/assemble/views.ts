// Weak and strong views: two random changes of the same u8 batch, drawn on the device from a counter.

import { augmentImages } from "../operators/functions/images.ts";
import { randomNormal, randomUniform } from "../operators/functions/random.ts";
import type { Engine } from "../runtime/index.ts";
import type { Tensor } from "../tensor/index.ts";

/** How far a view may stray from its image. */
export interface ViewSettings {
  /** Pixels, in each direction. */
  readonly shift: number;
  /** Deviation of Gaussian noise in grey levels of 255. */
  readonly noise: number;
  /** Mirrored left to right half of the time. */
  readonly flip: boolean;
}

export interface Normalisation {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** Values drawn for each image: one column for each random choice of augmentImages. */
const drawsPerImage = 8;

/**
 * One random view of each image.
 *
 * @param images u8 [B, H, W, C]
 * @param seed u32 [4]: two words of key, two that name the step
 * @param view 0 for the weak, 1 for the strong view: they draw independently
 * @returns f32 [B, H, W, C], normalised
 */
export function randomView(
  engine: Engine,
  images: Tensor,
  seed: Tensor,
  view: number,
  settings: ViewSettings,
  normalisation: Normalisation,
): Tensor {
  return engine.scope(() => {
    const draws = randomUniform(seed, [images.shape[0] ?? 1, drawsPerImage], 2 * view);
    const noise = randomNormal(seed, images.shape, 2 * view + 1);
    return augmentImages(images, draws, noise, {
      shift: settings.shift,
      noise: settings.noise,
      flip: settings.flip,
      mean: normalisation.mean,
      deviation: normalisation.deviation,
    });
  });
}
