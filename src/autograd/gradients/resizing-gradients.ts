// The gradients of resizing: each of the two is linear, and the gradient of the other.

import { runOne } from "../../functions/run.ts";
import type { resizingOperators } from "../../operators/resizing/index.ts";
import type { Pair } from "../../operators/convolution/extents.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { GradientsOf } from "./gradient-parts.ts";

const sizeOfImages = ([, height, width]: Shape): Pair => [height, width];

export const resizingGradients: GradientsOf<typeof resizingOperators> = {
  resize2d: ({ inputs: [x], attributes: { method }, gradient: g }) => [
    () => runOne("resize2dGradient", [g], { size: sizeOfImages(x.shape), method }),
  ],
  resize2dGradient: ({ inputs: [dy], attributes: { method }, gradient: g }) => [
    () => runOne("resize2d", [g], { size: sizeOfImages(dy.shape), method }),
  ],
};
