// The same elements in the same order under another shape: no data moves.

import { ShapeError } from "../../errors/errors.ts";
import type { Operator } from "../operator.ts";
import { checkShape, showShape, sizeOf, type Shape } from "../../tensor/shape.ts";

export interface ReshapeAttributes {
  readonly shape: Shape;
}

export const reshape: Operator<ReshapeAttributes> = {
  name: "reshape",
  aliases: true,
  infer(inputs, { shape }) {
    if (inputs.length !== 1) throw new ShapeError(`reshape: takes one tensor, got ${inputs.length}`);
    const [x] = inputs;
    checkShape("reshape", shape);
    if (sizeOf(shape) !== sizeOf(x.shape)) {
      throw new ShapeError(
        `reshape: ${showShape(x.shape)} holds ${sizeOf(x.shape)} values, ${showShape(shape)} takes ${sizeOf(shape)}`,
      );
    }
    return [{ shape, dtype: x.dtype }];
  },
  reference([x], [y]) {
    y.data.set(x.data);
  },
  candidates() {
    return [];
  },
};
