// How many workgroups each kernel needs: one row per shader, from its uniforms and knobs. A shader without a row
// does not compile. Counts are one-dimensional; the engine folds them under the device's limit.

import type { shaders } from "./shaders.generated.ts";

type Numbers = Readonly<Record<string, number>>;
type Geometry = (sizes: Numbers, knobs: Numbers) => number;

const perElement: Geometry = ({ count = 0 }, { VALUES = 1, WIDTH = 1 }) => Math.ceil(count / VALUES / WIDTH);
const oneGroup: Geometry = () => 1;
const perChannel: Geometry = ({ channels = 0 }, { WIDTH = 1 }) => Math.ceil(channels / WIDTH);
const perSpanOfChannels: Geometry = ({ channels = 0 }, { SPAN = 1 }) => Math.ceil(channels / SPAN);
const perChunkOfChannel: Geometry = ({ chunks = 0, channels = 0 }, { WIDTH = 1 }) =>
  Math.ceil((chunks * channels) / WIDTH);
const perRowsOfChannel: Geometry = ({ rows = 0, channels = 0 }, { ROWS = 1, WIDTH = 1 }) =>
  Math.ceil((Math.ceil(rows / ROWS) * channels) / WIDTH);

const perInputValue: Geometry = (
  { batch = 0, height = 0, width = 0, channels = 0 },
  { COLUMNS = 1, WIDTH = 1 },
) => Math.ceil((batch * height * Math.ceil(width / COLUMNS) * channels) / WIDTH);
const perPooledValue: Geometry = (
  { batch = 0, outputHeight = 0, outputWidth = 0, channels = 0 },
  { COLUMNS = 1, WIDTH = 1 },
) => Math.ceil((batch * outputHeight * Math.ceil(outputWidth / COLUMNS) * channels) / WIDTH);

export const workgroups: { readonly [Name in keyof typeof shaders]: Geometry } = {
  adam: perElement,
  assembleGradient: perElement,
  assembleLoss: oneGroup,
  assembleSums: ({ parts = 0 }, { WIDTH = 1 }) => Math.ceil(parts / WIDTH),
  assembleTotals: oneGroup,
  augmentImages: ({ images = 0, height = 0, width = 0 }, { WIDTH = 1 }) =>
    images * Math.ceil(Math.ceil((height * width) / 4) / WIDTH),
  averagePool2d: perPooledValue,
  averagePool2dGradient: perInputValue,
  averagePool2dGradientApart: (
    { batch = 0, height = 0, width = 0, channels = 0, windowWidth = 1 },
    { WINDOWS = 1, WIDTH = 1 },
  ) => Math.ceil((batch * height * Math.ceil(width / (WINDOWS * windowWidth)) * channels) / WIDTH),
  batchNormApply: perRowsOfChannel,
  batchNormCombine: perChannel,
  batchNormGradientApply: perRowsOfChannel,
  batchNormGradientCombine: perChannel,
  batchNormGradientSums: perChunkOfChannel,
  batchNormInference: perRowsOfChannel,
  batchNormMoments: perChunkOfChannel,
  binary: perElement,
  ceilingFma: perElement,
  channelGap: ({ outer = 0, channels = 0, inner = 0 }, { WIDTH = 1 }) =>
    Math.ceil((outer * channels * inner) / WIDTH),
  clipFactor: oneGroup,
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
  conv2dInputGradientBlocked: (
    { batch = 0, height = 0, width = 0, channels = 0 },
    { PIXELS = 1, QUADS = 1, WIDTH = 1 },
  ) => Math.ceil((Math.ceil((batch * height * width) / PIXELS) * Math.ceil(channels / 4 / QUADS)) / WIDTH),
  conv2dInputGradientDirect: perInputValue,
  conv2dSubgroups: ({ batch = 0, height = 0, width = 0, outputChannels = 0 }, { VECTORS = 1, QUADS = 1 }) =>
    Math.ceil((batch * height * width) / 8 / VECTORS) * Math.ceil(outputChannels / 4 / QUADS),
  conv2dTile: (
    { batch = 0, outputHeight = 0, outputWidth = 0, outputChannels = 0 },
    { ROWS = 1, DOWN = 1, QUADS = 1 },
  ) => Math.ceil((batch * outputHeight * outputWidth) / ROWS / DOWN) * Math.ceil(outputChannels / 4 / QUADS),
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
  conv2dWeightGradientSubgroups: (
    { filterHeight = 0, filterWidth = 0, channels = 0, outputChannels = 0, chunks = 0 },
    { TAPS = 1, QUADS = 1 },
  ) =>
    chunks *
    Math.ceil((filterHeight * Math.ceil(filterWidth / TAPS) * channels) / 4 / 8) *
    Math.ceil(outputChannels / 4 / QUADS),
  conv2dWeightGradientTile: (
    { filterHeight = 0, filterWidth = 0, channels = 0, outputChannels = 0, chunks = 0 },
    { ROWS = 1, DOWN = 1, QUADS = 1 },
  ) =>
    chunks *
    Math.ceil((filterHeight * filterWidth * channels) / 4 / ROWS / DOWN) *
    Math.ceil(outputChannels / 4 / QUADS),
  denseAveragePool: perPooledValue,
  denseFactors: perChannel,
  denseGivenFactors: perChannel,
  denseGradientCorrect: perRowsOfChannel,
  denseGradientSums: perChunkOfChannel,
  denseGradientTerms: ({ channels = 0, quads = 0 }, { WIDTH = 1 }) => Math.ceil((channels + quads) / WIDTH),
  denseMaxPool: perPooledValue,
  denseMaxPoolGradient: perInputValue,
  denseMoments: perChunkOfChannel,
  denseRunningFactors: perChannel,
  denseStatistics: perChannel,
  denseWholeFactors: perSpanOfChannels,
  denseWholeGradient: perSpanOfChannels,
  copyVectors: perElement,
  matmul: ({ batch = 0, m = 0, n = 0 }, { WIDTH = 1 }) => Math.ceil((batch * m * n) / WIDTH),
  matmulSubgroups: ({ batch = 0, m = 0, n = 0 }, { DOWN = 1, ACROSS = 1 }) =>
    batch * Math.ceil(m / (8 * DOWN)) * Math.ceil(n / (8 * ACROSS)),
  matmulTile: ({ batch = 0, m = 0, n = 0 }, { ROWS = 1, COLUMNS = 1, WIDTH = 1 }) =>
    Math.ceil((batch * Math.ceil(m / ROWS) * Math.ceil(n / COLUMNS)) / WIDTH),
  matmulTileVectors: ({ batch = 0, m = 0, n = 0 }, { ROWS = 1, QUADS = 1, WIDTH = 1 }) =>
    Math.ceil((batch * Math.ceil(m / ROWS) * Math.ceil(n / 4 / QUADS)) / WIDTH),
  matmulWorkgroup: ({ batch = 0, m = 0, n = 0 }, { ROWS = 1, DOWN = 1, ACROSS = 1 }) =>
    batch * Math.ceil(m / 4 / ROWS / DOWN) * Math.ceil(n / 4 / ACROSS),
  maxPool2d: perPooledValue,
  maxPool2dGradient: perInputValue,
  movingAverage: perElement,
  normaliseImages: ({ count = 0 }, { WIDTH = 1 }) => Math.ceil(count / 4 / WIDTH),
  pad: perElement,
  place: ({ room = 0 }, { WIDTH = 1 }) => Math.ceil(room / WIDTH),
  queryInnerProduct: ({ batch = 0, classes = 0 }, { ROWS = 1, WIDTH = 1 }) =>
    Math.ceil((Math.ceil(batch / ROWS) * classes) / WIDTH),
  random: ({ count = 0 }, { WIDTH = 1 }) => Math.ceil(count / 4 / WIDTH),
  reduce: ({ outputs = 0, chunks = 1 }, { WIDTH = 1 }) => Math.ceil((outputs * chunks) / WIDTH),
  scaledSum: oneGroup,
  sgd: perElement,
  sharpen: perElement,
  softmaxCrossEntropy: ({ rows = 0 }, { WIDTH = 1 }) => Math.ceil(rows / WIDTH),
  stridedCopy: perElement,
  sumChunks: ({ quads = 0 }, { WIDTH = 1 }) => Math.ceil(quads / WIDTH),
  sumOfSquares: ({ parts = 0 }, { WIDTH = 1 }) => Math.ceil(parts / WIDTH),
  takeRows: perElement,
  takeRowsOfBytes: ({ count = 0 }, { WIDTH = 1 }) => Math.ceil(Math.ceil(count / 4) / WIDTH),
  unary: perElement,
  where: perElement,
};
