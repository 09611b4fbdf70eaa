// A box cut out of a tensor.

import { ShapeError } from "../../errors/errors.ts";
import type { Operator } from "../operator.ts";
import { showShape, stridesOf, type TensorSpec } from "../../tensor/shape.ts";
import { expectFloats } from "../operands.ts";
import { copyCandidates, copyOnHost, stridedCopy, type StridedCopy } from "./strided-copy.ts";

export interface SliceAttributes {
  /** The first position taken along each axis. */
  readonly begin: readonly number[];
  /** The number of positions taken along each axis. */
  readonly size: readonly number[];
}

function copyOf({ shape }: TensorSpec, { begin, size }: SliceAttributes): StridedCopy {
  const strides = stridesOf(shape);
  const start = strides.reduce((sum, stride, axis) => sum + begin[axis] * stride, 0);
  return stridedCopy(size, { start, strides }, { strides: stridesOf(size) });
}

export const slice: Operator<SliceAttributes> = {
  name: "slice",
  infer(inputs, { begin, size }) {
    expectFloats("slice", inputs, ["x"]);
    const [{ shape }] = inputs;
    if (begin.length !== shape.length || size.length !== shape.length) {
      throw new ShapeError(
        `slice: begin ${showShape(begin)} and size ${showShape(size)} must have a number for each axis of ` +
          showShape(shape),
      );
    }
    shape.forEach((extent, axis) => {
      const whole = Number.isInteger(begin[axis]) && Number.isInteger(size[axis]);
      if (whole && begin[axis] >= 0 && size[axis] >= 1 && begin[axis] + size[axis] <= extent) return;
      throw new ShapeError(
        `slice: begin ${begin[axis]} and size ${size[axis]} leave axis ${axis} of ${showShape(shape)}, ` +
          `which has positions 0 to ${extent - 1}`,
      );
    });
    return [{ shape: [...size], dtype: "f32" }];
  },
  reference(inputs, [y], attributes) {
    copyOnHost(inputs, y, [copyOf(inputs[0], attributes)]);
  },
  candidates([x], attributes) {
    return copyCandidates([copyOf(x, attributes)]);
  },
};
