// The geometry of a random view: what is drawn, and where each pixel comes from. Images and label maps share it, so that what is
// drawn for one holds for the other; the region `geometry` of shaders/augmentImages.wgsl says the same.

import type { HostArray } from "../../tensor/host.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import { philox } from "../random/philox.ts";
import { expectAttribute } from "../roles.ts";
import type { AugmentLabelsAttributes } from "./augment-attributes.ts";
import { chanceOf } from "./decisions.ts";

/** @throws ShapeError naming the attribute that is out of range */
export function expectGeometry(name: string, limits: AugmentLabelsAttributes): void {
  const { flip, rotation, shift, scale, geometry } = limits;
  expectAttribute(name, "flip", flip, flip >= 0 && flip <= 1, "a probability");
  expectAttribute(name, "rotation", rotation, rotation >= 0 && rotation <= 180, "from 0 to 180 degrees");
  const isShift = shift >= 0 && shift <= 2 ** 16;
  expectAttribute(name, "shift", shift, isShift, "a number of pixels from 0 to 65536");
  expectAttribute(name, "scale", scale, scale >= 0 && scale < 1, "in [0, 1)");
  const isView = geometry === geometry >>> 0 && geometry < 2 ** 30;
  expectAttribute(name, "geometry", geometry, isView, "a whole number below 2^30, that of a view");
}

/** @throws ShapeError when a place in one of the images [N, H, W, ...] is known to less than a hundredth of a pixel */
export function expectPixels(name: string, { shape }: TensorSpec): void {
  const pixels = shape[1] * shape[2];
  expectAttribute(name, "height * width", pixels, pixels < 2 ** 26, "below 2^26");
}

/** The limits as the kernels have them. */
export function geometrySizes({ geometry, flip, shift, rotation, scale }: AugmentLabelsAttributes) {
  return { geometry, flip: chanceOf(flip), shift, rotation: rotation / 360, zoom: scale };
}

/** Four words of the seed's sequence `stream`. */
export function drawWords(words: Uint32Array, index: number, stream: number, seed: HostArray): void {
  words[0] = index;
  words[1] = stream;
  words[2] = seed[2];
  words[3] = seed[3];
  philox(words, seed[0], seed[1]);
}

/** A word as a number in [-1, 1). */
export const eitherWay = (word: number): number => (word >>> 8) / 2 ** 23 - 1;

/** Sizes of an image, and how its pixels are moved. */
export interface Geometry {
  readonly height: number;
  readonly width: number;
  readonly down: number;
  readonly right: number;
  readonly cosine: number;
  readonly sine: number;
  readonly zoom: number;
  readonly mirrored: boolean;
}

/** How the pixels of image number `image` of a batch are moved: five words, in the order of the kernel. */
export function drawGeometry(
  image: number,
  height: number,
  width: number,
  seed: HostArray,
  { geometry, flip, rotation, shift, scale }: AugmentLabelsAttributes,
): Geometry {
  const [place, look] = [new Uint32Array(4), new Uint32Array(4)];
  drawWords(place, 4 * image, 4 * geometry, seed);
  drawWords(look, 4 * image + 1, 4 * geometry, seed);
  const angle = ((rotation * Math.PI) / 180) * eitherWay(place[2]);
  return {
    height,
    width,
    down: shift * eitherWay(place[0]),
    right: shift * eitherWay(place[1]),
    cosine: Math.cos(angle),
    sine: Math.sin(angle),
    zoom: 1 + scale * eitherWay(place[3]),
    mirrored: look[0] >>> 8 < chanceOf(flip),
  };
}

/** The place in the image that a geometry brings to a pixel. */
export function sourceOf(
  row: number,
  column: number,
  { height, width, down, right, cosine, sine, zoom, mirrored }: Geometry,
): [row: number, column: number] {
  const [middleRow, middleColumn] = [(height - 1) / 2, (width - 1) / 2];
  const [awayDown, awayRight] = [row - middleRow - down, column - middleColumn - right];
  const straight = (cosine * awayRight + sine * awayDown) / zoom + middleColumn;
  return [
    (cosine * awayDown - sine * awayRight) / zoom + middleRow,
    mirrored ? width - 1 - straight : straight,
  ];
}
