// Random views of images: geometry, corruption, colour, erasing and normalisation in one launch.

import { input, output, type Operator } from "../operator.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import { expectAttribute, expectRoles } from "../roles.ts";
import { augmentReference } from "./augment-reference.ts";
import { aspectRoots, chanceOf, shareOf } from "./decisions.ts";
import { channelLanes, expectImages, type NormaliseImagesAttributes } from "./normalise.ts";

/** How far a view may stray from its image; 0 switches a change off. */
export interface ViewSettings {
  /** Probability of mirroring left and right. */
  readonly flip: number;
  /** Largest rotation about the centre, either way, in degrees, at most 180. */
  readonly rotation: number;
  /** Largest shift along either axis, in pixels; fractions of a pixel are drawn too. */
  readonly shift: number;
  /** Largest relative change of size, below 1. */
  readonly scale: number;
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

/** A view that is its image, normalised. */
export const unchanged: ViewSettings = {
  flip: 0,
  rotation: 0,
  shift: 0,
  scale: 0,
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
}

const probability = [1, "a probability"] as const;
const largest = {
  flip: probability,
  rotation: [180, "from 0 to 180 degrees"],
  shift: [2 ** 16, "a number of pixels from 0 to 65536"],
  brightness: [2 ** 16, "from 0 up"],
  contrast: [2 ** 16, "from 0 up"],
  saturation: [2 ** 16, "from 0 up"],
  noise: [2 ** 16, "from 0 up"],
  noiseProbability: probability,
  saltAndPepper: probability,
  saltAndPepperProbability: probability,
  erase: probability,
} as const;

/** @throws ShapeError naming the attribute that is out of range */
function expectSettings(name: string, settings: AugmentImagesAttributes): void {
  for (const [change, [most, must]] of Object.entries(largest)) {
    const value = settings[change as keyof typeof largest];
    expectAttribute(name, change, value, value >= 0 && value <= most, must);
  }
  const { scale, eraseArea, eraseAspect, view } = settings;
  expectAttribute(name, "scale", scale, scale >= 0 && scale < 1, "in [0, 1)");
  expectAttribute(name, "view", view, view === view >>> 0 && view < 2 ** 30, "a whole number below 2^30");
  for (const [change, [low, high], least, most] of [
    ["eraseArea", eraseArea, 0, 1],
    ["eraseAspect", eraseAspect, 0.01, 100],
  ] as const) {
    const must = `from ${least} to ${most}, the smaller number first`;
    expectAttribute(name, change, low, low >= least && low <= high, must);
    expectAttribute(name, change, high, high <= most, must);
  }
}

/**
 * Inputs images u8 [N, H, W, C] (C up to 4, H W below 2^26), seed u32 [4] (two words of key, two of counter); output
 * [N, H, W, C], augmented and normalised. Every random number is counted from the seed, the view, the image's number in
 * the batch and the pixel's in the image; shaders/augmentImages.wgsl says how, and in which order the changes are made.
 * Sampling is bilinear, black outside the image. Shifts are fractional, so that one bilinear lookup does all of the
 * geometry.
 */
export const augmentImages: Operator<AugmentImagesAttributes> = {
  name: "augmentImages",
  infer(inputs, attributes) {
    expectRoles("augmentImages", inputs, [
      { role: "images", dtype: "u8" },
      { role: "seed", dtype: "u32", shape: [4] },
    ]);
    expectImages("augmentImages", inputs[0], attributes);
    const [, height, width] = inputs[0].shape;
    expectAttribute(
      "augmentImages",
      "height * width",
      height * width,
      height * width < 2 ** 26,
      "below 2^26",
    );
    expectSettings("augmentImages", attributes);
    return [{ shape: inputs[0].shape, dtype: "f32" }];
  },
  reference: augmentReference,
  candidates([images], attributes) {
    return [
      {
        name: "pixels",
        launches: [
          {
            kernel: "augmentImages",
            knobs: knobsOf(images, attributes),
            bind: { images: input(0), seed: input(1), y: output(0) },
            sizes: sizesOf(images, attributes),
          },
        ],
      },
    ];
  },
};

function knobsOf({ shape }: TensorSpec, attributes: AugmentImagesAttributes) {
  return {
    CHANNELS: shape[3],
    NOISE: attributes.noise > 0 && attributes.noiseProbability > 0,
    SALT: attributes.saltAndPepper > 0 && attributes.saltAndPepperProbability > 0,
  };
}

function sizesOf({ shape }: TensorSpec, attributes: AugmentImagesAttributes) {
  const [images, height, width] = shape;
  const [leastArea, mostArea] = attributes.eraseArea.map(shareOf);
  const { root, factors } = aspectRoots(attributes.eraseAspect);
  return {
    images,
    height,
    width,
    view: attributes.view,
    shift: attributes.shift,
    rotation: attributes.rotation / 360,
    zoom: attributes.scale,
    brightness: attributes.brightness,
    contrast: attributes.contrast,
    saturation: attributes.saturation,
    noiseDeviation: attributes.noise / 255,
    flip: chanceOf(attributes.flip),
    noiseChance: chanceOf(attributes.noiseProbability),
    salt: chanceOf(attributes.saltAndPepper),
    saltChance: chanceOf(attributes.saltAndPepperProbability),
    erase: chanceOf(attributes.erase),
    area: leastArea,
    areaRange: mostArea - leastArea,
    root,
    roots: factors,
    mean: channelLanes(attributes.mean),
    inverseDeviation: channelLanes(attributes.deviation.map((each) => 1 / each)),
  };
}
