// Maxima over windows, and their gradient.

import { input, output, type Candidate, type Operator } from "../operator.ts";
import { sizeOf, type Shape, type TensorSpec } from "../../tensor/shape.ts";
import { expectFloats } from "../operands.ts";
import { expectRoles } from "../roles.ts";
import { byElement } from "../strided-iteration.ts";
import {
  eachMember,
  pooledShape,
  poolingCandidates,
  poolingSizes,
  windowKnob,
  type PoolingAttributes,
} from "./windows.ts";

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
  candidates([x], attributes, { isSoftware }) {
    const WINDOW = windowKnob(attributes);
    // What a window leaves to the next one pays on long ways: 32 outputs are up to 1.15 times as fast as 8 (lavapipe, 2 cores, 2026).
    const knobs = { WINDOW, STRIDE: WINDOW === 0 ? 1 : attributes.stride[1], COLUMNS: isSoftware ? 32 : 8 };
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
  candidates([x], attributes, { isSoftware }) {
    const each = poolingCandidates({ kernel: "maxPool2dGradient", bind: gradientBind }, x.shape, attributes);
    const walks = walksOf(x.shape, attributes);
    if (isSoftware && sizeOf(x.shape) >= worthWalk) return [...each, ...walks];
    return [...each.slice(0, -1), ...walks, ...each.slice(-1)];
  },
};

const gradientBind = { x: input(0), y: input(1), dy: input(2), dx: output(0) };

/**
 * From so many pixels x channels on, walks along the windows are preferred on lavapipe: there they save in a hundred steps what their
 * pipelines take longer to compile, 0.2 to 0.5 s (2 cores, 2026).
 */
const worthWalk = 2 ** 18;

/** The gradient by walks along lines, for small square windows without pixels between them. */
function walksOf(x: Shape, attributes: PoolingAttributes): Candidate[] {
  const WINDOW = windowKnob(attributes);
  const [STRIDE, across] = attributes.stride;
  if (STRIDE !== across || STRIDE > WINDOW) return [];
  const { batch, height, width, outputHeight, outputWidth, ...others } = poolingSizes(x, attributes);
  const [paddingHeight, paddingWidth] = attributes.padding;
  const sizes = { batch, height, width, outputHeight, outputWidth, paddingHeight, paddingWidth };
  return byElement(others.channels, (name, Element, channels) => ({
    name: `${name}Walk`,
    launches: [
      {
        kernel: "maxPool2dGradientWalk",
        knobs: { Element, WINDOW, STRIDE },
        bind: gradientBind,
        sizes: { ...sizes, channels },
      },
    ],
  }));
}
