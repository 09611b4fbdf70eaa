// The elementwise operators as rows of the registry.

import * as binary from "./binary.ts";
import * as unary from "./unary.ts";
import { where } from "./where.ts";

export type { AffineAttributes, ClampAttributes, NoAttributes } from "./unary.ts";

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
  add: binary.add,
  subtract: binary.subtract,
  multiply: binary.multiply,
  divide: binary.divide,
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
