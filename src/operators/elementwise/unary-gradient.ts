// The gradients of elementwise functions that take more than a product, each in one launch.

import type { Choice } from "../../kernels/built-in-kernels.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { input, output, type Candidate, type Operator } from "../operator.ts";
import { expectRoles } from "../roles.ts";
import { byElement } from "../strided-iteration.ts";
import { normalCdf } from "./normal-cdf.ts";
import { powerOf } from "./power.ts";
import { powerParameters } from "./unary.ts";

export interface UnaryGradientAttributes {
  /** The function, by the name that its operator has. */
  readonly of: Choice<"unaryGradient", "OPERATION">;
  /** The slope of leakyRelu, the alpha of elu, the exponent of a constant power; 0 for the others. */
  readonly parameter: number;
}

const logistic = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const density = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

function slope({ of, parameter }: UnaryGradientAttributes, x: number): number {
  if (Number.isNaN(x)) return NaN;
  switch (of) {
    case "sigmoid":
      return logistic(x) * logistic(-x);
    case "softplus":
      return logistic(x);
    case "tanh":
      return 4 * logistic(2 * x) * logistic(-2 * x);
    case "normalCdf":
      return density(x);
    case "gelu":
      return normalCdf(x) + x * density(x);
    case "abs":
      return Math.sign(x);
    case "erf":
      return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x);
    case "silu":
      return logistic(x) * (1 + x * logistic(-x));
    case "hardSwish":
      return x < -3 ? 0 : x > 3 ? 1 : (2 * x + 3) / 6;
    case "leakyRelu":
      return x > 0 ? 1 : parameter;
    case "elu":
      return x > 0 ? 1 : parameter * Math.exp(x);
    case "constantPower":
      return parameter === 0 ? 0 : parameter * powerOf(x, parameter - 1);
  }
}

/** Inputs x and the gradient g of f(x), of one shape; output g f'(x). */
export const unaryGradient: Operator<UnaryGradientAttributes> = {
  name: "unaryGradient",
  infer(inputs, { of, parameter }) {
    const shape = inputs.at(0)?.shape ?? [];
    expectRoles("unaryGradient", inputs, [
      { role: "x", shape },
      { role: "g", shape },
    ]);
    powerParameters(`unaryGradient of ${of}`, parameter);
    return [{ shape, dtype: "f32" }];
  },
  reference([x, g], [dx], attributes) {
    for (let i = 0; i < dx.data.length; i++) dx.data[i] = g.data[i] * slope(attributes, x.data[i]);
  },
  candidates([x], { of: OPERATION, parameter }) {
    const [first, second] = powerParameters("unaryGradient", parameter);
    return byElement(sizeOf(x.shape), (name, Element, count): Candidate => {
      const bind = { x: input(0), g: input(1), dx: output(0) };
      const sizes = { count, first, second };
      return { name, launches: [{ kernel: "unaryGradient", knobs: { Element, OPERATION }, bind, sizes }] };
    });
  },
};
