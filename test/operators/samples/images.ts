// Samples of the image operators. Mirroring, salt and pepper, and erasing are decisions: a wrong one is a large error.

import type {
  AugmentImagesAttributes,
  AugmentLabelsAttributes,
  NormaliseImagesAttributes,
  ViewSettings,
} from "../../../src/operators/images/index.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import { integers, values, type Sample } from "../sample.ts";

const grey: NormaliseImagesAttributes = { mean: [0.13], deviation: [0.31] };
const colour: NormaliseImagesAttributes = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };
const twoChannels: NormaliseImagesAttributes = { mean: [0.5, 0.4], deviation: [0.2, 0.3] };
const fourChannels: NormaliseImagesAttributes = { mean: [0, 0.25, 0.5, 1], deviation: [1, 0.5, 0.25, 0.1] };
const still: ViewSettings = {
  ...{ flip: 0, rotation: 0, shift: 0, scale: 0 },
  ...{ brightness: 0, contrast: 0, saturation: 0 },
  ...{ noise: 0, noiseProbability: 1, saltAndPepper: 0, saltAndPepperProbability: 1 },
  ...{ erase: 0, eraseArea: [0.02, 0.33], eraseAspect: [0.3, 3.3] },
};

function augmented(
  name: string,
  shape: Shape,
  changes: Partial<AugmentImagesAttributes>,
  normalisation: NormaliseImagesAttributes,
  seed: readonly number[] = [1, 2, 3, 4],
): Sample<AugmentImagesAttributes> {
  return {
    name,
    inputs: [integers(shape, 256, 3, "u8"), values([4], seed, "u32")],
    attributes: { view: 0, geometry: changes.view ?? 0, ...still, ...normalisation, ...changes },
    // A position is known to about extent * 2^-24 pixels, and noise changes a whole grey range from pixel to pixel.
    slack: 2 * Math.max(...shape),
    gradcheck: false,
  };
}

/**
 * A wrong place is another label. No place of these samples lies within 1e-4 pixels of the middle between two pixels, where rounding
 * decides: images.test.ts looks at that.
 */
function moved(
  name: string,
  shape: Shape,
  changes: Partial<AugmentLabelsAttributes>,
  seed: readonly number[] = [1, 2, 3, 4],
): Sample<AugmentLabelsAttributes> {
  return {
    name,
    inputs: [integers(shape, 256, 3, "u8"), values([4], seed, "u32")],
    attributes: { geometry: 0, flip: 0, rotation: 0, shift: 0, scale: 0, ...changes },
    gradcheck: false,
  };
}

export const imageSamples = {
  normaliseImages: [
    { name: "grey, odd size", inputs: [integers([3, 5, 7, 1], 256, 1, "u8")], attributes: grey },
    { name: "colour, odd size", inputs: [integers([1, 5, 3, 3], 256, 1, "u8")], attributes: colour },
    {
      name: "four channels, more than a workgroup",
      inputs: [integers([2, 9, 16, 4], 256, 1, "u8")],
      attributes: fourChannels,
    },
    { name: "one byte", inputs: [values([1, 1, 1, 1], [255], "u8")], attributes: grey },
  ].map((sample) => ({
    ...sample,
    slack: 4,
    gradcheck: false,
  })) satisfies Sample<NormaliseImagesAttributes>[],
  augmentImages: [
    augmented("nothing changes", [2, 5, 7, 1], {}, grey),
    augmented("shift", [3, 7, 6, 1], { shift: 2.5 }, grey),
    augmented("rotation", [3, 7, 9, 1], { rotation: 15 }, grey),
    augmented("any rotation", [5, 8, 8, 1], { rotation: 180 }, grey),
    augmented("scale", [3, 7, 5, 1], { scale: 0.3 }, grey),
    augmented("flip", [5, 3, 4, 1], { flip: 0.5 }, grey),
    augmented("brightness and contrast", [3, 3, 4, 3], { brightness: 0.5, contrast: 0.5 }, colour),
    augmented("saturation", [3, 5, 3, 3], { saturation: 0.8 }, colour),
    augmented("saturation of what is not coloured", [3, 5, 3, 2], { saturation: 0.8 }, twoChannels),
    augmented("noise", [2, 5, 5, 2], { noise: 40 }, twoChannels),
    augmented(
      "noise sometimes, four channels",
      [7, 3, 5, 4],
      { noise: 9, noiseProbability: 0.5 },
      fourChannels,
    ),
    augmented("salt and pepper", [2, 11, 5, 3], { saltAndPepper: 0.4 }, colour),
    augmented(
      "salt and pepper sometimes, another view",
      [7, 5, 5, 1],
      { saltAndPepper: 0.7, saltAndPepperProbability: 0.5, view: 2 ** 30 - 1 },
      grey,
    ),
    augmented("erase always", [16, 9, 11, 1], { erase: 1 }, grey),
    augmented("erase sometimes", [16, 14, 5, 1], { erase: 0.5 }, grey),
    augmented(
      "erase anything",
      [32, 17, 13, 1],
      { erase: 1, eraseArea: [0, 1], eraseAspect: [0.01, 100] },
      grey,
    ),
    augmented(
      "erase less than a pixel",
      [16, 3, 4, 1],
      { erase: 1, eraseArea: [0, 0.02], eraseAspect: [0.5, 2] },
      grey,
    ),
    augmented("erase all", [3, 6, 6, 1], { erase: 1, eraseArea: [1, 1], eraseAspect: [1, 1] }, grey),
    augmented("large seed", [3, 9, 5, 1], { noise: 20, rotation: 30 }, grey, [
      ...[0xa4093822, 0x299f31d0, 0xffffffff, 0x80000000],
    ]),
    augmented(
      "one pixel",
      [2, 1, 1, 1],
      { shift: 0.4, rotation: 30, scale: 0.1, flip: 0.5, erase: 0.3 },
      grey,
    ),
    augmented("more than a workgroup", [2, 19, 31, 1], { shift: 2, noise: 5, saltAndPepper: 0.1 }, grey),
    augmented(
      "everything, colour",
      [5, 11, 9, 3],
      {
        ...{
          shift: 2,
          rotation: 15,
          scale: 0.2,
          flip: 0.5,
          saltAndPepper: 0.1,
          saltAndPepperProbability: 0.5,
        },
        ...{ brightness: 0.4, contrast: 0.4, saturation: 0.5, noise: 3, erase: 0.5, view: 1 },
      },
      colour,
    ),
    augmented(
      "everything, moved as another view",
      [5, 11, 9, 3],
      {
        ...{ shift: 2, rotation: 15, scale: 0.2, flip: 0.5, saltAndPepper: 0.1, brightness: 0.4, noise: 3 },
        ...{ contrast: 0.4, saturation: 0.5, erase: 0.5, view: 1, geometry: 0 },
      },
      colour,
    ),
  ],
  augmentLabels: [
    moved("nothing moves", [2, 5, 7], {}),
    moved("shift", [3, 7, 6], { shift: 2.5 }),
    moved("rotation", [3, 7, 9], { rotation: 15 }),
    moved("any rotation, maps of which words are shared", [5, 7, 5], { rotation: 180 }),
    moved("scale", [3, 7, 5], { scale: 0.3 }),
    moved("flip", [5, 3, 4], { flip: 0.5 }),
    moved("one pixel a map", [7, 1, 1], { shift: 0.6 }),
    moved(
      "more than a workgroup, as another view",
      [3, 19, 31],
      {
        ...{ shift: 3, rotation: 20, scale: 0.2, flip: 0.5, geometry: 2 ** 30 - 1 },
      },
      [3, 2, 3, 4],
    ),
    moved("large seed", [3, 9, 5], { shift: 1, rotation: 30 }, [
      ...[0xa4093822, 0x299f31d0, 0xffffffff, 0x80000000],
    ]),
  ],
};
