// Maps of where a classifier looked, held against where things are, image by image.

import { aNumber, bytes, expectArgument } from "../errors/arguments.ts";
import { ShapeError, UsageError } from "../errors/errors.ts";

/** What a pixel is for a class. */
export const pixelPlaces = { outside: 0, inside: 1, unknown: 255 } as const;

/** What one map comes to against one region. */
export interface LocatedRegion {
  /** Whether the map's largest value lies in the region. */
  readonly hit: boolean;
  /** Whether the middle of the image lies in it. */
  readonly middle: boolean;
  /** The region's share of the known pixels: how often a random point would lie in it. */
  readonly share: number;
  /** Intersection over union of the region and the pixels where the map is high. */
  readonly iou: number;
}

/** A map and its size. */
export interface SizedMap {
  /** [height, width] */
  readonly values: Float32Array;
  readonly height: number;
  readonly width: number;
}

/** The pixel of an image of another size that the middle of a map's cell lies in. */
export function pixelOfCell(
  cell: number,
  map: Pick<SizedMap, "height" | "width">,
  image: Pick<SizedMap, "height" | "width">,
): { readonly x: number; readonly y: number } {
  const [row, column] = [Math.floor(cell / map.width), cell % map.width];
  return {
    x: Math.floor(((column + 0.5) * image.width) / map.width),
    y: Math.floor(((row + 0.5) * image.height) / map.height),
  };
}

/**
 * Holds a map against a region. It points to the middle of its largest cell, where its bilinear interpolation is largest. Pixels that are unknown take no part. High is what lies at `threshold` of the map's own range, from
 * its smallest to its largest known value, or above: a constant added to the map changes nothing.
 *
 * @param map of any size
 * @param enlarged the same at the size of the image
 * @param region [height, width] of the image, `pixelPlaces`
 * @param threshold above 0 and at most 1
 * @returns undefined where no known pixel is inside
 * @throws ShapeError when the lengths are not height x width; UsageError for another threshold
 */
export function locateRegion(
  map: SizedMap,
  enlarged: Float32Array,
  region: Uint8Array,
  {
    height,
    width,
    threshold,
  }: { readonly height: number; readonly width: number; readonly threshold: number },
): LocatedRegion | undefined {
  const what = "locateRegion";
  expectArgument(what, "the region", region, bytes);
  expectArgument(what, "the threshold", threshold, aNumber);
  if (!(threshold > 0 && threshold <= 1)) {
    throw new UsageError(`${what}: the threshold is ${threshold}, and must be above 0 and at most 1`);
  }
  if (enlarged.length !== height * width || region.length !== enlarged.length) {
    throw new ShapeError(
      `${what}: a map of ${enlarged.length} and a region of ${region.length} pixels are not ${height} x ${width}`,
    );
  }
  let [known, inside, low, top] = [0, 0, Infinity, -Infinity];
  for (const [at, place] of region.entries()) {
    if (place === pixelPlaces.unknown) continue;
    known++;
    if (place === pixelPlaces.inside) inside++;
    low = Math.min(low, enlarged[at]);
    top = Math.max(top, enlarged[at]);
  }
  if (inside === 0) return undefined;
  const least = low + threshold * (top - low);
  let [high, both] = [0, 0];
  for (const [at, place] of region.entries()) {
    if (place === pixelPlaces.unknown || enlarged[at] < least) continue;
    high++;
    if (place === pixelPlaces.inside) both++;
  }
  let [best, pointed]: [number, number | undefined] = [-Infinity, undefined];
  for (const [cell, value] of map.values.entries()) {
    const { x, y } = pixelOfCell(cell, map, { height, width });
    if (!(value > best) || region[y * width + x] === pixelPlaces.unknown) continue;
    [best, pointed] = [value, region[y * width + x]];
  }
  const middle = Math.floor(height / 2) * width + Math.floor(width / 2);
  return {
    hit: pointed === pixelPlaces.inside,
    middle: region[middle] === pixelPlaces.inside,
    share: inside / known,
    iou: both / (high + inside - both),
  };
}
