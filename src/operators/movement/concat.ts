// Tensors one behind the other along an axis.

import { ShapeError } from "../../errors/errors.ts";
import type { Operator } from "../operator.ts";
import { showShape, stridesOf, type Shape, type TensorSpec } from "../../tensor/shape.ts";
import { expectFloats, showSpecs } from "../operands.ts";
import { copyCandidates, copyOnHost, stridedCopy, type StridedCopy } from "./strided-copy.ts";

export interface ConcatAttributes {
  /** The axis along which the tensors follow each other; their other extents are equal. */
  readonly axis: number;
}

function joined(inputs: readonly TensorSpec[], axis: number): Shape {
  const along = inputs.reduce((sum, { shape }) => sum + shape[axis], 0);
  return inputs[0].shape.map((extent, i) => (i === axis ? along : extent));
}

/** One copy for each input, each behind the one before. */
function copiesOf(inputs: readonly TensorSpec[], { axis }: ConcatAttributes): StridedCopy[] {
  const strides = stridesOf(joined(inputs, axis));
  let position = 0;
  return inputs.map(({ shape }, i) => {
    const start = position * strides[axis];
    position += shape[axis];
    return stridedCopy(shape, { input: i, strides: stridesOf(shape) }, { start, strides });
  });
}

export const concat: Operator<ConcatAttributes> = {
  name: "concat",
  infer(inputs, { axis }) {
    if (inputs.length === 0) throw new ShapeError("concat: takes at least one f32 tensor, got nothing");
    expectFloats(
      "concat",
      inputs,
      inputs.map((_, i) => `x${i}`),
    );
    const [{ shape: first }] = inputs;
    if (!Number.isInteger(axis) || axis < 0 || axis >= first.length) {
      throw new ShapeError(`concat: axis ${axis} is none of ${showShape(first)}`);
    }
    const fits = ({ shape }: TensorSpec): boolean =>
      shape.length === first.length && shape.every((extent, i) => i === axis || extent === first[i]);
    if (!inputs.every(fits)) {
      throw new ShapeError(
        `concat: ${showSpecs(inputs)} must be equal except along axis ${axis}; slice or reshape them first`,
      );
    }
    return [{ shape: joined(inputs, axis), dtype: "f32" }];
  },
  reference(inputs, [y], attributes) {
    copyOnHost(inputs, y, copiesOf(inputs, attributes));
  },
  candidates(inputs, attributes) {
    return copyCandidates(copiesOf(inputs, attributes));
  },
};
