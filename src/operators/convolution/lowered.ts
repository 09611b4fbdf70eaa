// A convolution and its weight gradient as the kernels of several families take them.

import type { FloatType } from "../../tensor/shape.ts";
import type { Slot } from "../operator.ts";
import type { Extents, Sliding } from "./extents.ts";

/**
 * A convolution of images x, or the gradient of one of stride 1 with dy in the place of x and the filter turned: all sizes of
 * conv2dTile but for its chunks, its switches, and what it reads.
 */
export interface LoweredConvolution {
  readonly sizes: Readonly<Record<string, number>>;
  readonly knobs: Readonly<Record<"TURNED" | "ACTIVATED", boolean>>;
  readonly bind: Readonly<Record<"x" | "weights" | "factors", Slot>>;
  /** How x and y lie in memory. */
  readonly stored: FloatType;
}

/** The gradient of a filter: all sizes of conv2dWeightGradientTile but for its chunks. */
export interface LoweredWeightGradient {
  readonly extents: Extents;
  readonly sliding: Sliding;
  readonly sizes: Readonly<Record<string, number>>;
  readonly activated: boolean;
  readonly bind: Readonly<Record<"x" | "dy" | "factors", Slot>>;
  /** How x and dy lie in memory. */
  readonly stored: FloatType;
}
