// The gradients of elementwise operators.

import {
  add,
  divide,
  equal,
  gate,
  greater,
  less,
  log,
  multiply,
  power,
  subtract,
  where,
} from "../../functions/elementwise.ts";
import { runOne } from "../../functions/run.ts";
import type { GradientRule } from "../../operators/gradient-rule.ts";
import type { elementwiseOperators, UnaryGradientAttributes } from "../../operators/elementwise/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { scale, zero, sumTo, type GradientsOf } from "./gradient-parts.ts";

/** The rule of a function whose slope is a launch of its own. */
function inOneLaunch<A>(
  of: UnaryGradientAttributes["of"],
  parameter: (attributes: A) => number = () => 0,
): GradientRule<A> {
  return ({ inputs: [x], attributes, gradient: g }) => [
    () => runOne("unaryGradient", [x, g], { of, parameter: parameter(attributes) }),
  ];
}

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
  sigmoid: inOneLaunch("sigmoid"),
  softplus: inOneLaunch("softplus"),
  tanh: inOneLaunch("tanh"),
  normalCdf: inOneLaunch("normalCdf"),
  gelu: inOneLaunch("gelu"),
  abs: inOneLaunch("abs"),
  erf: inOneLaunch("erf"),
  silu: inOneLaunch("silu"),
  hardSwish: inOneLaunch("hardSwish"),
  leakyRelu: inOneLaunch("leakyRelu", ({ slope }) => slope),
  elu: inOneLaunch("elu", ({ alpha }) => alpha),
  constantPower: inOneLaunch("constantPower", ({ exponent }) => exponent),
  unaryGradient: "nondifferentiable",
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
  power: ({ inputs: [a, b], outputs: [y], gradient: g }) => [
    // b a^(b - 1), but 0 for b = 0, also where a = 0 makes the power infinite.
    () => {
      const lower = where(equal(b, 0), 1, subtract(b, 1));
      return sumTo(multiply(g, multiply(b, power(a, lower))), a.shape);
    },
    // y log(a), and 0 where a = 0, whose logarithm would make NaN of it.
    () => sumTo(multiply(g, multiply(y, log(where(equal(a, 0), 1, a)))), b.shape),
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
