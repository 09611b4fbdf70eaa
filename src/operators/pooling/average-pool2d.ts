// Means over windows, and their gradient.

import { input, output, type Candidate, type Operator } from "../operator.ts";
import type { Shape } from "../../tensor/shape.ts";
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

/** Input x [N, H, W, C]; output [N, P, Q, C], the mean of each window; zeros of the padding count. */
export const averagePool2d: Operator<PoolingAttributes> = {
  name: "averagePool2d",
  infer(inputs, attributes) {
    expectFloats("averagePool2d", inputs, ["x"]);
    return [{ shape: pooledShape("averagePool2d", inputs[0].shape, attributes), dtype: "f32" }];
  },
  reference([x], [y], attributes) {
    const [channels] = x.shape.slice(-1);
    const [values, means] = [x.data, y.data];
    const area = attributes.window[0] * attributes.window[1];
    eachMember(x.shape, attributes, (yAt, xAt) => {
      for (let c = 0; c < channels; c++) means[yAt + c] += values[xAt + c] / area;
    });
  },
  candidates([x], attributes) {
    const WINDOW = attributes.padding.some((pixels) => pixels > 0) ? 0 : windowKnob(attributes);
    const bind = { x: input(0), y: output(0) };
    return poolingCandidates({ kernel: "averagePool2d", knobs: { WINDOW }, bind }, x.shape, attributes);
  },
};

export interface AveragePool2dGradientAttributes extends PoolingAttributes {
  /** [N, H, W, C] of the pooled x; with a stride above 1 dy does not tell. */
  readonly inputShape: Shape;
}

/** Input dy [N, P, Q, C]; output dx [N, H, W, C], the gradient of averagePool2d. */
export const averagePool2dGradient: Operator<AveragePool2dGradientAttributes> = {
  name: "averagePool2dGradient",
  infer(inputs, attributes) {
    const pooled = pooledShape("averagePool2dGradient", attributes.inputShape, attributes);
    expectRoles("averagePool2dGradient", inputs, [{ role: "dy", shape: pooled }]);
    return [{ shape: attributes.inputShape, dtype: "f32" }];
  },
  reference([dy], [dx], attributes) {
    const [channels] = dy.shape.slice(-1);
    const [gradients, sums] = [dy.data, dx.data];
    const area = attributes.window[0] * attributes.window[1];
    eachMember(attributes.inputShape, attributes, (yAt, xAt) => {
      for (let c = 0; c < channels; c++) sums[xAt + c] += gradients[yAt + c] / area;
    });
  },
  candidates(_, attributes) {
    const { window, stride, padding, inputShape } = attributes;
    const bind = { dy: input(0), dx: output(0) };
    const gather = poolingCandidates({ kernel: "averagePool2dGradient", bind }, inputShape, attributes);
    if (stride.some((step, axis) => step !== window[axis] || padding[axis] > 0)) return gather;
    const extents = poolingSizes(inputShape, attributes);
    const apart = byElement(extents.channels, (name, Element, channels): Candidate => {
      const sizes = { ...extents, channels };
      return {
        name: `${name}Apart`,
        launches: [{ kernel: "averagePool2dGradientApart", knobs: { Element }, bind, sizes }],
      };
    });
    return [...gather, ...apart];
  },
};
