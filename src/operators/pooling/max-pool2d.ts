// Maxima over windows, and their gradient.

import { input, output, type Operator } from "../operator.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import { expectFloats } from "../operands.ts";
import { expectRoles } from "../roles.ts";
import { eachMember, pooledShape, poolingCandidates, windowKnob, type PoolingAttributes } from "./windows.ts";

/** Input x [N, H, W, C]; output [N, P, Q, C], the largest value of each window. Padding never wins. */
export const maxPool2d: Operator<PoolingAttributes> = {
  name: "maxPool2d",
  infer(inputs, attributes) {
    expectFloats("maxPool2d", inputs, ["x"]);
    return [{ shape: pooledShape("maxPool2d", inputs[0].shape, attributes), dtype: "f32" }];
  },
  reference([x], [y], attributes) {
    const [channels] = x.shape.slice(-1);
    const values = x.data;
    const largest = y.data.fill(-Infinity);
    eachMember(x.shape, attributes, (yAt, xAt) => {
      for (let c = 0; c < channels; c++) largest[yAt + c] = Math.max(largest[yAt + c], values[xAt + c]);
    });
  },
  candidates([x], attributes) {
    const knobs = { WINDOW: windowKnob(attributes) };
    const bind = { x: input(0), y: output(0) };
    return poolingCandidates({ kernel: "maxPool2d", knobs, bind }, x.shape, attributes);
  },
};

/**
 * Inputs x [N, H, W, C], y = maxPool2d(x) and dy, both [N, P, Q, C]; output dx [N, H, W, C]. Where a window's maximum
 * occurs several times, the first pixel in row-major order takes its gradient.
 */
export const maxPool2dGradient: Operator<PoolingAttributes> = {
  name: "maxPool2dGradient",
  infer(inputs, attributes) {
    const [x] = inputs as readonly (TensorSpec | undefined)[];
    const pooled = x === undefined ? [] : pooledShape("maxPool2dGradient", x.shape, attributes);
    expectRoles("maxPool2dGradient", inputs, [
      { role: "x" },
      { role: "y", shape: pooled },
      { role: "dy", shape: pooled },
    ]);
    return [{ shape: inputs[0].shape, dtype: "f32" }];
  },
  reference([x, y, dy], [dx], attributes) {
    const [channels] = x.shape.slice(-1);
    const [values, largest, gradients, sums] = [x.data, y.data, dy.data, dx.data];
    const taken = new Uint8Array(largest.length);
    eachMember(x.shape, attributes, (yAt, xAt) => {
      for (let c = 0; c < channels; c++) {
        if (values[xAt + c] !== largest[yAt + c] || taken[yAt + c] === 1) continue;
        taken[yAt + c] = 1;
        sums[xAt + c] += gradients[yAt + c];
      }
    });
  },
  candidates([x], attributes) {
    const bind = { x: input(0), y: input(1), dy: input(2), dx: output(0) };
    return poolingCandidates({ kernel: "maxPool2dGradient", bind }, x.shape, attributes);
  },
};
