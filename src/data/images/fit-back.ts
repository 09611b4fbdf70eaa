// From a label map at the size of a network back to the size of its image, for each way in which images are fitted (fit.ts).
import type { Fit } from "./image.ts";

interface Shape {
  readonly height: number;
  readonly width: number;
}

/** A rectangle of an image. */
export interface Region extends Shape {
  readonly top: number;
  readonly left: number;
}

/** Which part of an image is shown in which part of what it is fitted to: the rest of the image is cut off, the rest of that is black. */
export interface Fitting {
  readonly from: Region;
  readonly to: Region;
}

export function fittingOf(image: Shape, size: Shape, fit: Fit = "stretch"): Fitting {
  const whole = { top: 0, left: 0 };
  if (fit === "crop") {
    const height = Math.min(image.height, Math.max(1, Math.round((image.width * size.height) / size.width)));
    const width = Math.min(image.width, Math.max(1, Math.round((image.height * size.width) / size.height)));
    return { from: centred({ height, width }, image), to: { ...size, ...whole } };
  }
  if (fit === "pad") {
    const scale = Math.min(size.height / image.height, size.width / image.width);
    const height = Math.max(1, Math.round(image.height * scale));
    const width = Math.max(1, Math.round(image.width * scale));
    return { from: { ...image, ...whole }, to: centred({ height, width }, size) };
  }
  return { from: { ...image, ...whole }, to: { ...size, ...whole } };
}

function centred({ height, width }: Shape, outer: Shape): Region {
  return {
    top: Math.floor((outer.height - height) / 2),
    left: Math.floor((outer.width - width) / 2),
    height,
    width,
  };
}

/** Pixels of the image that one pixel of the size stands for. */
export function pixelsInOne({ from, to }: Fitting): number {
  return (from.height * from.width) / (to.height * to.width);
}

/**
 * A map at the image's own size: each of its pixels is the one of the network's map that it lies in (nearest neighbour).
 *
 * @param map [size.height, size.width]
 * @param image the size that the image had before it was fitted
 * @param beyond the value of pixels that the network never saw: those cut off by `fit: crop`
 * @returns [image.height, image.width]
 */
export function fitBack(
  map: Uint8Array,
  size: Shape,
  image: Shape,
  fit: Fit | undefined,
  beyond: number,
): Uint8Array<ArrayBuffer> {
  const { from, to } = fittingOf(image, size, fit);
  const restored = new Uint8Array(image.height * image.width).fill(beyond);
  const columns = Int32Array.from({ length: from.width }, (_, x) => to.left + nearest(x, from.width, to.width));
  for (let y = 0; y < from.height; y++) {
    const row = (to.top + nearest(y, from.height, to.height)) * size.width;
    const out = (from.top + y) * image.width + from.left;
    for (let x = 0; x < from.width; x++) restored[out + x] = map[row + columns[x]];
  }
  return restored;
}

/** The pixel of a shorter or longer row that the middle of pixel `at` falls into. */
const nearest = (at: number, length: number, other: number): number =>
  Math.min(other - 1, Math.floor(((at + 0.5) * other) / length));
