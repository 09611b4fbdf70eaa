// Random views of images: geometry, corruption, colour, erasing and normalisation in one launch.

import { input, output, type Operator } from "../operator.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import { expectAttribute, expectRoles } from "../roles.ts";
import { augmentReference } from "./augment-reference.ts";
import { aspectRoots, chanceOf, shareOf } from "./decisions.ts";
import { expectGeometry, expectPixels, geometrySizes } from "./geometry.ts";
import type { AugmentImagesAttributes } from "./augment-attributes.ts";
import { channelLanes, expectImages } from "./normalise.ts";

const probability = [1, "a probability"] as const;
const largest = {
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
  expectGeometry(name, settings);
  for (const [change, [most, must]] of Object.entries(largest)) {
    const value = settings[change as keyof typeof largest];
    expectAttribute(name, change, value, value >= 0 && value <= most, must);
  }
  const { eraseArea, eraseAspect, view } = settings;
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
 * geometry. The geometry may be that of another view, see `AugmentImagesAttributes.geometry`.
 */
export const augmentImages: Operator<AugmentImagesAttributes> = {
  name: "augmentImages",
  infer(inputs, attributes) {
    expectRoles("augmentImages", inputs, [
      { role: "images", dtype: "u8" },
      { role: "seed", dtype: "u32", shape: [4] },
    ]);
    expectImages("augmentImages", inputs[0], attributes);
    expectPixels("augmentImages", inputs[0]);
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
    ...geometrySizes(attributes),
    brightness: attributes.brightness,
    contrast: attributes.contrast,
    saturation: attributes.saturation,
    noiseDeviation: attributes.noise / 255,
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
