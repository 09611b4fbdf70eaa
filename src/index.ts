// The engine alone: tensors, functions of tensors, the tape, errors, and kernels by name. It loads nothing of Node; the
// device binding is loaded when an engine is opened. Everything else has an entry of its own: @tessera-gpu/tessera/nn, @tessera-gpu/tessera/optim ...
//
// Names are listed one by one, so that a new export of a file is not public before somebody decides so here. The lists of
// all entries are in test/entries/names.ts.

export {
  DeviceLostError,
  DeviceUnavailableError,
  KernelError,
  LifetimeError,
  OutOfMemoryError,
  ShapeError,
  TesseraError,
  UsageError,
} from "./errors/errors.ts";
export type { AdapterTraits } from "./device/traits.ts";
export { kernels, type KernelName } from "./kernels/built-in-kernels.ts";
export { type Kernel } from "./kernels/kernel.ts";
export { kernelOf, type KernelOptions } from "./kernels/own-kernel.ts";

export type {
  ArraySource,
  FlatInput,
  HostArray,
  NestedNumbers,
  NumberArray,
  TensorData,
} from "./tensor/host.ts";
export type { GpujsInput, NestedRows } from "./tensor/nested.ts";
export type { DType, FloatType, Shape, TensorSpec } from "./tensor/shape.ts";
export { Tensor } from "./tensor/tensor.ts";

export type { CallCandidates } from "./runtime/call-candidates.ts";
export { Engine, type EngineMemory } from "./runtime/engine.ts";
export { LastingEngine, type LastingOptions, type OpensEngine } from "./runtime/lasting-engine.ts";
export type { ForgottenTensor } from "./runtime/live-tensors.ts";
export { openEngine, type DeviceChoice, type EngineOptions } from "./runtime/open-engine.ts";
export { Program } from "./runtime/program.ts";
export type { Readings } from "./runtime/readings.ts";
export { launchesOf, type BufferPlan, type Purpose, type StepPlan } from "./runtime/step-plan.ts";
export type { CandidateNames } from "./runtime/webgpu/choice.ts";

export { customGradient, noGradient, stopGradient, valueAndGradients } from "./autograd/functions.ts";
export type { GradientOptions } from "./autograd/gradient-options.ts";
export { Tape } from "./autograd/tape.ts";

export { conv2d, type ConvolutionOptions, type PerAxis } from "./functions/convolution.ts";
export {
  activatedPool,
  batchMoments,
  denseBlock,
  denseBlockInference,
  type DenseBlockResult,
  type DenseStage,
  type FoldedNormOptions,
  type GroupOptions,
  type Norm,
  type StorageOptions,
} from "./functions/dense.ts";
export {
  abs,
  add,
  affine,
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
  normalCdf,
  notEqual,
  power,
  relu,
  sigmoid,
  silu,
  softplus,
  sqrt,
  subtract,
  tanh,
  where,
  type EluOptions,
  type LeakyReluOptions,
} from "./functions/elementwise.ts";
export {
  augmentImages,
  augmentLabels,
  normaliseImages,
  type AugmentImagesOptions,
  type AugmentLabelsOptions,
} from "./functions/images.ts";
export {
  argMax,
  argMin,
  oneHot,
  sampleRows,
  topRows,
  type ArgMaxOptions,
  type SampleRowsOptions,
  type TopRows,
} from "./functions/indices.ts";
export type { ViewGeometry, ViewSettings } from "./operators/images/augment-attributes.ts";
export {
  assembleLoss,
  aucMargin,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  huberLoss,
  marginalCrossEntropy,
  queryInnerProduct,
  sharpen,
  softmaxCrossEntropy,
  type AssembleLossOptions,
  type AssembleLossResult,
  type BinaryCrossEntropyOptions,
  type CrossEntropyOptions,
  type HuberLossOptions,
} from "./functions/losses.ts";
export {
  addRows,
  broadcastTo,
  cast,
  concat,
  concatChannels,
  pad,
  reshape,
  slice,
  sliceChannels,
  split,
  stack,
  takeRows,
  transpose,
  type TakeRowsOptions,
} from "./functions/movement.ts";
export {
  batchNorm,
  batchNormInference,
  groupNorm,
  instanceNorm,
  layerNorm,
  movingAverage,
  rmsNorm,
  type BatchNormOptions,
  type GroupedBatchNormOptions,
  type BatchNormResult,
  type GroupNormOptions,
  type LayerNormOptions,
  type MovingAverageOptions,
  type RunningStatistics,
  type TrackedBatchNormOptions,
  type RmsNormOptions,
} from "./functions/normalisation.ts";
export { background, exclusionBits, ignored, knownBits, type ExclusiveGroups } from "./labels/label-map.ts";
export {
  assemblePixels,
  maskedDice,
  type AssemblePixelsOptions,
  type MaskedDiceOptions,
} from "./functions/pixel-losses.ts";
export { logSoftmax, softmax, type SoftmaxOptions } from "./functions/probabilities.ts";
export type { Padding, PaddingOfAxis } from "./functions/padding.ts";
export {
  averagePool2d,
  globalAveragePool,
  globalMaxPool,
  maxPool2d,
  type AveragePoolingOptions,
  type PoolingOptions,
  type WindowOptions,
} from "./functions/pooling.ts";
import "./functions/tensor-methods.ts";
export type { TensorMethods } from "./functions/tensor-methods.ts";
export type { Operand } from "./functions/run.ts";
export { linear, matmul, type LinearOptions, type MatmulOptions } from "./functions/products.ts";
export { runOperator } from "./functions/run.ts";
export { dropout, randomNormal, randomUniform, type DropoutOptions } from "./functions/random-tensors.ts";
export { resize2d, type ResizeOptions } from "./functions/resizing.ts";
export { convTranspose2d, type TransposedConvolutionOptions } from "./functions/transposed-convolution.ts";
export { attention, type AttentionOptions } from "./functions/sequences.ts";
export {
  cumulativeSum,
  max,
  mean,
  sum,
  type CumulativeSumOptions,
  type ReductionOptions,
} from "./functions/reduction.ts";
