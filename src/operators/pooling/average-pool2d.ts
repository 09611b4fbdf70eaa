// Means over windows, and their gradient.

import { input, output, type Candidate, type Operator } from "../operator.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Pair } from "../convolution/extents.ts";
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

export interface AveragePool2dAttributes extends PoolingAttributes {
  /** Whether the zeros of the padding count in the divisor. Default true. What lies beyond the padding never does. */
  readonly countIncludePad?: boolean;
}

/** How far outside the image pixels count in a window's divisor: above and to the left, below and to the right. */
function countedPadding({ padding, farPadding = padding, countIncludePad = true }: AveragePool2dAttributes): {
  near: Pair;
  far: Pair;
} {
  return countIncludePad ? { near: padding, far: farPadding } : { near: [0, 0], far: [0, 0] };
}

/** Pixels that count in the divisor of each window, along the height and along the width. */
function countsOf(x: Shape, attributes: AveragePool2dAttributes): readonly [number[], number[]] {
  const [, height, width] = x;
  const [, outputHeight, outputWidth] = pooledShape("pooling", x, attributes);
  const { window, stride, padding } = attributes;
  const { near, far } = countedPadding(attributes);
  const along = (axis: 0 | 1, pixels: number, outputs: number): number[] =>
    Array.from({ length: outputs }, (_, i) => {
      const start = i * stride[axis] - padding[axis];
      return Math.min(start + window[axis], pixels + far[axis]) - Math.max(start, -near[axis]);
    });
  return [along(0, height, outputHeight), along(1, width, outputWidth)];
}

/** Whether as many pixels count in every window as it has. */
function areWhole(x: Shape, attributes: AveragePool2dAttributes): boolean {
  return countsOf(x, attributes).every((counts, axis) =>
    counts.every((count) => count === attributes.window[axis]),
  );
}

function countedSizes(attributes: AveragePool2dAttributes): Readonly<Record<string, number>> {
  const { near, far } = countedPadding(attributes);
  return { countedTop: near[0], countedLeft: near[1], countedBottom: far[0], countedRight: far[1] };
}

/** Calls `visit` for every window and each pixel of the image in it, with the window's divisor. */
function eachShare(
  x: Shape,
  attributes: AveragePool2dAttributes,
  visit: (yAt: number, xAt: number, divisor: number) => void,
): void {
  const [rows, columns] = countsOf(x, attributes);
  const divisors = rows.flatMap((row) => columns.map((column) => row * column));
  eachMember(x, attributes, (yAt, xAt) => {
    visit(yAt, xAt, divisors[(yAt / x[3]) % divisors.length] ?? NaN);
  });
}

/** Input x [N, H, W, C]; output [N, P, Q, C], the mean of each window; zeros of the padding count unless told otherwise. */
export const averagePool2d: Operator<AveragePool2dAttributes> = {
  name: "averagePool2d",
  infer(inputs, attributes) {
    expectFloats("averagePool2d", inputs, ["x"]);
    return [{ shape: pooledShape("averagePool2d", inputs[0].shape, attributes), dtype: "f32" }];
  },
  reference([x], [y], attributes) {
    const [channels] = x.shape.slice(-1);
    const [values, means] = [x.data, y.data];
    eachShare(x.shape, attributes, (yAt, xAt, divisor) => {
      for (let c = 0; c < channels; c++) means[yAt + c] += values[xAt + c] / divisor;
    });
  },
  candidates([x], attributes) {
    const inside = areWhole(x.shape, { ...attributes, countIncludePad: false });
    const knobs = { WINDOW: inside ? windowKnob(attributes) : 0 };
    const launch = { kernel: "averagePool2d", knobs, bind: { x: input(0), y: output(0) } } as const;
    return poolingCandidates(launch, x.shape, attributes, countedSizes(attributes));
  },
};

export interface AveragePool2dGradientAttributes extends AveragePool2dAttributes {
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
    eachShare(attributes.inputShape, attributes, (yAt, xAt, divisor) => {
      for (let c = 0; c < channels; c++) sums[xAt + c] += gradients[yAt + c] / divisor;
    });
  },
  candidates(_, attributes) {
    const { window, stride, padding, inputShape } = attributes;
    const bind = { dy: input(0), dx: output(0) };
    const WHOLE = areWhole(inputShape, attributes);
    const launch = { kernel: "averagePool2dGradient", knobs: { WHOLE }, bind } as const;
    const gather = poolingCandidates(launch, inputShape, attributes, countedSizes(attributes));
    if (!WHOLE || stride.some((step, axis) => step !== window[axis] || padding[axis] > 0)) return gather;
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
