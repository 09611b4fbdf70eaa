// Boxes as regions of an image at the size of an assembly.
import { seenBox } from "../images/fit.ts";
import type { FittedSize } from "../images/image.ts";

interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What a pixel of a region is. */
export interface RegionNumbers {
  readonly outside: number;
  readonly inside: number;
  /** Of what lies beside a padded image. */
  readonly unknown: number;
}

/**
 * The pixels of an image that lie in one of some boxes, after the image was brought to a size. Edges go to the nearest pixel, and a box of
 * which something is seen has one pixel at least.
 *
 * @param boxes in pixels of the picture that they were drawn on
 * @param picture its size
 * @returns [height, width]
 */
export function boxRegion(
  boxes: readonly Rectangle[],
  picture: { readonly height: number; readonly width: number },
  size: FittedSize,
  { outside, inside, unknown }: RegionNumbers,
): Uint8Array {
  const { from, to } = seenBox(picture, size);
  const region = new Uint8Array(size.height * size.width).fill(unknown);
  for (let y = to.top; y < to.top + to.height; y++) {
    region.fill(outside, y * size.width + to.left, y * size.width + to.left + to.width);
  }
  for (const { left, top, width, height } of boxes) {
    const across = span(left - from.left, width, to.width / from.width, to.width);
    const down = span(top - from.top, height, to.height / from.height, to.height);
    if (across === undefined || down === undefined) continue;
    for (let y = to.top + down.first; y < to.top + down.end; y++) {
      region.fill(inside, y * size.width + to.left + across.first, y * size.width + to.left + across.end);
    }
  }
  return region;
}

/** The pixels of an extent after it was scaled, of so many; undefined where nothing of it is seen. */
function span(
  begin: number,
  length: number,
  scale: number,
  count: number,
): { readonly first: number; readonly end: number } | undefined {
  const [low, high] = [scale * begin, scale * (begin + length)];
  if (high <= 0 || low >= count) return undefined;
  const first = Math.min(count - 1, Math.max(0, Math.round(low)));
  return { first, end: Math.max(first + 1, Math.min(count, Math.round(high))) };
}
