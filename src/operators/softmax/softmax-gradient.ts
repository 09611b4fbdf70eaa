// The gradients of softmax and of its logarithm, from what they gave.

import { input, output, type Operator } from "../operator.ts";
import type { TensorSpec } from "../../tensor/shape.ts";
import type { HostArray } from "../../tensor/host.ts";
import type { NoAttributes } from "../elementwise/unary.ts";
import { expectRoles } from "../roles.ts";
import { expectRows, rowsAlong, softmaxGradientCandidates } from "./rows.ts";

/** One row: from y and dy to dx. */
type RowGradient = (y: HostArray, dy: HostArray, dx: HostArray) => void;

function gradientAlong(
  name: "softmaxGradient" | "logSoftmaxGradient",
  fill: RowGradient,
): Operator<NoAttributes> {
  return {
    name,
    infer(inputs) {
      const [y] = inputs as readonly (TensorSpec | undefined)[];
      expectRoles(name, inputs, [{ role: "y" }, { role: "dy", shape: y?.shape ?? [] }]);
      expectRows(name, inputs.slice(0, 1));
      return [{ shape: inputs[0].shape, dtype: "f32" }];
    },
    reference([y, dy], [dx]) {
      const { columns } = rowsAlong(y);
      for (let at = 0; at < y.data.length; at += columns) {
        const [from, slope, to] = [y, dy, dx].map(({ data }) => data.subarray(at, at + columns));
        fill(from, slope, to);
      }
    },
    candidates([y], _, adapter) {
      return softmaxGradientCandidates(
        { ...rowsAlong(y), scale: 1, logarithm: name === "logSoftmaxGradient" },
        { y: input(0), dy: input(1), dx: output(0) },
        adapter,
      );
    },
  };
}

/**
 * Inputs y = softmax(x), dy, both [..., n]; output dx = y (dy - sum of y dy along the last axis). It is taken as y (d - sum of y d)
 * with d = dy - dy where y is largest, which is the same as the probabilities of a row add up to 1: where one is all but certain,
 * their rounding would else be more than the gradient.
 */
export const softmaxGradient = gradientAlong("softmaxGradient", (y, dy, dx) => {
  let top = 0;
  for (let k = 0; k < y.length; k++) if (y[k] > y[top] || (y[k] === y[top] && dy[k] > dy[top])) top = k;
  let sum = 0;
  for (let k = 0; k < y.length; k++) sum += y[k] * (dy[k] - dy[top]);
  for (let k = 0; k < y.length; k++) dx[k] = y[k] * (dy[k] - dy[top] - sum);
});

/**
 * Inputs y = logSoftmax(x), dy, both [..., n]; output dx = dy - exp(y) (sum of dy along the last axis), and 0 in a row of y that
 * is -Infinity throughout.
 */
export const logSoftmaxGradient = gradientAlong("logSoftmaxGradient", (y, dy, dx) => {
  if (y.every((value: number) => value === -Infinity)) return;
  let sum = 0;
  for (let k = 0; k < y.length; k++) sum += dy[k];
  for (let k = 0; k < y.length; k++) dx[k] = dy[k] - Math.exp(y[k]) * sum;
});
