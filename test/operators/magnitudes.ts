// How large the numbers are that add up to each value of an operator. The parity check holds a value's rounding against
// these, not against its largest neighbour: an error in a small value is seen beside large ones.

import { updatesOf, type Operator } from "../../src/operators/operator.ts";
import type { OperatorName } from "../../src/operators/registry.ts";
import { allocate, type HostArray } from "../../src/tensor/host.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import { uniform, type Sample } from "./sample.ts";

/**
 * How an operator's magnitudes are found. A new operator takes
 * - "value" where a value is copied, chosen, or rounded once: its magnitude is its own;
 * - `absolute` where a value is a sum of products, linear in each of the inputs named: the sum of the absolute values,
 *   which is the reference of absolute inputs;
 * - "conditioned" in any other case, so also in doubt: by how much the reference moves where each input is moved by its
 *   own rounding, up or down at random;
 * - `largest` where none of these can be: the largest value of the output. Say why.
 */
type Rule =
  "value" | "conditioned" | { readonly absolute: "all" | readonly number[] } | { readonly largest: string };

const sumOfProducts: Rule = { absolute: "all" };

export const magnitudeRules: { readonly [Name in OperatorName]: Rule } = {
  exp: "conditioned",
  log: "conditioned",
  sqrt: "value",
  relu: "value",
  sigmoid: "conditioned",
  softplus: "conditioned",
  tanh: "conditioned",
  normalCdf: "conditioned",
  gelu: "conditioned",
  clamp: "value",
  abs: "value",
  erf: "conditioned",
  silu: "conditioned",
  hardSwish: "conditioned",
  leakyRelu: "value",
  elu: "conditioned",
  constantPower: "conditioned",
  power: "conditioned",
  unaryGradient: "conditioned",
  // scale x and offset may cancel.
  affine: "conditioned",
  add: "value",
  subtract: "value",
  multiply: "value",
  divide: "value",
  maximum: "value",
  minimum: "value",
  equal: "value",
  notEqual: "value",
  less: "value",
  lessEqual: "value",
  greater: "value",
  greaterEqual: "value",
  gate: "value",
  where: "value",

  sum: sumOfProducts,
  mean: sumOfProducts,
  max: "value",
  cumulativeSum: sumOfProducts,

  reshape: "value",
  transpose: "value",
  slice: "value",
  pad: "value",
  concat: "value",
  split: "value",
  pack: "value",
  broadcastTo: "value",
  takeRows: "value",
  addRows: { absolute: [0] },
  cast: "value",

  oneHot: "value",
  argMax: "value",
  argMin: "value",
  topRows: { largest: "the products of absolute values belong to other rows" },
  sampleRows: "value",

  matmul: sumOfProducts,
  linear: sumOfProducts,
  conv2d: sumOfProducts,
  conv2dInputGradient: sumOfProducts,
  conv2dWeightGradient: sumOfProducts,
  groupedConv2d: sumOfProducts,
  groupedConv2dInputGradient: sumOfProducts,
  groupedConv2dWeightGradient: sumOfProducts,

  maxPool2d: "value",
  // x and y only say where a maximum was.
  maxPool2dGradient: { absolute: [2] },
  averagePool2d: sumOfProducts,
  averagePool2dGradient: sumOfProducts,

  resize2d: sumOfProducts,
  resize2dGradient: sumOfProducts,

  batchNorm: "conditioned",
  batchNormGradient: "conditioned",
  batchNormInference: "conditioned",
  movingAverage: sumOfProducts,
  layerNorm: "conditioned",
  layerNormGradient: "conditioned",
  rmsNorm: "conditioned",
  rmsNormGradient: "conditioned",
  groupNorm: "conditioned",
  groupNormGradient: "conditioned",
  batchMoments: "conditioned",
  denseBlock: "conditioned",
  denseBlockGradient: "conditioned",
  denseBlockInference: "conditioned",
  activatedPool: "conditioned",
  activatedPoolGradient: "conditioned",

  softmax: "conditioned",
  softmaxGradient: "conditioned",
  logSoftmax: "conditioned",
  logSoftmaxGradient: "conditioned",
  attention: "conditioned",
  attentionGradient: "conditioned",

  softmaxCrossEntropy: "conditioned",
  crossEntropy: "conditioned",
  binaryCrossEntropyWithLogits: "conditioned",
  huberLoss: "conditioned",
  marginalCrossEntropy: "conditioned",
  queryInnerProduct: sumOfProducts,
  sharpen: "conditioned",
  assembleLoss: "conditioned",
  aucMargin: "conditioned",
  assemblePixels: "conditioned",
  maskedDice: "conditioned",

  randomUniform: "value",
  randomNormal: { largest: "a cosine near its zero is of numbers that no input has" },
  dropout: "value",
  nextSeed: "value",
  normaliseImages: { largest: "bytes cannot be moved by a rounding; their mean is taken away" },
  augmentImages: { largest: "bytes cannot be moved by a rounding; positions are rounded, not colours" },
  augmentLabels: "value",
  adam: "conditioned",
  sgd: "conditioned",
  clipFactor: "conditioned",
};

type Copies = readonly HostArray[];

/** The reference's outputs and updated inputs in float64, on the inputs that `change` makes of copies. */
export function reference<A>(
  operator: Operator<A>,
  sample: Sample<A>,
  change: (copies: Copies) => void,
): HostArray[] {
  const inputs = sample.inputs.map(({ shape, dtype, data }) => ({
    shape,
    dtype,
    data: dtype === "f32" ? Float64Array.from(data) : data.slice(),
  }));
  change(inputs.map(({ data }) => data));
  const outputs = operator.infer(sample.inputs, sample.attributes).map(({ shape, dtype }) => ({
    shape,
    dtype,
    data: allocate(dtype, sizeOf(shape), true),
  }));
  operator.reference(inputs, outputs, sample.attributes);
  const updated = updatesOf(operator, inputs.length).map((index) => inputs[index]);
  return [...outputs, ...updated].map(({ data }) => data);
}

const trials = 8;
/** Large enough that float64's own rounding is nothing beside it, small enough that functions are straight. */
const nudge = 2 ** -20;
/** Moves in random directions cancel each other in part. */
const allowance = 2;

function conditionOf<A>(operator: Operator<A>, sample: Sample<A>): Float64Array[] {
  const still = reference(operator, sample, () => undefined);
  const found = still.map((data) => new Float64Array(data.length));
  for (let trial = 0; trial < trials; trial++) {
    const moved = reference(operator, sample, (copies) => {
      copies.forEach((data, input) => {
        if (sample.inputs[input].dtype !== "f32") return;
        const directions = uniform([data.length], 1000 * trial + input + 1, -1, 1).data;
        for (let i = 0; i < data.length; i++) data[i] *= 1 + Math.sign(directions[i]) * nudge;
      });
      sample.follow?.(copies);
    });
    moved.forEach((data, output) => {
      for (let i = 0; i < data.length; i++) {
        const change = (allowance * Math.abs(data[i] - still[output][i])) / nudge;
        if (change > found[output][i]) found[output][i] = change;
      }
    });
  }
  return found;
}

/**
 * The magnitude behind each value of each output, then of each updated input, of an operator on a sample; undefined where
 * it is the largest value.
 */
export function magnitudesOf<A>(
  name: OperatorName,
  operator: Operator<A>,
  sample: Sample<A>,
): readonly Float64Array[] | undefined {
  const rule = magnitudeRules[name];
  if (rule === "conditioned") return conditionOf(operator, sample);
  if (rule === "value") return reference(operator, sample, () => undefined).map(absolute);
  if ("largest" in rule) return undefined;
  const { absolute: which } = rule;
  const ofAbsolute = reference(operator, sample, (copies) => {
    copies.forEach((data, input) => {
      if (which !== "all" && !which.includes(input)) return;
      for (let i = 0; i < data.length; i++) data[i] = Math.abs(data[i]);
    });
  });
  return ofAbsolute.map(absolute);
}

const absolute = (data: HostArray): Float64Array => Float64Array.from(data, Math.abs);

/** f32 numbers below this may be flushed to zero. */
const smallestNormal = 2 ** -126;

/**
 * The largest error in units of the bound: f32 rounding, growing with the square root of the sum's length, relative to
 * the value itself and to the sum of magnitudes behind it (large terms may cancel), but at most to the largest value.
 */
export function worstError(
  actual: HostArray,
  expected: HostArray,
  sample: Pick<Sample<unknown>, "reduction" | "slack">,
  magnitudes: Float64Array | undefined,
): number {
  let largest = 0;
  for (const value of expected) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  const unit = 4 * 2 ** -24 * Math.sqrt(sample.reduction ?? 1) * (sample.slack ?? 1);
  let worst = 0;
  expected.forEach((value, i) => {
    if (actual[i] === value) return; // an infinity, too
    const scale = Math.abs(value) + Math.min(magnitudes?.[i] ?? largest, largest);
    const error = Math.abs((actual[i] ?? NaN) - value) / Math.max(unit * scale, smallestNormal);
    worst = Number.isFinite(error) ? Math.max(worst, error) : Infinity;
  });
  return worst;
}
