// The elementwise operators as rows of the registry.

import * as binary from "./binary.ts";
import * as unary from "./unary.ts";
import { unaryGradient } from "./unary-gradient.ts";
import { where } from "./where.ts";

export type {
  AffineAttributes,
  ClampAttributes,
  ConstantPowerAttributes,
  EluAttributes,
  LeakyReluAttributes,
  NoAttributes,
} from "./unary.ts";
export type { UnaryGradientAttributes } from "./unary-gradient.ts";

export const elementwiseOperators = {
  exp: unary.exp,
  log: unary.log,
  sqrt: unary.sqrt,
  relu: unary.relu,
  sigmoid: unary.sigmoid,
  softplus: unary.softplus,
  tanh: unary.tanh,
  normalCdf: unary.normalCdf,
  gelu: unary.gelu,
  clamp: unary.clamp,
  affine: unary.affine,
  abs: unary.abs,
  erf: unary.erf,
  silu: unary.silu,
  hardSwish: unary.hardSwish,
  leakyRelu: unary.leakyRelu,
  elu: unary.elu,
  constantPower: unary.constantPower,
  unaryGradient,
  add: binary.add,
  subtract: binary.subtract,
  multiply: binary.multiply,
  divide: binary.divide,
  power: binary.power,
  maximum: binary.maximum,
  minimum: binary.minimum,
  equal: binary.equal,
  notEqual: binary.notEqual,
  less: binary.less,
  lessEqual: binary.lessEqual,
  greater: binary.greater,
  greaterEqual: binary.greaterEqual,
  gate: binary.gate,
  where,
} as const;
