// A tensor cut into parts along an axis: what concat joins.

import { ShapeError } from "../../errors/errors.ts";
import type { Operator } from "../operator.ts";
import { showShape, stridesOf, type Shape, type TensorSpec } from "../../tensor/shape.ts";
import { expectFloats } from "../operands.ts";
import { copyCandidates, copyOnHost, stridedCopy, type StridedCopy } from "./strided-copy.ts";

export interface SplitAttributes {
  readonly axis: number;
  /** Of the parts along the axis, one behind the other. */
  readonly sizes: readonly number[];
}

function partsOf({ shape }: TensorSpec, { axis, sizes }: SplitAttributes): Shape[] {
  return sizes.map((size) => shape.map((extent, i) => (i === axis ? size : extent)));
}

/** One copy for each part. */
function copiesOf(x: TensorSpec, attributes: SplitAttributes): StridedCopy[] {
  const strides = stridesOf(x.shape);
  let position = 0;
  return partsOf(x, attributes).map((part, i) => {
    const start = position * strides[attributes.axis];
    position += part[attributes.axis];
    return stridedCopy(part, { start, strides }, { output: i, strides: stridesOf(part) });
  });
}

/** Input x; outputs the parts. */
export const split: Operator<SplitAttributes> = {
  name: "split",
  infer(inputs, attributes) {
    expectFloats("split", inputs, ["x"]);
    const [x] = inputs;
    const { axis, sizes } = attributes;
    if (!Number.isInteger(axis) || axis < 0 || axis >= x.shape.length) {
      throw new ShapeError(`split: axis ${axis} is none of ${showShape(x.shape)}`);
    }
    const whole = sizes.length > 0 && sizes.every((size) => Number.isInteger(size) && size >= 1);
    if (!whole || sizes.reduce((sum, size) => sum + size, 0) !== x.shape[axis]) {
      throw new ShapeError(
        `split: sizes ${showShape(sizes)} must be whole numbers from 1 that add up to the extent of axis ${axis} of ` +
          showShape(x.shape),
      );
    }
    return partsOf(x, attributes).map((shape) => ({ shape, dtype: "f32" }));
  },
  reference(inputs, outputs, attributes) {
    copyOnHost(inputs, outputs, copiesOf(inputs[0], attributes));
  },
  candidates([x], attributes) {
    return copyCandidates(copiesOf(x, attributes));
  },
};
