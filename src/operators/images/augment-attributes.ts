// How a random view may differ from its image: the attributes of augmentImages and augmentLabels.

import type { NormaliseImagesAttributes } from "./normalise.ts";

/** How far the pixels of a view may be moved; 0 switches a change off. */
export interface ViewGeometry {
  /** Probability of mirroring left and right. */
  readonly flip: number;
  /** Largest rotation about the centre, either way, in degrees, at most 180. */
  readonly rotation: number;
  /** Largest shift along either axis, in pixels; fractions of a pixel are drawn too. */
  readonly shift: number;
  /** Largest relative change of size, below 1. */
  readonly scale: number;
}

/** How far a view may stray from its image; 0 switches a change off. */
export interface ViewSettings extends ViewGeometry {
  /** Largest relative change of brightness. */
  readonly brightness: number;
  /** Largest relative change of contrast, about the mean colour. */
  readonly contrast: number;
  /** Largest relative change of saturation, about the grey of the pixel; for images of three channels. */
  readonly saturation: number;
  /** Deviation of the Gaussian noise in grey levels of 255; all channels of a pixel get the same. */
  readonly noise: number;
  /** Share of the images that get this noise. */
  readonly noiseProbability: number;
  /** Share of the pixels that become black or white in all channels, half of them each. */
  readonly saltAndPepper: number;
  /** Share of the images to which this happens. */
  readonly saltAndPepperProbability: number;
  /** Probability of erasing a rectangle to the mean colour. */
  readonly erase: number;
  /** Its smallest and largest area as shares of the image's, before it is cut to the image's sides. */
  readonly eraseArea: readonly [low: number, high: number];
  /** Its smallest and largest ratio of height to width, between 1/100 and 100; ratios are drawn evenly by logarithm. */
  readonly eraseAspect: readonly [low: number, high: number];
}

/** Every pixel stays where it is. */
export const unmoved: ViewGeometry = { flip: 0, rotation: 0, shift: 0, scale: 0 };

/** A view that is its image, normalised. */
export const unchanged: ViewSettings = {
  ...unmoved,
  brightness: 0,
  contrast: 0,
  saturation: 0,
  noise: 0,
  noiseProbability: 1,
  saltAndPepper: 0,
  saltAndPepperProbability: 1,
  erase: 0,
  eraseArea: [0.02, 0.33],
  eraseAspect: [0.3, 3.3],
};

export interface AugmentImagesAttributes extends ViewSettings, NormaliseImagesAttributes {
  /** Tells apart the views that share a seed: a whole number below 2^30. */
  readonly view: number;
  /**
   * The view whose draws move the pixels, `view` or another one: views of one geometry and the same limits of it lie on one
   * another, pixel by pixel.
   */
  readonly geometry: number;
}

export interface AugmentLabelsAttributes extends ViewGeometry {
  /** The view whose draws move the pixels. */
  readonly geometry: number;
}
