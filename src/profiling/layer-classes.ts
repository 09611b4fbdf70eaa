// Which kind of work a launch is: the one table that profiles are summed up by. What an operator's record says comes first,
// its name and the shapes of what it was called with; of operators with parts of several kinds, the kernel.

import type { KernelName } from "../kernels/built-in-kernels.ts";
import type { Kernel } from "../kernels/kernel.ts";
import { operators, type OperatorName } from "../operators/registry.ts";
import type { TimedLaunch } from "../runtime/launch-timer.ts";
import type { Shape } from "../tensor/shape.ts";

/** In the order in which they are listed. */
export const layerClasses = [
  /** Convolutions of images: their filter takes four channels or fewer. */
  "stem",
  "1x1 convolution",
  "3x3 convolution",
  /** Other filters, and all grouped ones. */
  "other convolution",
  /** 1x1 convolutions between dense blocks. */
  "transition",
  /** Products of matrices, linear layers and attention. */
  "product",
  /** Sums over all rows of a map: moments, and the sums that gradients of normalisations need. */
  "row loop",
  /** What puts partial sums together: factors, terms, chunks. */
  "join",
  /** Passes over a map with finished statistics. */
  "normalisation",
  "pooling",
  "optimiser",
  "augmentation",
  "everything else",
] as const;
export type LayerClass = (typeof layerClasses)[number];

/** The filter of a convolution [R, S, C, K] among the shapes of a call, inputs first; or parts that kernels tell apart. */
type Rule = LayerClass | { readonly filter: (shapes: readonly Shape[]) => Shape } | "parts";

const second: Rule = { filter: ([, filter]) => filter };
const last: Rule = { filter: (shapes) => shapes[shapes.length - 1] };
const rest = "everything else";

/** Total over all operators: a new one does not compile before it is here. */
export const classRules: { readonly [Name in OperatorName]: Rule } = {
  exp: rest,
  log: rest,
  sqrt: rest,
  relu: rest,
  sigmoid: rest,
  softplus: rest,
  tanh: rest,
  normalCdf: rest,
  gelu: rest,
  clamp: rest,
  affine: rest,
  abs: rest,
  erf: rest,
  silu: rest,
  hardSwish: rest,
  leakyRelu: rest,
  elu: rest,
  constantPower: rest,
  unaryGradient: rest,
  add: rest,
  subtract: rest,
  multiply: rest,
  divide: rest,
  power: rest,
  maximum: rest,
  minimum: rest,
  equal: rest,
  notEqual: rest,
  less: rest,
  lessEqual: rest,
  greater: rest,
  greaterEqual: rest,
  gate: rest,
  where: rest,

  sum: rest,
  mean: rest,
  max: rest,
  cumulativeSum: rest,

  reshape: rest,
  cast: rest,
  transpose: rest,
  slice: rest,
  pad: rest,
  concat: rest,
  split: rest,
  pack: rest,
  broadcastTo: rest,
  takeRows: rest,
  addRows: rest,

  oneHot: rest,
  argMax: rest,
  argMin: rest,
  topRows: rest,
  sampleRows: rest,

  matmul: "product",
  linear: "product",
  attention: "product",
  attentionGradient: "product",

  conv2d: second,
  conv2dInputGradient: second,
  conv2dWeightGradient: last,
  groupedConv2d: "other convolution",
  groupedConv2dInputGradient: "other convolution",
  groupedConv2dWeightGradient: "other convolution",

  maxPool2d: "pooling",
  maxPool2dGradient: "pooling",
  averagePool2d: "pooling",
  averagePool2dGradient: "pooling",

  resize2d: rest,
  resize2dGradient: rest,

  batchNorm: "parts",
  batchNormGradient: "parts",
  batchNormInference: "normalisation",
  movingAverage: "normalisation",
  layerNorm: "normalisation",
  layerNormGradient: "normalisation",
  rmsNorm: "normalisation",
  rmsNormGradient: "normalisation",
  groupNorm: "parts",
  groupNormGradient: "parts",
  batchMoments: "parts",
  denseBlock: "parts",
  denseBlockGradient: "parts",
  denseBlockInference: "parts",
  activatedPool: "parts",
  activatedPoolGradient: "parts",

  softmax: rest,
  softmaxGradient: rest,
  logSoftmax: rest,
  logSoftmaxGradient: rest,

  softmaxCrossEntropy: rest,
  crossEntropy: rest,
  binaryCrossEntropyWithLogits: rest,
  huberLoss: rest,
  marginalCrossEntropy: rest,
  queryInnerProduct: rest,
  sharpen: rest,
  assembleLoss: rest,
  aucMargin: rest,
  assemblePixels: rest,
  maskedDice: rest,

  randomUniform: rest,
  randomNormal: rest,
  dropout: rest,
  nextSeed: rest,

  normaliseImages: "augmentation",
  augmentImages: "augmentation",
  augmentLabels: "augmentation",

  adam: "optimiser",
  sgd: "optimiser",
  clipFactor: "optimiser",
};

/** Kernels of operators with parts, and those that add up the chunks of a convolution. */
const byKernel: { readonly [Name in KernelName]?: LayerClass } = {
  batchNormMoments: "row loop",
  batchNormGradientSums: "row loop",
  groupNormMoments: "row loop",
  groupNormGradientSums: "row loop",
  denseMoments: "row loop",
  denseGradientSums: "row loop",
  denseWholeFactors: "row loop",
  denseWholeGradient: "row loop",

  batchNormCombine: "join",
  batchNormGradientCombine: "join",
  groupNormCombine: "join",
  groupNormGradientCombine: "join",
  denseFactors: "join",
  denseGivenFactors: "join",
  denseGradientTerms: "join",
  denseRunningFactors: "join",
  denseStatistics: "join",
  reduce: "join",
  sumChunks: "join",

  batchNormApply: "normalisation",
  batchNormGradientApply: "normalisation",
  groupNormApply: "normalisation",
  groupNormGradientApply: "normalisation",
  denseGradientCorrect: "normalisation",

  averagePool2dGradient: "pooling",
  averagePool2dGradientApart: "pooling",
  denseAveragePool: "pooling",
  denseMaxPool: "pooling",
  denseMaxPoolGradient: "pooling",
};

/** What is known of a launch. */
type ClassifiedLaunch = Pick<TimedLaunch, "sizes" | "operator" | "shapes"> & {
  readonly kernel: Pick<Kernel, "name">;
};

const isBuiltIn = (name: string): name is OperatorName => Object.hasOwn(operators, name);

const denseBlocks: ReadonlySet<OperatorName> = new Set([
  "denseBlock",
  "denseBlockGradient",
  "denseBlockInference",
]);

/** The most channels that images have. */
const mostOfImages = 4;

function classOfFilter(height: unknown, width: unknown): LayerClass {
  if (height === 1 && width === 1) return "1x1 convolution";
  return height === 3 && width === 3 ? "3x3 convolution" : "other convolution";
}

function classOf({ kernel, sizes, operator, shapes }: ClassifiedLaunch, hasBlocks: boolean): LayerClass {
  if (!isBuiltIn(operator)) return rest;
  const rule = classRules[operator];
  if (typeof rule === "string" && rule !== "parts") return rule;
  const own = byKernel[kernel.name as KernelName];
  if (own !== undefined) return own;
  if (rule === "parts") {
    const { filterHeight, filterWidth } = sizes;
    return filterHeight === undefined ? rest : classOfFilter(filterHeight, filterWidth);
  }
  const [height, width, channels] = rule.filter(shapes);
  if (channels <= mostOfImages) return "stem";
  const found = classOfFilter(height, width);
  return hasBlocks && found === "1x1 convolution" ? "transition" : found;
}

/**
 * The class of each launch of a step. Where there are dense blocks, whose own convolutions are parts of theirs, a 1x1 convolution
 * that stands by itself is a transition's.
 */
export function classesOf(launches: readonly ClassifiedLaunch[]): LayerClass[] {
  const hasBlocks = launches.some(({ operator }) => isBuiltIn(operator) && denseBlocks.has(operator));
  return launches.map((launch) => classOf(launch, hasBlocks));
}
