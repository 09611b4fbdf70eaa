// How many workgroups each kernel needs: one row per shader, from its uniforms and knobs. A shader without a row
// does not compile. Counts are one-dimensional; the engine folds them under the device's limit.

import type { shaders } from "./shaders.generated.ts";

type Numbers = Readonly<Record<string, number>>;
type Geometry = (sizes: Numbers, knobs: Numbers) => number;

const perElement: Geometry = ({ count = 0 }, { WIDTH = 1 }) => Math.ceil(count / WIDTH);
const oneGroup: Geometry = () => 1;
const perChannel: Geometry = ({ channels = 0 }, { WIDTH = 1 }) => Math.ceil(channels / WIDTH);
const perChunkOfChannel: Geometry = ({ chunks = 0, channels = 0 }, { WIDTH = 1 }) =>
  Math.ceil((chunks * channels) / WIDTH);
const perRowsOfChannel: Geometry = ({ rows = 0, channels = 0 }, { ROWS = 1, WIDTH = 1 }) =>
  Math.ceil((Math.ceil(rows / ROWS) * channels) / WIDTH);

const perInputValue: Geometry = ({ batch = 0, height = 0, width = 0, channels = 0 }, { WIDTH = 1 }) =>
  Math.ceil((batch * height * width * channels) / WIDTH);
const perPooledValue: Geometry = (
  { batch = 0, outputHeight = 0, outputWidth = 0, channels = 0 },
  { WIDTH = 1 },
) => Math.ceil((batch * outputHeight * outputWidth * channels) / WIDTH);

export const workgroups: { readonly [Name in keyof typeof shaders]: Geometry } = {
  adam: perElement,
  adamVectors: perElement,
  assembleGradient: perElement,
  assembleLoss: oneGroup,
  assembleSums: ({ parts = 0 }, { WIDTH = 1 }) => Math.ceil(parts / WIDTH),
  assembleTotals: oneGroup,
  augmentImages: perElement,
  averagePool2d: perPooledValue,
  averagePool2dGradient: perInputValue,
  batchNormApply: perRowsOfChannel,
  batchNormApplyVectors: perRowsOfChannel,
  batchNormCombine: perChannel,
  batchNormGradientApply: perRowsOfChannel,
  batchNormGradientApplyVectors: perRowsOfChannel,
  batchNormGradientCombine: perChannel,
  batchNormGradientSums: perChunkOfChannel,
  batchNormGradientSumsVectors: perChunkOfChannel,
  batchNormInference: perRowsOfChannel,
  batchNormInferenceVectors: perRowsOfChannel,
  batchNormMoments: perChunkOfChannel,
  batchNormMomentsVectors: perChunkOfChannel,
  binary: perElement,
  binaryVectors: perElement,
  conv2dBlocked: (
    { batch = 0, outputHeight = 0, outputWidth = 0, outputChannels = 0 },
    { PIXELS = 1, QUADS = 1, WIDTH = 1 },
  ) =>
    Math.ceil(
      (Math.ceil((batch * outputHeight * outputWidth) / PIXELS) * Math.ceil(outputChannels / 4 / QUADS)) /
        WIDTH,
    ),
  conv2dDirect: ({ batch = 0, outputHeight = 0, outputWidth = 0, outputChannels = 0 }, { WIDTH = 1 }) =>
    Math.ceil((batch * outputHeight * outputWidth * outputChannels) / WIDTH),
  conv2dInputGradientDirect: perInputValue,
  conv2dTurnFilter: ({ taps = 0, channels = 0, outputChannels = 0 }, { WIDTH = 1 }) =>
    Math.ceil((taps * channels * outputChannels) / WIDTH),
  conv2dWeightGradientChunks: (
    { filterHeight = 0, filterWidth = 0, channels = 0, outputChannels = 0, chunks = 0 },
    { ROWS = 1, QUADS = 1, WIDTH = 1 },
  ) =>
    Math.ceil(
      (chunks *
        Math.ceil((filterHeight * filterWidth * channels) / ROWS) *
        Math.ceil(outputChannels / 4 / QUADS)) /
        WIDTH,
    ),
  conv2dWeightGradientDirect: (
    { filterHeight = 0, filterWidth = 0, channels = 0, outputChannels = 0 },
    { WIDTH = 1 },
  ) => Math.ceil((filterHeight * filterWidth * channels * outputChannels) / WIDTH),
  matmul: ({ batch = 0, m = 0, n = 0 }, { WIDTH = 1 }) => Math.ceil((batch * m * n) / WIDTH),
  matmulTile: ({ batch = 0, m = 0, n = 0 }, { ROWS = 1, COLUMNS = 1, WIDTH = 1 }) =>
    Math.ceil((batch * Math.ceil(m / ROWS) * Math.ceil(n / COLUMNS)) / WIDTH),
  matmulTileVectors: ({ batch = 0, m = 0, n = 0 }, { ROWS = 1, QUADS = 1, WIDTH = 1 }) =>
    Math.ceil((batch * Math.ceil(m / ROWS) * Math.ceil(n / 4 / QUADS)) / WIDTH),
  maxPool2d: perPooledValue,
  maxPool2dGradient: perInputValue,
  movingAverage: perElement,
  normaliseImages: ({ count = 0 }, { WIDTH = 1 }) => Math.ceil(count / 4 / WIDTH),
  pad: perElement,
  queryInnerProduct: ({ batch = 0, classes = 0 }, { ROWS = 1, WIDTH = 1 }) =>
    Math.ceil((Math.ceil(batch / ROWS) * classes) / WIDTH),
  random: ({ count = 0 }, { WIDTH = 1 }) => Math.ceil(count / 4 / WIDTH),
  reduce: ({ outputs = 0, chunks = 1 }, { WIDTH = 1 }) => Math.ceil((outputs * chunks) / WIDTH),
  scaledSum: oneGroup,
  sgd: perElement,
  sharpen: perElement,
  softmaxCrossEntropy: ({ rows = 0 }, { WIDTH = 1 }) => Math.ceil(rows / WIDTH),
  stridedCopy: perElement,
  stridedCopyVectors: perElement,
  sumChunks: ({ quads = 0 }, { WIDTH = 1 }) => Math.ceil(quads / WIDTH),
  unary: perElement,
  where: perElement,
};
