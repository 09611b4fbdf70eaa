// Brings a label map to the size of its image: the same part of it at the same place, each pixel as the nearest one of the mask says.
import { ignored } from "../../labels/label-map.ts";
import { seenBox, type Box } from "../images/fit.ts";
import type { FittedSize } from "../images/image.ts";

interface Shape {
  readonly height: number;
  readonly width: number;
}

/**
 * @param at the map's byte of a pixel of the mask, by its place in the mask
 * @param map [height, width] of the size; filled. What lies beside a padded image is ignored
 */
export function fitMap(mask: Shape, at: (index: number) => number, size: FittedSize, map: Uint8Array): void {
  const { from, to } = seenBox(mask, size);
  map.fill(ignored);
  const columns = Uint32Array.from(
    { length: to.width },
    (_, x) => from.left + nearest(x, to.width, from.width),
  );
  for (let y = 0; y < to.height; y++) {
    const row = (from.top + nearest(y, to.height, from.height)) * mask.width;
    const start = (to.top + y) * size.width + to.left;
    for (let x = 0; x < to.width; x++) map[start + x] = at(row + columns[x]);
  }
}

/** The pixel of `from` whose middle, or which, the middle of a pixel of `to` falls on. */
const nearest = (index: number, to: number, from: number): number =>
  Math.min(from - 1, Math.floor(((index + 0.5) * from) / to));

/** How many pixels of the mask one pixel of the map stands for. */
export function pixelsEach(mask: Shape, size: FittedSize): number {
  const { from, to } = seenBox(mask, size);
  return area(from) / area(to);
}
const area = ({ height, width }: Box): number => height * width;
