// Functions as methods of tensors: `x.add(y).relu()` is `relu(add(x, y))`. The table says which; types and methods follow
// from it. The entry `tessera` loads this file, and no engine is opened without that entry.

import { Tensor } from "../tensor/tensor.ts";
import { conv2d } from "./convolution.ts";
import {
  abs,
  add,
  clamp,
  divide,
  elu,
  equal,
  erf,
  exp,
  gelu,
  greater,
  greaterEqual,
  hardSwish,
  leakyRelu,
  less,
  lessEqual,
  log,
  maximum,
  minimum,
  multiply,
  notEqual,
  power,
  relu,
  sigmoid,
  silu,
  softplus,
  sqrt,
  subtract,
  tanh,
} from "./elementwise.ts";
import { argMax, argMin, oneHot, sampleRows } from "./indices.ts";
import { broadcastTo, pad, reshape, slice, takeRows, transpose } from "./movement.ts";
import { groupNorm, instanceNorm, layerNorm, rmsNorm } from "./normalisation.ts";
import { averagePool2d, maxPool2d } from "./pooling.ts";
import { logSoftmax, softmax } from "./probabilities.ts";
import { matmul } from "./products.ts";
import { dropout } from "./random-tensors.ts";
import { resize2d } from "./resizing.ts";
import { convTranspose2d } from "./transposed-convolution.ts";
import { cumulativeSum, max, mean, sum } from "./reduction.ts";

/** Each takes the tensor as its first argument, and returns a tensor. */
export const tensorMethods = {
  ...{ add, subtract, multiply, divide, power, maximum, minimum, clamp },
  ...{ equal, notEqual, less, lessEqual, greater, greaterEqual },
  ...{ softmax, logSoftmax },
  ...{ exp, log, sqrt, abs, erf, tanh, relu, sigmoid, softplus, gelu },
  ...{ silu, hardSwish, leakyRelu, elu },
  ...{ sum, mean, max, cumulativeSum },
  ...{ argMax, argMin, oneHot, sampleRows },
  ...{ reshape, transpose, broadcastTo, slice, pad, takeRows },
  ...{ matmul, conv2d, convTranspose2d, maxPool2d, averagePool2d, resize2d },
  ...{ dropout },
  ...{ layerNorm, rmsNorm, groupNorm, instanceNorm },
};

type Rest<F> = F extends (first: never, ...rest: infer Others) => Tensor ? Others : never;

/** The functions of the table without their first argument. */
export type TensorMethods = {
  readonly [Name in keyof typeof tensorMethods]: (...rest: Rest<(typeof tensorMethods)[Name]>) => Tensor;
};

declare module "../tensor/tensor.ts" {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- a declaration merges with a class only as an interface
  interface Tensor extends TensorMethods {}
}

for (const [name, call] of Object.entries(tensorMethods)) {
  const compute = call as (x: Tensor, ...rest: unknown[]) => Tensor;
  Object.defineProperty(Tensor.prototype, name, {
    value: function method(this: Tensor, ...rest: unknown[]): Tensor {
      return compute(this, ...rest);
    },
    configurable: true,
    writable: true,
  });
}
