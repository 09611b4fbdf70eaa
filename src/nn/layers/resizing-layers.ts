// Resizing as a layer.

import { expectOptions, type OptionChecks, type Requirement } from "../../errors/arguments.ts";
import { ShapeError, UsageError } from "../../errors/errors.ts";
import { aSize, resize2d, resizeOptions, type ResizeOptions } from "../../functions/resizing.ts";
import type { Engine } from "../../runtime/engine.ts";
import { showShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Module } from "../module.ts";

/** Either a scale or a size. */
export interface UpsampleOptions extends ResizeOptions {
  /** Height and width of the output by those of x, rounded down; one number for both. */
  readonly scale?: number | readonly [height: number, width: number];
  /** Height and width of the output, in pixels. */
  readonly size?: readonly [height: number, width: number];
}

const isScale = (value: unknown): boolean => typeof value === "number" && value > 0 && value < Infinity;
const aScale: Requirement = {
  words: "a number above 0 or two, [height, width]",
  fits: (value) => isScale(value) || (Array.isArray(value) && value.length === 2 && value.every(isScale)),
};

const upsampleOptions: OptionChecks<UpsampleOptions> = { ...resizeOptions, scale: aScale, size: aSize };

/**
 * Images of another size, as torch's `Upsample`: [N, H, W, C] to [N, P, Q, C]. Pixels lie as `resize2d` says; where a scale is no
 * whole number, they follow from the sizes, as with torch's `recompute_scale_factor=True`.
 */
export class Upsample extends Module {
  static override readonly name: string = "Upsample";
  readonly #options: UpsampleOptions;

  constructor(engine: Engine, options: UpsampleOptions) {
    super(engine);
    expectOptions("Upsample", options, upsampleOptions);
    if ((options.scale === undefined) === (options.size === undefined)) {
      throw new UsageError(`Upsample: takes either the option "scale" or the option "size"`);
    }
    this.#options = options;
  }

  forward(x: Tensor): Tensor {
    const { scale = 1, size, method } = this.#options;
    return resize2d(x, size ?? scaled(x, typeof scale === "number" ? [scale, scale] : scale), { method });
  }
}

function scaled(x: Tensor, scale: readonly [number, number]): [number, number] {
  const [, height = 0, width = 0] = x.shape;
  const size: [number, number] = [Math.floor(height * scale[0]), Math.floor(width * scale[1])];
  if (x.shape.length === 4 && size.every((each) => each >= 1)) return size;
  throw new ShapeError(
    `Upsample: takes images [N, H, W, C] that are at least a pixel large after scaling, got ${showShape(x.shape)}`,
  );
}
