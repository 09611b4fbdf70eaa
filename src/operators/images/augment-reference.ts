// The definition of a random view, in float64: each step in words that shaders/augmentImages.wgsl repeats.

import type { HostArray, HostTensor } from "../../tensor/host.ts";
import { philox, toNormal } from "../random/philox.ts";
import type { AugmentImagesAttributes } from "./augment-attributes.ts";
import { chanceOf, erasedRectangle, type Rectangle } from "./decisions.ts";

/** Sizes of all images, and what one of them is changed by. */
interface View {
  readonly height: number;
  readonly width: number;
  readonly down: number;
  readonly right: number;
  readonly cosine: number;
  readonly sine: number;
  readonly zoom: number;
  readonly mirrored: boolean;
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  /** In units of the full range. */
  readonly noise: number;
  /** 2^24 times the share of the pixels that become black or white. */
  readonly salt: number;
  readonly hidden: Rectangle | undefined;
}

/** See `augmentImages` for inputs and output. */
export function augmentReference(
  [images, seed]: readonly HostTensor[],
  [y]: readonly HostTensor[],
  attributes: AugmentImagesAttributes,
): void {
  const [count, height, width] = images.shape;
  for (let image = 0; image < count; image++) {
    augmentOne(
      images.data,
      y.data,
      image,
      seed.data,
      viewOf(image, height, width, seed.data, attributes),
      attributes,
    );
  }
}

/** Four words of the seed's sequence `stream`. */
function drawn(words: Uint32Array, index: number, stream: number, seed: HostArray): void {
  words[0] = index;
  words[1] = stream;
  words[2] = seed[2];
  words[3] = seed[3];
  philox(words, seed[0], seed[1]);
}

/** What image number `image` of a batch is changed by: sixteen words, in the order of the kernel. */
function viewOf(
  image: number,
  height: number,
  width: number,
  seed: HostArray,
  limits: AugmentImagesAttributes,
): View {
  const words = new Uint32Array(16);
  for (let i = 0; i < 4; i++) drawn(words.subarray(4 * i, 4 * i + 4), 4 * image + i, 4 * limits.view, seed);
  const either = (at: number): number => (words[at] >>> 8) / 2 ** 23 - 1;
  const happens = (at: number, probability: number): boolean => words[at] >>> 8 < chanceOf(probability);
  const angle = ((limits.rotation * Math.PI) / 180) * either(2);
  return {
    height,
    width,
    down: limits.shift * either(0),
    right: limits.shift * either(1),
    cosine: Math.cos(angle),
    sine: Math.sin(angle),
    zoom: 1 + limits.scale * either(3),
    mirrored: happens(4, limits.flip),
    brightness: 1 + limits.brightness * either(5),
    contrast: 1 + limits.contrast * either(6),
    saturation: 1 + limits.saturation * either(7),
    noise: happens(8, limits.noiseProbability) ? limits.noise / 255 : 0,
    salt: happens(9, limits.saltAndPepperProbability) ? chanceOf(limits.saltAndPepper) : 0,
    hidden: erasedRectangle(words.subarray(12), height, width, limits),
  };
}

/** Augments and normalises image number `image`. */
function augmentOne(
  images: HostArray,
  y: HostArray,
  image: number,
  seed: HostArray,
  view: View,
  { mean, deviation, view: number }: AugmentImagesAttributes,
): void {
  const { height, width } = view;
  const channels = mean.length;
  const pixels = height * width;
  const colour = new Float64Array(channels);
  const words = new Uint32Array(4);
  const noise = new Float64Array(4);
  const salts = new Uint32Array(4);
  for (let at = 0; at < pixels; at++) {
    if (at % 4 === 0) {
      const counter = image * Math.ceil(pixels / 4) + at / 4;
      if (view.noise > 0) {
        drawn(words, counter, 4 * number + 1, seed);
        for (let i = 0; i < 4; i++) noise[i] = (words[i] >>> 8) / 2 ** 24;
        toNormal(noise, 0);
        toNormal(noise, 2);
      }
      if (view.salt > 0) drawn(salts, counter, 4 * number + 2, seed);
    }
    const [row, column] = [Math.floor(at / width), at % width];
    const target = (image * pixels + at) * channels;
    const { hidden } = view;
    if (
      hidden !== undefined &&
      row >= hidden.top &&
      row < hidden.bottom &&
      column >= hidden.left &&
      column < hidden.right
    ) {
      y.fill(0, target, target + channels);
      continue;
    }
    sample(images, image * pixels * channels, row, column, view, colour);
    const salt = salts[at % 4];
    if (salt >>> 8 < view.salt) colour.fill(salt & 1);
    const added = view.noise * noise[at % 4];
    for (let k = 0; k < channels; k++) {
      const bright = clamped(colour[k] + added) * view.brightness;
      colour[k] = mean[k] + (bright - mean[k]) * view.contrast;
    }
    if (channels === 3) {
      const grey = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2];
      for (let k = 0; k < 3; k++) colour[k] = grey + (colour[k] - grey) * view.saturation;
    }
    for (let k = 0; k < channels; k++) y[target + k] = (clamped(colour[k]) - mean[k]) / deviation[k];
  }
}

/** The colour, in 0..1, that the geometry brings to (row, column) of the image whose first byte is number `first`. */
function sample(
  images: HostArray,
  first: number,
  row: number,
  column: number,
  { height, width, down, right, cosine, sine, zoom, mirrored }: View,
  colour: Float64Array,
): void {
  const [middleRow, middleColumn] = [(height - 1) / 2, (width - 1) / 2];
  const [awayDown, awayRight] = [row - middleRow - down, column - middleColumn - right];
  const sourceRow = (cosine * awayDown - sine * awayRight) / zoom + middleRow;
  const straight = (cosine * awayRight + sine * awayDown) / zoom + middleColumn;
  const sourceColumn = mirrored ? width - 1 - straight : straight;
  const [top, left] = [Math.floor(sourceRow), Math.floor(sourceColumn)];
  const channels = colour.length;
  colour.fill(0);
  for (const [y, share] of [
    [top, top + 1 - sourceRow],
    [top + 1, sourceRow - top],
  ] as const) {
    if (y < 0 || y >= height) continue;
    for (const [x, part] of [
      [left, left + 1 - sourceColumn],
      [left + 1, sourceColumn - left],
    ] as const) {
      if (x < 0 || x >= width) continue;
      const at = first + (y * width + x) * channels;
      for (let k = 0; k < channels; k++) colour[k] += (share * part * images[at + k]) / 255;
    }
  }
}

function clamped(value: number): number {
  return Math.min(Math.max(value, 0), 1);
}
