// Elementwise functions for users. Functions of one tensor keep its shape. Functions of several broadcast: aligned at
// the last axis, extents are equal or one of them is 1; all but one of their operands may be numbers. All take f32 and throw
// ShapeError for tensors of another type.

import type { Tensor } from "../tensor/tensor.ts";
import {
  aNumber,
  expectArgument,
  expectOptions,
  type NoOptions,
  type OptionChecks,
} from "../errors/arguments.ts";
import { expectTensor } from "../runtime/expect-tensor.ts";
import { runOne, runWithNumbers, type Operand } from "./run.ts";

/** e^x. */
export function exp(x: Tensor): Tensor {
  return runOne("exp", [x], {});
}

/** The natural logarithm of x > 0. */
export function log(x: Tensor): Tensor {
  return runOne("log", [x], {});
}

/** The square root of x >= 0. Its gradient at 0 is infinite: add a small number first where 0 can occur. */
export function sqrt(x: Tensor): Tensor {
  return runOne("sqrt", [x], {});
}

/** max(x, 0); NaN stays NaN. */
export function relu(x: Tensor): Tensor {
  return runOne("relu", [x], {});
}

/** 1 / (1 + e^-x), in [0, 1]; small probabilities keep their relative precision. */
export function sigmoid(x: Tensor): Tensor {
  return runOne("sigmoid", [x], {});
}

/** log(1 + e^x), finite for every x: -log of the probability sigmoid(-x). */
export function softplus(x: Tensor, options: NoOptions = {}): Tensor {
  expectOptions("softplus", options, {});
  return runOne("softplus", [x], {});
}

/** The hyperbolic tangent. */
export function tanh(x: Tensor): Tensor {
  return runOne("tanh", [x], {});
}

/** The distribution function of the standard normal, Phi(x). */
export function normalCdf(x: Tensor): Tensor {
  return runOne("normalCdf", [x], {});
}

/** x Phi(x): the Gaussian error linear unit (Hendrycks and Gimpel 2016), exact, not its tanh approximation. */
export function gelu(x: Tensor, options: NoOptions = {}): Tensor {
  expectOptions("gelu", options, {});
  return runOne("gelu", [x], {});
}

/** |x|. Its gradient at 0 is 0. */
export function abs(x: Tensor): Tensor {
  return runOne("abs", [x], {});
}

/** The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x, to a relative error near 1e-7. */
export function erf(x: Tensor): Tensor {
  return runOne("erf", [x], {});
}

/** x sigmoid(x), also called swish (Elfwing et al. 2017; Ramachandran et al. 2017). */
export function silu(x: Tensor, options: NoOptions = {}): Tensor {
  expectOptions("silu", options, {});
  return runOne("silu", [x], {});
}

/** x min(max(x + 3, 0), 6) / 6: silu with a line in the place of the sigmoid (Howard et al. 2019, MobileNetV3). */
export function hardSwish(x: Tensor, options: NoOptions = {}): Tensor {
  expectOptions("hardSwish", options, {});
  return runOne("hardSwish", [x], {});
}

export interface LeakyReluOptions {
  /** Below 0. Default .01, as torch's. */
  readonly slope?: number;
}

const leakyReluOptions: OptionChecks<LeakyReluOptions> = { slope: aNumber };

/** x where x > 0, slope x elsewhere (Maas et al. 2013). The slope is a constant of a recorded program. */
export function leakyRelu(x: Tensor, options: LeakyReluOptions = {}): Tensor {
  expectOptions("leakyRelu", options, leakyReluOptions);
  return runOne("leakyRelu", [x], { slope: options.slope ?? 0.01 });
}

export interface EluOptions {
  /** What it falls towards is -alpha. Default 1. */
  readonly alpha?: number;
}

const eluOptions: OptionChecks<EluOptions> = { alpha: aNumber };

/** x where x > 0, alpha (e^x - 1) elsewhere (Clevert et al. 2015). Alpha is a constant of a recorded program. */
export function elu(x: Tensor, options: EluOptions = {}): Tensor {
  expectOptions("elu", options, eluOptions);
  return runOne("elu", [x], { alpha: options.alpha ?? 1 });
}

/**
 * x limited to [low, high]; NaN stays NaN. No gradient flows where x lies outside.
 *
 * The bounds are constants: in a recorded program they stay what they were. For bounds that change use `minimum` and
 * `maximum` with tensors.
 */
export function clamp(x: Tensor, low: number, high: number): Tensor {
  expectArgument("clamp", "low", low, aNumber);
  expectArgument("clamp", "high", high, aNumber);
  return runOne("clamp", [x], { low, high });
}

/**
 * scale * x + offset.
 *
 * Both are constants: in a recorded program they stay what they were. For numbers that change from step to step use
 * `multiply` and `add` with tensors.
 */
export function affine(x: Tensor, scale: number, offset = 0): Tensor {
  expectArgument("affine", "scale", scale, aNumber);
  expectArgument("affine", "offset", offset, aNumber);
  return runOne("affine", [x], { scale, offset });
}

/** a + b, broadcast. */
export function add(a: Operand, b: Operand): Tensor {
  return runWithNumbers("add", [a, b]);
}

/** a - b, broadcast. */
export function subtract(a: Operand, b: Operand): Tensor {
  return runWithNumbers("subtract", [a, b]);
}

/** a * b, element by element, broadcast. */
export function multiply(a: Operand, b: Operand): Tensor {
  return runWithNumbers("multiply", [a, b]);
}

/** a / b, broadcast; where b is 0, Infinity or NaN as IEEE 754 has it (WGSL promises less, but all devices that we know do so). */
export function divide(a: Operand, b: Operand): Tensor {
  return runWithNumbers("divide", [a, b]);
}

/**
 * x to a power, broadcast. A negative x has powers with a whole exponent alone, others are NaN; every number to the power 0 is
 * 1. The gradient with respect to an exponent is x^exponent log(x), which is NaN for a negative x; for x = 0 it counts as 0.
 *
 * @param exponent a number is a constant, in a recorded program too: whole ones up to 64 are products, so that power(x, 2) is
 *   x x to the bit
 */
export function power(x: Operand, exponent: Operand): Tensor {
  if (typeof exponent !== "number" || typeof x === "number") return runWithNumbers("power", [x, exponent]);
  expectTensor("power", 0, 2, x, "a tensor or a number");
  return runOne("constantPower", [x], { exponent });
}

/** The larger of a and b, broadcast; NaN where one of them is. */
export function maximum(a: Operand, b: Operand): Tensor {
  return runWithNumbers("maximum", [a, b]);
}

/** The smaller of a and b, broadcast; NaN where one of them is. */
export function minimum(a: Operand, b: Operand): Tensor {
  return runWithNumbers("minimum", [a, b]);
}

/** 1 where a = b, else 0, broadcast. The gradient of a comparison is zero. */
export function equal(a: Operand, b: Operand): Tensor {
  return runWithNumbers("equal", [a, b]);
}

/** 1 where a differs from b, else 0, broadcast. NaN differs from everything. */
export function notEqual(a: Operand, b: Operand): Tensor {
  return runWithNumbers("notEqual", [a, b]);
}

/** 1 where a < b, else 0, broadcast. */
export function less(a: Operand, b: Operand): Tensor {
  return runWithNumbers("less", [a, b]);
}

/** 1 where a <= b, else 0, broadcast. */
export function lessEqual(a: Operand, b: Operand): Tensor {
  return runWithNumbers("lessEqual", [a, b]);
}

/** 1 where a > b, else 0, broadcast. */
export function greater(a: Operand, b: Operand): Tensor {
  return runWithNumbers("greater", [a, b]);
}

/** 1 where a >= b, else 0, broadcast. */
export function greaterEqual(a: Operand, b: Operand): Tensor {
  return runWithNumbers("greaterEqual", [a, b]);
}

/** b where a > 0, else 0, broadcast: what a relu of a lets through. a has no gradient. */
export function gate(a: Tensor, b: Tensor): Tensor {
  return runOne("gate", [a, b], {});
}

/** a where the condition is not 0 (NaN is not), b elsewhere; all three broadcast. The condition has no gradient. */
export function where(condition: Operand, a: Operand, b: Operand): Tensor {
  return runWithNumbers("where", [condition, a, b]);
}
