// The gradients of elementwise operators.

import {
  add,
  divide,
  equal,
  exp,
  gate,
  greater,
  less,
  multiply,
  where,
} from "../../functions/elementwise.ts";
import { runOne } from "../../functions/run.ts";
import type { GradientRule } from "../../operators/gradient-rule.ts";
import type { elementwiseOperators } from "../../operators/elementwise/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { scale, zero, sumTo, type GradientsOf } from "./gradient-parts.ts";

/** sigmoid(x), at -x exact where 1 - sigmoid(x) has lost its digits. */
const sigmoidOf = (x: Tensor): Tensor => runOne("sigmoid", [x], {});
const inverseRootTwoPi = 1 / Math.sqrt(2 * Math.PI);
/** The standard normal density at x. */
const density = (x: Tensor): Tensor => scale(exp(scale(multiply(x, x), -0.5)), inverseRootTwoPi);

/** The larger (or smaller) operand takes the gradient; equal ones share it. */
function extremum(wins: (a: Tensor, b: Tensor) => Tensor): GradientRule<unknown> {
  return ({ inputs: [a, b], gradient: g }) => {
    const share = (x: Tensor, y: Tensor): Tensor => add(wins(x, y), scale(equal(x, y), 0.5));
    return [() => sumTo(multiply(g, share(a, b)), a.shape), () => sumTo(multiply(g, share(b, a)), b.shape)];
  };
}

export const elementwiseGradients: GradientsOf<typeof elementwiseOperators> = {
  exp: ({ outputs: [y], gradient: g }) => [() => multiply(g, y)],
  log: ({ inputs: [x], gradient: g }) => [() => divide(g, x)],
  sqrt: ({ outputs: [y], gradient: g }) => [() => divide(scale(g, 0.5), y)],
  relu: ({ outputs: [y], gradient: g }) => [() => gate(y, g)],
  // y (1 - y), as the second factor is exact for large x, too.
  sigmoid: ({ inputs: [x], outputs: [y], gradient: g }) => [
    () => multiply(g, multiply(y, sigmoidOf(scale(x, -1)))),
  ],
  softplus: ({ inputs: [x], gradient: g }) => [() => multiply(g, sigmoidOf(x))],
  // 1 - y^2, as 4 sigmoid(2x) sigmoid(-2x): exact for large x.
  tanh: ({ inputs: [x], gradient: g }) => [
    () => multiply(g, scale(multiply(sigmoidOf(scale(x, 2)), sigmoidOf(scale(x, -2))), 4)),
  ],
  normalCdf: ({ inputs: [x], gradient: g }) => [() => multiply(g, density(x))],
  gelu: ({ inputs: [x], gradient: g }) => [
    () => multiply(g, add(runOne("normalCdf", [x], {}), multiply(x, density(x)))),
  ],
  clamp: ({ inputs: [x], outputs: [y], gradient: g }) => [() => multiply(g, equal(x, y))],
  affine: ({ attributes, gradient: g }) => [() => scale(g, attributes.scale)],
  add: ({ inputs: [a, b], gradient: g }) => [() => sumTo(g, a.shape), () => sumTo(g, b.shape)],
  subtract: ({ inputs: [a, b], gradient: g }) => [
    () => sumTo(g, a.shape),
    () => scale(sumTo(g, b.shape), -1),
  ],
  multiply: ({ inputs: [a, b], gradient: g }) => [
    () => sumTo(multiply(g, b), a.shape),
    () => sumTo(multiply(g, a), b.shape),
  ],
  divide: ({ inputs: [a, b], outputs: [y], gradient: g }) => [
    () => sumTo(divide(g, b), a.shape),
    () => scale(sumTo(divide(multiply(g, y), b), b.shape), -1),
  ],
  maximum: extremum(greater),
  minimum: extremum(less),
  equal: "piecewise constant",
  notEqual: "piecewise constant",
  less: "piecewise constant",
  lessEqual: "piecewise constant",
  greater: "piecewise constant",
  greaterEqual: "piecewise constant",
  gate: ({ inputs: [a, b], gradient: g }) => [undefined, () => sumTo(gate(a, g), b.shape)],
  where: ({ inputs: [condition, a, b], gradient: g }) => [
    undefined,
    () => sumTo(where(condition, g, zero(g)), a.shape),
    () => sumTo(where(condition, zero(g), g), b.shape),
  ],
};
