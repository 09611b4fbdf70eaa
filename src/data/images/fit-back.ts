// From a label map of the size that images are fitted to (fit.ts) back to the size of its image.
import { seenBox } from "./fit.ts";
import type { FittedSize } from "./image.ts";

interface Shape {
  readonly height: number;
  readonly width: number;
}

/**
 * A map at the image's own size: each of its pixels is the one of the fitted map that its middle lies in (nearest neighbour).
 *
 * @param map [size.height, size.width]
 * @param image the size that the image had before it was fitted
 * @param beyond the value of pixels that are not in the map: those that `fit: crop` cuts off
 * @returns [image.height, image.width]
 */
export function fitBack(
  map: Uint8Array,
  size: FittedSize,
  image: Shape,
  beyond: number,
): Uint8Array<ArrayBuffer> {
  const { from, to } = seenBox(image, size);
  const restored = new Uint8Array(image.height * image.width).fill(beyond);
  const columns = Int32Array.from(
    { length: from.width },
    (_, x) => to.left + nearest(x, from.width, to.width),
  );
  for (let y = 0; y < from.height; y++) {
    const row = (to.top + nearest(y, from.height, to.height)) * size.width;
    const out = (from.top + y) * image.width + from.left;
    for (let x = 0; x < from.width; x++) restored[out + x] = map[row + columns[x]];
  }
  return restored;
}

/** The pixel of a row of another length that the middle of pixel `at` lies in. */
const nearest = (at: number, length: number, other: number): number =>
  Math.min(other - 1, Math.floor(((at + 0.5) * other) / length));
