// Where the outputs of a resized axis lie among its pixels, in whole numbers: the reference and the kernels choose the same
// pixels and weights, also where a rounded number would fall on the other side.

import { ShapeError } from "../../errors/errors.ts";
import { showShape, type Shape } from "../../tensor/shape.ts";
import type { Pair } from "../convolution/extents.ts";

export const resizeMethods = ["nearest", "bilinear"] as const;
export type ResizeMethod = (typeof resizeMethods)[number];

/** Output i of an axis lies at (i * step + start) / unit pixels, and not outside the first and the last one. */
export interface Positions {
  readonly pixels: number;
  readonly outputs: number;
  readonly step: number;
  readonly start: number;
  readonly unit: number;
}

/** One pixel of an output, and its share. */
export interface Tap {
  readonly pixel: number;
  readonly weight: number;
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));

/**
 * Nearest: i * H / P, rounded down. Bilinear: (i + 1/2) * H / P - 1/2, so that the corners of both images meet
 * ("half-pixel centres"). H / P is a fraction in lowest terms.
 */
export function positionsOf(pixels: number, outputs: number, method: ResizeMethod): Positions {
  const common = divisor(pixels, outputs);
  const [h, p] = [pixels / common, outputs / common];
  const numbers =
    method === "nearest" ? { step: h, start: 0, unit: p } : { step: 2 * h, start: h - p, unit: 2 * p };
  return { pixels, outputs, ...numbers };
}

/** The pixels that output i takes, those with a weight above 0. */
export function tapsOf(i: number, { pixels, step, start, unit }: Positions, method: ResizeMethod): Tap[] {
  const position = Math.min(Math.max(i * step + start, 0), (pixels - 1) * unit + (unit - 1));
  const pixel = Math.floor(position / unit);
  const rest = position - pixel * unit;
  if (method === "nearest" || rest === 0 || pixel === pixels - 1) return [{ pixel, weight: 1 }];
  return [
    { pixel, weight: (unit - rest) / unit },
    { pixel: pixel + 1, weight: rest / unit },
  ];
}

const showImage = ([height, width]: Pair): string => showShape([height, width]);

/**
 * The positions along height and width.
 * @throws ShapeError naming the operator for what is no method, no size, or too large for the kernels' 32 bits
 */
export function positionsAlong(
  operator: string,
  image: Pair,
  size: Pair,
  method: ResizeMethod,
): [Positions, Positions] {
  if (!resizeMethods.includes(method)) {
    throw new ShapeError(
      `${operator}: there is no method ${JSON.stringify(method)}; choose "nearest" or "bilinear"`,
    );
  }
  const isSize = (pair: Shape): boolean =>
    Array.isArray(pair) && pair.length === 2 && pair.every((each) => Number.isInteger(each) && each >= 1);
  for (const [name, pair] of [
    ["the image", image],
    ["size", size],
  ] as const) {
    if (isSize(pair)) continue;
    const shown = Array.isArray(pair) ? showImage(pair) : JSON.stringify(pair);
    throw new ShapeError(`${operator}: ${name} must be [height, width], whole numbers from 1, got ${shown}`);
  }
  const along = (axis: 0 | 1): Positions => {
    const positions = positionsOf(image[axis], size[axis], method);
    // The largest number that a kernel meets: the position of the first output behind the last pixel.
    if ((positions.outputs + 1) * positions.step + 2 * positions.unit < 2 ** 31) return positions;
    throw new ShapeError(
      `${operator}: from ${showImage(image)} to ${showImage(size)} the positions of pixels exceed 32 bits; choose sizes ` +
        "with a simpler ratio, or resize in two steps",
    );
  };
  return [along(0), along(1)];
}
