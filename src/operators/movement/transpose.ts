// Axes in another order.

import { ShapeError } from "../../errors/errors.ts";
import type { Operator } from "../operator.ts";
import { showShape, stridesOf, type TensorSpec } from "../../tensor/shape.ts";
import { expectFloats } from "../operands.ts";
import { copyCandidates, copyOnHost, stridedCopy, type StridedCopy } from "./strided-copy.ts";

export interface TransposeAttributes {
  /** Axis i of the result is axis permutation[i] of the input. */
  readonly permutation: readonly number[];
}

function copyOf({ shape }: TensorSpec, { permutation }: TransposeAttributes): StridedCopy {
  const strides = stridesOf(shape);
  const extents = permutation.map((axis) => shape[axis]);
  return stridedCopy(
    extents,
    { strides: permutation.map((axis) => strides[axis]) },
    { strides: stridesOf(extents) },
  );
}

export const transpose: Operator<TransposeAttributes> = {
  name: "transpose",
  infer(inputs, { permutation }) {
    expectFloats("transpose", inputs, ["x"]);
    const [{ shape }] = inputs;
    if (permutation.length !== shape.length || shape.some((_, axis) => !permutation.includes(axis))) {
      throw new ShapeError(
        `transpose: permutation ${showShape(permutation)} must name each axis of ${showShape(shape)} once, ` +
          `counting from 0`,
      );
    }
    return [{ shape: permutation.map((axis) => shape[axis]), dtype: "f32" }];
  },
  reference(inputs, [y], attributes) {
    copyOnHost(inputs, y, [copyOf(inputs[0], attributes)]);
  },
  candidates([x], attributes) {
    return copyCandidates([copyOf(x, attributes)]);
  },
};
