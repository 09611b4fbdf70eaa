// How many floating-point operations a launch does: one row per shader, from its uniforms and knobs. A shader without a
// row does not compile. A multiply-add counts two, whatever else is done counts one each; moving data and whole-number
// arithmetic count nothing (`none`). Windows count whole, as if no tap fell outside the image. For profiles: a row of a
// kernel that is bound by memory need only be about right.

import type { shaders } from "./shaders.generated.ts";

type Numbers = Readonly<Record<string, number>>;
/** Of Elements as numbers; `Kernel.operations` knows when they are fours. */
type Work = (sizes: Numbers, knobs: Numbers) => number;

const none: Work = () => 0;
const eachElement =
  (operations: number): Work =>
  ({ count = 0 }) =>
    operations * count;
const eachOfRows =
  (operations: number): Work =>
  ({ rows = 0, channels = 0 }) =>
    operations * rows * channels;
const eachOfChunks =
  (operations: number): Work =>
  ({ chunks = 0, channels = 0 }) =>
    operations * chunks * channels;
const eachTap =
  (operations: number): Work =>
  ({ batch = 0, outputHeight = 0, outputWidth = 0, channels = 0, windowHeight = 0, windowWidth = 0 }) =>
    operations * batch * outputHeight * outputWidth * channels * windowHeight * windowWidth;
const eachPooled: Work = ({ batch = 0, outputHeight = 0, outputWidth = 0, channels = 0 }) =>
  batch * outputHeight * outputWidth * channels;

/** The same for a convolution and for both of its gradients. */
const convolution: Work = ({
  batch = 0,
  channels = 0,
  filterHeight = 0,
  filterWidth = 0,
  outputHeight = 0,
  outputWidth = 0,
  outputChannels = 0,
}) => 2 * batch * outputHeight * outputWidth * outputChannels * filterHeight * filterWidth * channels;
const product: Work = ({ batch = 0, m = 0, n = 0, k = 0 }) => 2 * batch * m * n * k;

/** Kernels of dense blocks have sizes in fours, without an Element knob. */
const inFours =
  (work: Work): Work =>
  (sizes, knobs) =>
    4 * work(sizes, knobs);

export const operations: { readonly [Name in keyof typeof shaders]: Work } = {
  adam: eachElement(14),
  assembleGradient: eachElement(20),
  assembleLoss: ({ batch = 0, classes = 0, features = 0 }) => batch * classes * (4 * features + 40),
  assembleSums: ({ entries = 0 }) => 20 * entries,
  assembleTotals: ({ parts = 0 }) => 5 * parts,
  augmentImages: ({ images = 0, height = 0, width = 0 }, { CHANNELS = 1 }) =>
    images * height * width * (40 + 20 * CHANNELS),
  averagePool2d: eachTap(1),
  averagePool2dGradient: eachTap(1),
  averagePool2dGradientApart: eachPooled,
  batchNormApply: eachOfRows(3),
  batchNormCombine: eachOfChunks(8),
  batchNormGradientApply: eachOfRows(6),
  batchNormGradientCombine: eachOfChunks(2),
  batchNormGradientSums: eachOfRows(4),
  batchNormInference: eachOfRows(3),
  batchNormMoments: eachOfRows(5),
  binary: eachElement(1),
  ceilingFma: ({ count = 0, steps = 0 }, { CHAINS = 1 }) => 8 * CHAINS * steps * count,
  channelGap: none,
  clipFactor: ({ count = 0 }) => count,
  conv2dBlocked: convolution,
  conv2dDirect: convolution,
  conv2dInputGradientBlocked: convolution,
  conv2dInputGradientDirect: convolution,
  conv2dSubgroups: ({ height = 0, width = 0, ...sizes }, knobs) =>
    convolution({ ...sizes, outputHeight: height, outputWidth: width }, knobs),
  conv2dTile: convolution,
  conv2dWeightGradientChunks: convolution,
  conv2dWeightGradientDirect: convolution,
  conv2dWeightGradientSubgroups: convolution,
  conv2dWeightGradientTile: convolution,
  copyVectors: none,
  denseAveragePool: inFours(eachTap(4)),
  denseFactors: ({ channels = 0, known = 0, chunks = 0 }) => 8 * channels + 8 * chunks * (channels - known),
  denseGivenFactors: ({ channels = 0 }) => 10 * channels,
  denseGradientCorrect: inFours(eachOfRows(6)),
  denseGradientSums: inFours(eachOfRows(8)),
  denseGradientTerms: ({ chunks = 0, channels = 0, quads = 0, parts = 0 }) =>
    2 * chunks * channels + 4 * quads * parts,
  denseMaxPool: inFours(eachTap(4)),
  denseMaxPoolGradient: inFours(eachPooled),
  denseMoments: inFours(eachOfRows(5)),
  denseRunningFactors: ({ channels = 0 }) => 6 * channels,
  denseStatistics: eachOfChunks(8),
  denseWholeFactors: inFours(eachOfRows(5)),
  denseWholeGradient: inFours(eachOfRows(14)),
  matmul: product,
  matmulSubgroups: product,
  matmulTile: product,
  matmulTileVectors: product,
  matmulWorkgroup: product,
  maxPool2d: eachTap(1),
  maxPool2dGradient: eachTap(1),
  movingAverage: eachElement(3),
  normaliseImages: eachElement(2),
  pad: none,
  place: none,
  queryInnerProduct: ({ batch = 0, classes = 0, features = 0 }) => 2 * batch * classes * features,
  random: none,
  reduce: ({ outputs = 0, length = 0 }) => outputs * length,
  scaledSum: eachElement(1),
  sgd: eachElement(4),
  sharpen: eachElement(3),
  softmaxCrossEntropy: ({ rows = 0, classes = 0 }) => 8 * rows * classes,
  stridedCopy: none,
  sumChunks: inFours(({ quads = 0, chunks = 0 }) => quads * chunks),
  sumOfSquares: eachElement(2),
  takeRows: none,
  takeRowsOfBytes: none,
  unary: eachElement(1),
  where: none,
};
