// Samples of the image operators. Erasing and mirroring are decisions; the draws below are of every kind.

import type {
  AugmentImagesAttributes,
  NormaliseImagesAttributes,
} from "../../../src/operators/images/index.ts";
import type { Shape } from "../../../src/tensor/index.ts";
import { integers, normal, uniform, values, type Sample } from "../sample.ts";

const grey: NormaliseImagesAttributes = { mean: [0.13], deviation: [0.31] };
const colour: NormaliseImagesAttributes = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };
const still = {
  shift: 0,
  rotation: 0,
  scale: 0,
  flip: false,
  brightness: 0,
  contrast: 0,
  noise: 0,
  erase: 0,
};

function augmented(
  name: string,
  shape: Shape,
  changes: Partial<AugmentImagesAttributes>,
  normalisation: NormaliseImagesAttributes,
): Sample<AugmentImagesAttributes> {
  const draws = uniform([shape[0] ?? 1, 8], 7);
  return {
    name,
    inputs: [integers(shape, 256, 3, "u8"), draws, normal(shape, 5)],
    attributes: { ...still, ...normalisation, ...changes },
    // A position is known to about extent * 2^-24 pixels, and noise changes a whole grey range from pixel to pixel.
    slack: 2 * Math.max(...shape),
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
      attributes: { mean: [0, 0.25, 0.5, 1], deviation: [1, 0.5, 0.25, 0.1] },
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
    augmented("flip", [5, 3, 4, 1], { flip: true }, grey),
    augmented("brightness and contrast", [3, 3, 4, 3], { brightness: 0.5, contrast: 0.5 }, colour),
    augmented("noise", [2, 5, 5, 2], { noise: 40 }, { mean: [0.5, 0.4], deviation: [0.2, 0.3] }),
    augmented("erase always", [4, 9, 11, 1], { erase: 1 }, grey),
    augmented("erase sometimes", [6, 4, 5, 1], { erase: 0.5 }, grey),
    augmented(
      "one pixel",
      [2, 1, 1, 1],
      { shift: 0.4, rotation: 30, scale: 0.1, flip: true, erase: 0.3 },
      grey,
    ),
    augmented(
      "everything, colour",
      [5, 11, 9, 3],
      {
        ...{ shift: 2, rotation: 15, scale: 0.2, flip: true },
        ...{ brightness: 0.4, contrast: 0.4, noise: 3, erase: 0.5 },
      },
      colour,
    ),
  ],
};
