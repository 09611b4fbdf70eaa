// The definition of a random view, in float64: each step in words that shaders/augmentImages.wgsl repeats.

import type { HostArray, HostTensor } from "../../tensor/host.ts";
import { toNormal } from "../random/philox.ts";
import type { AugmentImagesAttributes } from "./augment-attributes.ts";
import { chanceOf, erasedRectangle, type Rectangle } from "./decisions.ts";
import { drawGeometry, drawWords, eitherWay, sourceOf, type Geometry } from "./geometry.ts";

/** Sizes of all images, and what one of them is changed by. */
interface View extends Geometry {
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

/** What image number `image` of a batch is changed by: sixteen words, in the order of the kernel. */
function viewOf(
  image: number,
  height: number,
  width: number,
  seed: HostArray,
  limits: AugmentImagesAttributes,
): View {
  const words = new Uint32Array(16);
  for (let i = 0; i < 4; i++)
    drawWords(words.subarray(4 * i, 4 * i + 4), 4 * image + i, 4 * limits.view, seed);
  const either = (at: number): number => eitherWay(words[at]);
  const happens = (at: number, probability: number): boolean => words[at] >>> 8 < chanceOf(probability);
  return {
    ...drawGeometry(image, height, width, seed, limits),
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
        drawWords(words, counter, 4 * number + 1, seed);
        for (let i = 0; i < 4; i++) noise[i] = (words[i] >>> 8) / 2 ** 24;
        toNormal(noise, 0);
        toNormal(noise, 2);
      }
      if (view.salt > 0) drawWords(salts, counter, 4 * number + 2, seed);
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
  view: View,
  colour: Float64Array,
): void {
  const { height, width } = view;
  const [sourceRow, sourceColumn] = sourceOf(row, column, view);
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
