// A tensor repeated until it has a given shape.

import { ShapeError } from "../../errors/errors.ts";
import type { Operator } from "../operator.ts";
import {
  broadcastStrides,
  checkShape,
  showShape,
  stridesOf,
  type Shape,
  type TensorSpec,
} from "../../tensor/shape.ts";
import { expectFloats } from "../operands.ts";
import { copyCandidates, copyOnHost, stridedCopy, type StridedCopy } from "./strided-copy.ts";

export interface BroadcastToAttributes {
  readonly shape: Shape;
}

function copyOf(x: TensorSpec, { shape }: BroadcastToAttributes): StridedCopy {
  return stridedCopy(shape, { strides: broadcastStrides(x.shape, shape) }, { strides: stridesOf(shape) });
}

export const broadcastTo: Operator<BroadcastToAttributes> = {
  name: "broadcastTo",
  infer(inputs, { shape }) {
    expectFloats("broadcastTo", inputs, ["x"]);
    checkShape("broadcastTo", shape);
    const [x] = inputs;
    const lead = shape.length - x.shape.length;
    if (lead < 0 || x.shape.some((extent, axis) => extent !== 1 && extent !== shape[axis + lead])) {
      throw new ShapeError(
        `broadcastTo: ${showShape(x.shape)} does not repeat to ${showShape(shape)}; aligned at the last axis, ` +
          `each extent must be equal or 1`,
      );
    }
    return [{ shape, dtype: "f32" }];
  },
  reference(inputs, [y], attributes) {
    copyOnHost(inputs, y, [copyOf(inputs[0], attributes)]);
  },
  candidates([x], attributes) {
    return copyCandidates([copyOf(x, attributes)]);
  },
};
