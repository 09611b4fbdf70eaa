// Label maps that follow the random views of their images, in one launch.

import { ShapeError } from "../../errors/errors.ts";
import { ignored } from "../../labels/label-map.ts";
import { showShape, sizeOf } from "../../tensor/shape.ts";
import { input, output, type Operator } from "../operator.ts";
import { expectRoles } from "../roles.ts";
import type { AugmentLabelsAttributes } from "./augment-attributes.ts";
import { drawGeometry, expectGeometry, expectPixels, geometrySizes, sourceOf } from "./geometry.ts";

/**
 * Inputs labels u8 [N, H, W] (H W below 2^26), seed u32 [4]; output u8 [N, H, W]: the label of the pixel nearest to where
 * `augmentImages` takes its pixel from, under the same seed, geometry and limits, and 255 outside. Labels are moved as they are,
 * whatever they mean.
 */
export const augmentLabels: Operator<AugmentLabelsAttributes> = {
  name: "augmentLabels",
  infer(inputs, attributes) {
    expectRoles("augmentLabels", inputs, [
      { role: "labels", dtype: "u8" },
      { role: "seed", dtype: "u32", shape: [4] },
    ]);
    const [{ shape }] = inputs;
    if (shape.length !== 3) {
      throw new ShapeError(`augmentLabels: labels ${showShape(shape)} must be [images, height, width]`);
    }
    expectPixels("augmentLabels", inputs[0]);
    expectGeometry("augmentLabels", attributes);
    return [{ shape, dtype: "u8" }];
  },
  reference([labels, seed], [y], attributes) {
    const [count, height, width] = labels.shape;
    let at = 0;
    for (let image = 0; image < count; image++) {
      const geometry = drawGeometry(image, height, width, seed.data, attributes);
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++) {
          const [down, right] = sourceOf(row, column, geometry).map((place) => Math.floor(place + 0.5));
          const isInside = down >= 0 && down < height && right >= 0 && right < width;
          y.data[at++] = isInside ? labels.data[(image * height + down) * width + right] : ignored;
        }
      }
    }
  },
  candidates([{ shape }], attributes) {
    const [, height, width] = shape;
    return [
      {
        name: "words",
        launches: [
          {
            kernel: "augmentLabels",
            bind: { labels: input(0), seed: input(1), y: output(0) },
            sizes: { count: sizeOf(shape), height, width, ...geometrySizes(attributes) },
          },
        ],
      },
    ];
  },
};
