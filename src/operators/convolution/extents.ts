// How a window slides over an image: the extents that conv2d, its two gradients and pooling share.

import { ShapeError } from "../../errors/errors.ts";
import { equalShapes, showShape, type Shape } from "../../tensor/shape.ts";

/** A number along the height and one along the width. */
export type Pair = readonly [height: number, width: number];

/** How a window slides; in pixels. */
export interface Sliding {
  /** Distance of neighbouring windows, at least 1. */
  readonly stride: Pair;
  /** Pixels added above and to the left, at least 0; without a far padding on both sides. */
  readonly padding: Pair;
  /** Pixels added below and to the right. Default: as many as on the other side. */
  readonly farPadding?: Pair;
  /** Distance of neighbouring taps of one window, at least 1. */
  readonly dilation: Pair;
}

/** Extents of x [batch, height, width, channels], the filter and y [batch, outputHeight, outputWidth, outputChannels]. */
export type Extents = Readonly<
  Record<
    | "batch"
    | "height"
    | "width"
    | "channels"
    | "filterHeight"
    | "filterWidth"
    | "outputHeight"
    | "outputWidth"
    | "outputChannels",
    number
  >
>;

// Kernels count pixels in 32 bits, sums of a few of these numbers too.
const largest = 2 ** 29;

/** @throws ShapeError naming the operator unless it is [height, width], whole numbers that are large enough */
export function expectPair(operator: string, name: string, pair: Shape, least: number): void {
  const fits = (value: number): boolean => Number.isInteger(value) && value >= least && value <= largest;
  if (pair.length === 2 && pair.every(fits)) return;
  throw new ShapeError(
    `${operator}: ${name} must be [height, width], whole numbers from ${least} up to 2^29, got ${showShape(pair)}`,
  );
}

/**
 * How many windows there are along the height and the width. With `ceilMode` a last one may reach beyond the far padding, if it
 * starts inside the image or its near padding, as in torch.
 * @throws ShapeError naming the operator when the attributes make no sense or not one window fits
 */
export function windowsOver(
  operator: string,
  image: Pair,
  window: Pair,
  { stride, padding, farPadding = padding, dilation, ceilMode = false }: Sliding & { ceilMode?: boolean },
): [number, number] {
  expectPair(operator, "the image", image, 1);
  expectPair(operator, "window", window, 1);
  expectPair(operator, "stride", stride, 1);
  expectPair(operator, "padding", padding, 0);
  expectPair(operator, "the far padding", farPadding, 0);
  expectPair(operator, "dilation", dilation, 1);
  const along = (axis: 0 | 1): number => {
    const reach = (window[axis] - 1) * dilation[axis] + 1;
    const space = image[axis] + padding[axis] + farPadding[axis] - reach;
    const last = (ceilMode ? Math.ceil : Math.floor)(space / stride[axis]);
    if (last < 0) {
      const paddings = equalShapes(padding, farPadding)
        ? showShape(padding)
        : `${showShape(padding)} and ${showShape(farPadding)}`;
      throw new ShapeError(
        `${operator}: a window of ${showShape(window)} with dilation ${showShape(dilation)} is larger than the ` +
          `image of ${showShape(image)} with padding ${paddings}; add padding or use a smaller window (of a filter its first two extents)`,
      );
    }
    const isBeyond = ceilMode && last * stride[axis] >= image[axis] + padding[axis];
    return isBeyond ? last : last + 1;
  };
  return [along(0), along(1)];
}

/**
 * All extents of a convolution of x [N, H, W, C] with a filter [R, S, C, K].
 * @throws ShapeError naming the operator and both shapes
 */
export function extentsOf(operator: string, x: Shape, filter: Shape, sliding: Sliding): Extents {
  if (x.length !== 4 || filter.length !== 4) {
    throw new ShapeError(
      `${operator}: takes x as [images, height, width, channels] and the filter as [height, width, channels, ` +
        `output channels], got ${showShape(x)} and ${showShape(filter)}`,
    );
  }
  const [batch, height, width, channels] = x;
  const [filterHeight, filterWidth, filterChannels, outputChannels] = filter;
  if (channels !== filterChannels) {
    throw new ShapeError(
      `${operator}: x ${showShape(x)} has ${channels} channels, but the filter ${showShape(filter)} takes ` +
        `${filterChannels}; a filter is [height, width, channels, output channels]`,
    );
  }
  const [outputHeight, outputWidth] = windowsOver(
    operator,
    [height, width],
    [filterHeight, filterWidth],
    sliding,
  );
  return {
    batch,
    height,
    width,
    channels,
    filterHeight,
    filterWidth,
    outputHeight,
    outputWidth,
    outputChannels,
  };
}

/** The attributes as the uniforms that every convolution and pooling shader has. */
export function slidingSizes({ stride, padding }: Omit<Sliding, "dilation">): {
  strideHeight: number;
  strideWidth: number;
  paddingHeight: number;
  paddingWidth: number;
} {
  return {
    strideHeight: stride[0],
    strideWidth: stride[1],
    paddingHeight: padding[0],
    paddingWidth: padding[1],
  };
}

/** Extents and attributes as the uniforms of the direct shaders. */
export function directSizes(extents: Extents, sliding: Sliding): Readonly<Record<string, number>> {
  const [dilationHeight, dilationWidth] = sliding.dilation;
  return { ...extents, ...slidingSizes(sliding), dilationHeight, dilationWidth };
}

/**
 * Calls `visit` for every pixel of y and every run of taps that meet neighbouring pixels of x: with the number of the
 * first pixel of x and of the pixel of y among all pixels, and of the first tap among all taps. Along a run the
 * channels of x and the rows of the filter are contiguous; with a dilation a run is one tap.
 */
export function eachRunOfTaps(
  extents: Extents,
  { stride, padding, dilation }: Sliding,
  visit: (xPixel: number, yPixel: number, tap: number, taps: number) => void,
): void {
  const { batch, height, width, filterHeight, filterWidth, outputHeight, outputWidth } = extents;
  const longest = dilation[1] === 1 ? filterWidth : 1;
  for (let line = 0; line < batch * outputHeight; line++) {
    const image = Math.floor(line / outputHeight) * height;
    for (let r = 0; r < filterHeight; r++) {
      const h = (line % outputHeight) * stride[0] - padding[0] + r * dilation[0];
      if (h < 0 || h >= height) continue;
      for (let q = 0; q < outputWidth; q++) {
        for (let s = 0; s < filterWidth; s += longest) {
          const w = q * stride[1] - padding[1] + s * dilation[1];
          const left = Math.max(w, 0);
          const taps = Math.min(w + longest, width) - left;
          if (taps <= 0) continue;
          visit((image + h) * width + left, line * outputWidth + q, r * filterWidth + s + left - w, taps);
        }
      }
    }
  }
}

/**
 * Checks the gradient of the output [N, P, Q, K] of a convolution of x with a filter.
 * @throws ShapeError naming the operator and all three shapes
 */
export function expectOutputGradient(
  operator: string,
  dy: Shape,
  x: Shape,
  filter: Shape,
  { batch, outputHeight, outputWidth, outputChannels }: Extents,
): void {
  const shape = [batch, outputHeight, outputWidth, outputChannels];
  if (equalShapes(dy, shape)) return;
  throw new ShapeError(
    `${operator}: x ${showShape(x)} and the filter ${showShape(filter)} make y ${showShape(shape)}, but dy is ` +
      showShape(dy),
  );
}
