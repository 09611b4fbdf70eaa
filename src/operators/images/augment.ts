// Random views of images: geometry, intensity, noise, erasing and normalisation in one pass.

import { input, output, type Operator } from "../../runtime/operator.ts";
import { sizeOf, type HostArray, type TensorSpec } from "../../tensor/index.ts";
import { expectAttribute, expectRoles } from "../roles.ts";
import { channelLanes, expectImages, type NormaliseImagesAttributes } from "./normalise.ts";

/** How far a view may be from its image; 0 and false switch a change off. */
export interface AugmentImagesAttributes extends NormaliseImagesAttributes {
  /** Largest shift along either axis, in pixels; fractions of a pixel are drawn too. */
  readonly shift: number;
  /** Largest rotation about the centre, either way, in degrees, at most 180. */
  readonly rotation: number;
  /** Largest relative change of size, below 1. */
  readonly scale: number;
  /** Mirror left and right, every other image on average. */
  readonly flip: boolean;
  /** Largest relative change of brightness. */
  readonly brightness: number;
  /** Largest relative change of contrast, about the mean colour. */
  readonly contrast: number;
  /** Deviation of the noise in grey levels of 255. */
  readonly noise: number;
  /** Probability of erasing a rectangle of .02 to .2 of the area to the mean colour. */
  readonly erase: number;
}

const limits = [
  ["shift", Number.MAX_VALUE, "a number of pixels from 0 up"],
  ["rotation", 180, "from 0 to 180 degrees"],
  ["brightness", Number.MAX_VALUE, "from 0 up"],
  ["contrast", Number.MAX_VALUE, "from 0 up"],
  ["noise", Number.MAX_VALUE, "from 0 up"],
  ["erase", 1, "a probability"],
] as const;

/**
 * Inputs images u8 [N, H, W, C] (C up to 4), draws [N, 8] uniform in [0, 1), noise [N, H, W, C] standard normal;
 * output [N, H, W, C], augmented and normalised. The draws of an image are: shift down, shift right, rotation,
 * scale, flip, brightness, contrast, erasing. Sampling is bilinear, black outside the image; values are clamped to
 * 0..1 after the noise. Shifts are fractional, so that one bilinear lookup does all of the geometry.
 */
export const augmentImages: Operator<AugmentImagesAttributes> = {
  name: "augmentImages",
  infer(inputs, attributes) {
    const [images] = inputs as readonly (TensorSpec | undefined)[];
    expectRoles("augmentImages", inputs, [
      { role: "images", dtype: "u8" },
      { role: "draws", shape: [images?.shape[0] ?? 1, 8] },
      { role: "noise", shape: images?.shape ?? [] },
    ]);
    expectImages("augmentImages", inputs[0], attributes);
    for (const [name, most, must] of limits) {
      const value = attributes[name];
      expectAttribute("augmentImages", name, value, value >= 0 && value <= most, must);
    }
    const { scale } = attributes;
    expectAttribute("augmentImages", "scale", scale, scale >= 0 && scale < 1, "in [0, 1)");
    return [{ shape: inputs[0].shape, dtype: "f32" }];
  },
  reference([images, draws, noise], [y], attributes) {
    const [count, height, width] = images.shape;
    for (let image = 0; image < count; image++) {
      const change = changeOf(draws.data, 8 * image, attributes);
      const hidden = erasedRectangle(draws.data[8 * image + 7], height, width, attributes.erase);
      const first = image * height * width;
      augmentOne(images.data, noise.data, y.data, first, height, width, change, hidden, attributes);
    }
  },
  candidates([images], attributes) {
    const [, height, width, channels] = images.shape;
    return [
      {
        name: "pixels",
        launches: [
          {
            kernel: "augmentImages",
            bind: { images: input(0), draws: input(1), noise: input(2), y: output(0) },
            sizes: {
              count: sizeOf(images.shape) / channels,
              height,
              width,
              channels,
              shift: attributes.shift,
              rotation: attributes.rotation / 360,
              zoom: attributes.scale,
              brightness: attributes.brightness,
              contrast: attributes.contrast,
              noise_deviation: attributes.noise / 255,
              flip: attributes.flip ? 1 : 0,
              erase: eraseThreshold(attributes.erase),
              mean: channelLanes(attributes.mean),
              inverse: channelLanes(attributes.deviation.map((each) => 1 / each)),
            },
          },
        ],
      },
    ];
  },
};

/** What one image's draws ask for. */
interface Change {
  readonly down: number;
  readonly right: number;
  readonly cosine: number;
  readonly sine: number;
  readonly zoom: number;
  readonly mirrored: boolean;
  readonly brightness: number;
  readonly contrast: number;
}

function changeOf(draws: HostArray, first: number, attributes: AugmentImagesAttributes): Change {
  const either = (index: number): number => 2 * draws[first + index] - 1;
  const angle = ((attributes.rotation * Math.PI) / 180) * either(2);
  return {
    down: attributes.shift * either(0),
    right: attributes.shift * either(1),
    cosine: Math.cos(angle),
    sine: Math.sin(angle),
    zoom: 1 + attributes.scale * either(3),
    mirrored: attributes.flip && draws[first + 4] < 0.5,
    brightness: 1 + attributes.brightness * either(5),
    contrast: 1 + attributes.contrast * either(6),
  };
}

/** Augments the image whose first pixel is number `first`. */
function augmentOne(
  images: HostArray,
  noise: HostArray,
  y: HostArray,
  first: number,
  height: number,
  width: number,
  { down, right, cosine, sine, zoom, mirrored, brightness, contrast }: Change,
  hidden: Rectangle,
  { mean, deviation, noise: greyLevels }: AugmentImagesAttributes,
): void {
  const channels = mean.length;
  const [middleRow, middleColumn] = [(height - 1) / 2, (width - 1) / 2];
  for (let row = 0; row < height; row++) {
    const awayDown = row - middleRow - down;
    for (let column = 0; column < width; column++) {
      const target = (first + row * width + column) * channels;
      if (row >= hidden.top && row < hidden.bottom && column >= hidden.left && column < hidden.right) {
        for (let channel = 0; channel < channels; channel++) y[target + channel] = 0;
        continue;
      }
      const awayRight = column - middleColumn - right;
      const sourceRow = (cosine * awayDown - sine * awayRight) / zoom + middleRow;
      const straight = (cosine * awayRight + sine * awayDown) / zoom + middleColumn;
      const sourceColumn = mirrored ? width - 1 - straight : straight;
      // Rows and columns outside the image have no share.
      const top = Math.floor(sourceRow);
      const left = Math.floor(sourceColumn);
      const lower = top >= -1 && top < height - 1 ? sourceRow - top : 0;
      const upper = top >= 0 && top < height ? 1 - (sourceRow - top) : 0;
      const righter = left >= -1 && left < width - 1 ? sourceColumn - left : 0;
      const lefter = left >= 0 && left < width ? 1 - (sourceColumn - left) : 0;
      const upperRow = (first + Math.min(Math.max(top, 0), height - 1) * width) * channels;
      const lowerRow = (first + Math.min(Math.max(top + 1, 0), height - 1) * width) * channels;
      const leftColumn = Math.min(Math.max(left, 0), width - 1) * channels;
      const rightColumn = Math.min(Math.max(left + 1, 0), width - 1) * channels;
      for (let channel = 0; channel < channels; channel++) {
        const centre = mean[channel];
        const value =
          upper *
            (lefter * images[upperRow + leftColumn + channel] +
              righter * images[upperRow + rightColumn + channel]) +
          lower *
            (lefter * images[lowerRow + leftColumn + channel] +
              righter * images[lowerRow + rightColumn + channel]);
        const bright = ((value / 255 - centre) * contrast + centre) * brightness;
        const noisy = bright + (greyLevels / 255) * noise[target + channel];
        y[target + channel] = (Math.min(Math.max(noisy, 0), 1) - centre) / deviation[channel];
      }
    }
  }
}

/** The probability in units of 2^-24, the grain of the draws: a comparison of whole numbers on every backend. */
function eraseThreshold(probability: number): number {
  return Math.round(probability * 2 ** 24);
}

/** Spreads every bit of a word over all of them (the finaliser of MurmurHash3, public domain). */
function mix(word: number): number {
  let bits = word;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

interface Rectangle {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** The rectangle that the draw asks to erase, empty when it asks for none; whole numbers only, as in the kernel. */
function erasedRectangle(draw: number, height: number, width: number, probability: number): Rectangle {
  const chance = Math.floor(draw * 2 ** 24);
  if (chance >= eraseThreshold(probability)) return { top: 0, bottom: 0, left: 0, right: 0 };
  const sides = mix(chance + 1);
  const places = mix(sides);
  // 37/256 .. 114/256 of each side, hence .021 to .2 of the area.
  const high = Math.max((height * (37 + (((sides & 0xffff) * 78) >>> 16))) >>> 8, 1);
  const wide = Math.max((width * (37 + (((sides >>> 16) * 78) >>> 16))) >>> 8, 1);
  const top = Math.floor(((places & 0xffff) * (height - high + 1)) / 2 ** 16);
  const left = Math.floor(((places >>> 16) * (width - wide + 1)) / 2 ** 16);
  return { top, bottom: top + high, left, right: left + wide };
}
