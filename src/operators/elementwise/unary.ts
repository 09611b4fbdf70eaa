// Elementwise functions of one tensor. All share one shader; a knob picks the function.

import type { Choice } from "../../kernels/built-in-kernels.ts";
import { input, output, type Candidate, type Operator } from "../operator.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { expectFloats } from "../operands.ts";
import { expectAttribute } from "../roles.ts";
import { byElement } from "../strided-iteration.ts";
import { erf as errorFunction, normalCdf as standardNormalCdf } from "./normal-cdf.ts";
import { powerOf } from "./power.ts";

/** Attributes of the functions that have none. */
export type NoAttributes = Readonly<Record<string, never>>;

/** Bounds of clamp; scale and offset of affine travel in the same two uniforms. */
export interface ClampAttributes {
  readonly low: number;
  readonly high: number;
}
export interface AffineAttributes {
  readonly scale: number;
  readonly offset: number;
}

export interface LeakyReluAttributes {
  /** Below 0. */
  readonly slope: number;
}
export interface EluAttributes {
  /** What it falls to, below 0. */
  readonly alpha: number;
}
export interface ConstantPowerAttributes {
  readonly exponent: number;
}

interface Definition<A> {
  /** The name of the function, in shaders/unary.wgsl too. */
  readonly name: Choice<"unary", "OPERATION">;
  readonly value: (x: number, attributes: A) => number;
  /** The two parameters of the shader, checked; functions without attributes need none. */
  readonly parameters?: (attributes: A) => readonly [number, number];
}

function unary<A>({ name: OPERATION, value, parameters }: Definition<A>): Operator<A> {
  return {
    name: OPERATION,
    infer(inputs, attributes) {
      expectFloats(OPERATION, inputs, ["x"]);
      parameters?.(attributes);
      return [{ shape: inputs[0].shape, dtype: "f32" }];
    },
    reference([x], [y], attributes) {
      for (let i = 0; i < y.data.length; i++) y.data[i] = value(x.data[i], attributes);
    },
    candidates([x], attributes) {
      const [first, second] = parameters?.(attributes) ?? [0, 0];
      return byElement(sizeOf(x.shape), (name, Element, count): Candidate => {
        const knobs = { Element, OPERATION };
        const bind = { x: input(0), y: output(0) };
        return { name, launches: [{ kernel: "unary", knobs, bind, sizes: { count, first, second } }] };
      });
    },
  };
}

const plain = (
  name: Definition<NoAttributes>["name"],
  value: (x: number) => number,
): Operator<NoAttributes> => unary<NoAttributes>({ name, value });

export const exp = plain("exp", Math.exp);
export const log = plain("log", Math.log);
export const sqrt = plain("sqrt", Math.sqrt);
export const relu = plain("relu", (x) => Math.max(x, 0));
const logistic = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
/** 1 / (1 + exp(-x)), exact also where exp(-x) would overflow. */
export const sigmoid = plain("sigmoid", logistic);
/** log(1 + exp(x)), finite for every finite x. */
export const softplus = plain("softplus", (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))));
export const tanh = plain("tanh", Math.tanh);
/** The distribution function of the standard normal, Phi(x). */
export const normalCdf = plain("normalCdf", standardNormalCdf);
/** x Phi(x): the exact GELU, not its tanh approximation. */
export const gelu = plain("gelu", (x) => x * standardNormalCdf(x));
export const clamp = unary<ClampAttributes>({
  name: "clamp",
  value: (x, { low, high }) => Math.min(Math.max(x, low), high),
  parameters({ low, high }) {
    // The backends would not agree on what a bound of NaN does.
    expectAttribute("clamp", "low", low, !Number.isNaN(low), "a number");
    expectAttribute("clamp", "high", high, !Number.isNaN(high), "a number");
    return [low, high];
  },
});
/** scale * x + offset, with constants that never change from step to step. */
export const affine = unary<AffineAttributes>({
  name: "affine",
  value: (x, { scale, offset }) => scale * x + offset,
  parameters({ scale, offset }) {
    expectAttribute("affine", "scale", scale, true, "a number");
    expectAttribute("affine", "offset", offset, true, "a number");
    return [scale, offset];
  },
});
/** |x| */
export const abs = plain("abs", Math.abs);
/** The error function. */
export const erf = plain("erf", errorFunction);
/** x sigmoid(x) */
export const silu = plain("silu", (x) => x * logistic(x));
/** x min(max(x + 3, 0), 6) / 6 */
export const hardSwish = plain("hardSwish", (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6);
export const leakyRelu = unary<LeakyReluAttributes>({
  name: "leakyRelu",
  value: (x, { slope }) => (x > 0 ? x : slope * x),
  parameters({ slope }) {
    expectAttribute("leakyRelu", "slope", slope, Number.isFinite(slope), "a finite number");
    return [slope, 0];
  },
});
export const elu = unary<EluAttributes>({
  name: "elu",
  value: (x, { alpha }) => (x > 0 ? x : alpha * Math.expm1(x)),
  parameters({ alpha }) {
    expectAttribute("elu", "alpha", alpha, Number.isFinite(alpha), "a finite number");
    return [alpha, 0];
  },
});
/** x to a power that never changes from step to step. */
export const constantPower = unary<ConstantPowerAttributes>({
  name: "constantPower",
  value: (x, { exponent }) => powerOf(x, exponent),
  parameters: ({ exponent }) => powerParameters("constantPower", exponent),
});

/** What both kernels of a constant power are told: the exponent, and whether products give it. */
export function powerParameters(operator: string, exponent: number): readonly [number, number] {
  expectAttribute(operator, "exponent", exponent, Number.isFinite(exponent), "a finite number");
  return [exponent, Number.isInteger(exponent) && Math.abs(exponent) <= mostProducts ? 1 : 0];
}

/** Of a square of a square ...: the rounding of each product is doubled by the next. */
const mostProducts = 64;
