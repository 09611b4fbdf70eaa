// Which work of the benchmark times each operator. The table is total: a new operator names its work, or says why it has none.

import { expect, test } from "vitest";
import { operatorWorks } from "../../bench/works/operators.ts";
import type { OperatorName } from "../../src/operators/registry.ts";

/** A work of the benchmark by its name, or why there is none. */
type Timed = string | { readonly because: string };

const likeRelu: Timed = { because: "one launch of the shader that `relu` times, with another function" };
const likeAdd: Timed = { because: "one launch of the shader that `add` times, with another function" };
const copy: Timed = { because: "a copy with other strides, bound by the memory that `add` measures" };
const inDenseNet: Timed = { because: "part of `densenet-step`" };

const timed: { readonly [Name in OperatorName]: Timed } = {
  exp: likeRelu,
  log: likeRelu,
  sqrt: likeRelu,
  relu: "relu",
  sigmoid: likeRelu,
  softplus: likeRelu,
  tanh: likeRelu,
  normalCdf: likeRelu,
  gelu: likeRelu,
  clamp: likeRelu,
  affine: likeRelu,
  abs: likeRelu,
  erf: likeRelu,
  silu: "silu",
  hardSwish: likeRelu,
  leakyRelu: likeRelu,
  elu: likeRelu,
  constantPower: "power",
  unaryGradient: "silu-gradient",
  add: "add",
  subtract: likeAdd,
  multiply: likeAdd,
  divide: likeAdd,
  power: likeAdd,
  maximum: likeAdd,
  minimum: likeAdd,
  equal: likeAdd,
  notEqual: likeAdd,
  less: likeAdd,
  lessEqual: likeAdd,
  greater: likeAdd,
  greaterEqual: likeAdd,
  gate: likeAdd,
  where: { because: "one launch bound by memory, as `add` with one more operand" },

  sum: inDenseNet,
  mean: inDenseNet,
  max: inDenseNet,
  cumulativeSum: "cumulative-sum",

  reshape: { because: "copies nothing" },
  transpose: copy,
  slice: copy,
  pad: copy,
  concat: copy,
  split: copy,
  pack: { because: "computed in place in a recorded step" },
  broadcastTo: copy,
  takeRows: "take-rows",
  addRows: "embedding-gradient",
  cast: copy,

  oneHot: "one-hot",
  argMax: "arg-max",
  argMin: { because: "the shaders that `arg-max` times, with another comparison" },
  topRows: "top-rows",
  sampleRows: "sample-rows",

  matmul: "matmul-512",
  linear: "linear",

  conv2d: "conv3x3-forward",
  conv2dInputGradient: "conv3x3-input-gradient",
  conv2dWeightGradient: "conv3x3-weight-gradient",
  groupedConv2d: "depthwise3x3-forward",
  groupedConv2dInputGradient: "depthwise3x3-input-gradient",
  groupedConv2dWeightGradient: "depthwise3x3-weight-gradient",

  maxPool2d: "max-pool",
  maxPool2dGradient: "max-pool-gradient",
  averagePool2d: "average-pool",
  averagePool2dGradient: "average-pool-gradient",

  resize2d: "resize-bilinear",
  resize2dGradient: "resize-bilinear-gradient",

  batchNorm: "batch-norm-forward",
  batchNormGradient: "batch-norm-backward",
  batchNormInference: "batch-norm-apply",
  movingAverage: inDenseNet,
  layerNorm: "layer-norm",
  layerNormGradient: "layer-norm-gradient",
  rmsNorm: "rms-norm",
  rmsNormGradient: { because: "the launches of `layer-norm-gradient` with less to compute" },
  groupNorm: "group-norm",
  groupNormGradient: "group-norm-gradient",
  batchMoments: "batch-norm-moments",
  denseBlock: "dense-block",
  denseBlockGradient: "dense-block-gradient",
  denseBlockInference: { because: "the launches of `dense-block` but for the statistics" },
  activatedPool: "activated-pool",
  activatedPoolGradient: "activated-pool-gradient",

  softmax: "softmax",
  softmaxGradient: "softmax-gradient",
  logSoftmax: "log-softmax",
  logSoftmaxGradient: { because: "`softmax-gradient` with an exponential in the place of a product" },
  attention: "attention",
  attentionGradient: "attention-gradient",

  softmaxCrossEntropy: inDenseNet,
  crossEntropy: "cross-entropy",
  binaryCrossEntropyWithLogits: "binary-cross-entropy",
  huberLoss: "huber-loss",
  marginalCrossEntropy: { because: "the products of `query-inner-product`, and `cross-entropy` on them" },
  queryInnerProduct: "query-inner-product",
  sharpen: "sharpen",
  assembleLoss: "assemble-loss",
  aucMargin: {
    because: "the product of `query-inner-product`, and one workgroup over the labels of a batch",
  },
  assemblePixels: "assemble-pixels",
  maskedDice: "masked-dice",

  randomUniform: { because: "the first half of `random-normal`" },
  randomNormal: "random-normal",
  dropout: "dropout",
  nextSeed: { because: "one launch that counts to four" },

  normaliseImages: { because: "the last step of `augment-images`" },
  augmentImages: "augment-images",
  augmentLabels: { because: "the places of `augment-images` without its colours" },

  adam: "adam",
  sgd: { because: "the launch of `adam` with less to read and write" },
  clipFactor: { because: "one sum over the gradients, once a step" },
};

test("an operator is timed by the work that it names", () => {
  const works = new Set(operatorWorks.map(({ name }) => name));
  for (const [name, work] of Object.entries(timed)) {
    if (typeof work === "string") expect(works, name).toContain(work);
    else expect(work.because.length, name).toBeGreaterThan(0);
  }
});
