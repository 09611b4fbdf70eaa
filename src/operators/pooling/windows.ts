// What the four pooling operators share: the windows of an image, as extents, uniforms and loops.

import { ShapeError } from "../../errors/errors.ts";
import type { Candidate, Launch } from "../operator.ts";
import { showShape, type Shape } from "../../tensor/shape.ts";
import { slidingSizes, windowsOver, type Pair } from "../convolution/extents.ts";
import { byElement } from "../strided-iteration.ts";

export interface PoolingAttributes {
  readonly window: Pair;
  /** Distance of neighbouring windows in pixels, at least 1. */
  readonly stride: Pair;
  /**
   * Pixels added above and to the left, fewer than the window has: a window of nothing but padding means nothing. Without a far
   * padding on both sides.
   */
  readonly padding: Pair;
  /** Pixels added below and to the right, fewer than the window has. Default: as many as on the other side. */
  readonly farPadding?: Pair;
  /** Whether a last window may reach beyond the far padding, if it starts inside the image or its near padding. Default false. */
  readonly ceilMode?: boolean;
}

/**
 * The shape [N, P, Q, C] that pooling makes of [N, H, W, C].
 * @throws ShapeError naming the operator and the shape
 */
export function pooledShape(operator: string, x: Shape, attributes: PoolingAttributes): Shape {
  if (x.length !== 4) {
    throw new ShapeError(
      `${operator}: takes images as [images, height, width, channels], got ${showShape(x)}`,
    );
  }
  const [batch, height, width, channels] = x;
  const { window, padding, farPadding = padding } = attributes;
  const windows = windowsOver(operator, [height, width], window, { ...attributes, dilation: [1, 1] });
  for (const each of [padding, farPadding]) {
    if (each[0] < window[0] && each[1] < window[1]) continue;
    throw new ShapeError(
      `${operator}: padding ${showShape(each)} must be smaller than the window ${showShape(window)}`,
    );
  }
  return [batch, ...windows, channels];
}

type PoolingExtent =
  "batch" | "height" | "width" | "channels" | "windowHeight" | "windowWidth" | "outputHeight" | "outputWidth";

/** The uniforms that all pooling shaders have. */
export function poolingSizes(x: Shape, attributes: PoolingAttributes): Record<PoolingExtent, number> {
  const [batch, height, width, channels] = x;
  const [, outputHeight, outputWidth] = pooledShape("pooling", x, attributes);
  const [windowHeight, windowWidth] = attributes.window;
  return { batch, height, width, channels, windowHeight, windowWidth, outputHeight, outputWidth };
}

/** One launch of a kernel over windows, with further uniforms of its own: for single channels, and in fours where their number allows. */
export function poolingCandidates(
  launch: Pick<Launch, "kernel" | "knobs" | "bind">,
  x: Shape,
  attributes: PoolingAttributes,
  further: Readonly<Record<string, number>> = {},
): Candidate[] {
  const sizes = { ...poolingSizes(x, attributes), ...slidingSizes(attributes), ...further };
  return byElement(sizes.channels, (name, Element, channels) => ({
    name,
    launches: [{ ...launch, knobs: { Element, ...launch.knobs }, sizes: { ...sizes, channels } }],
  }));
}

/** The knob WINDOW of a pooling kernel: the common small windows get pipelines of their own. */
export function windowKnob({ window: [height, width] }: PoolingAttributes): number {
  return height === width && height <= 3 ? height : 0;
}

/**
 * Calls `visit` for every pair of a window and a pixel in it, in row-major order of both, with the offsets of their
 * first channels in y and x.
 */
export function eachMember(
  x: Shape,
  attributes: PoolingAttributes,
  visit: (yAt: number, xAt: number) => void,
): void {
  const [batch, height, width, channels] = x;
  const [, outputHeight, outputWidth] = pooledShape("pooling", x, attributes);
  const { window, stride, padding } = attributes;
  for (let line = 0; line < batch * outputHeight; line++) {
    const image = Math.floor(line / outputHeight) * height;
    const top = (line % outputHeight) * stride[0] - padding[0];
    const endH = Math.min(top + window[0], height);
    for (let q = 0; q < outputWidth; q++) {
      const left = q * stride[1] - padding[1];
      const endW = Math.min(left + window[1], width);
      for (let h = Math.max(top, 0); h < endH; h++) {
        for (let w = Math.max(left, 0); w < endW; w++) {
          visit((line * outputWidth + q) * channels, ((image + h) * width + w) * channels);
        }
      }
    }
  }
}
