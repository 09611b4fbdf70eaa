// The package's front door.

export * from "./assemble/index.ts";
// Not through the index of assemble, which training loads: behind the tests are 430 files of distributions.
export { analyse } from "./studies/analysis.ts";
export type * from "./studies/results.ts";
export type * from "./studies/scores.ts";
export { similarityOf, type ClassSimilarity, type SimilarityAnalysis } from "./studies/similarity.ts";
export * from "./autograd/index.ts";
export * from "./data/index.ts";
export {
  DeviceLostError,
  DeviceUnavailableError,
  KernelError,
  LifetimeError,
  OutOfMemoryError,
  ShapeError,
  TesseraError,
  UsageError,
  type AdapterTraits,
} from "./device/index.ts";
export * from "./metrics/index.ts";
export * from "./nn/index.ts";
export * from "./operators/index.ts";
export * from "./optim/index.ts";
export {
  chromeTrace,
  measureCeilings,
  profile,
  type Ceilings,
  type ChromeTrace,
  type KernelProfile,
  type LaunchProfile,
  type PhaseProfile,
  type Profile,
  type ProfileOptions,
  type Rates,
  type TraceEvent,
} from "./profiling/index.ts";
export {
  Engine,
  Program,
  launchesOf,
  openEngine,
  sideBySide,
  type BufferPlan,
  type DeviceChoice,
  type EngineMemory,
  type EngineOptions,
  type LaunchTimer,
  type Purpose,
  type Readings,
  type Recording,
  type RunTimes,
  type StepPlan,
  type TimedLaunch,
} from "./runtime/index.ts";
export {
  Tensor,
  toNdArray,
  type DType,
  type HostArray,
  type Shape,
  type TensorData,
} from "./tensor/index.ts";
export {
  hasChoice,
  tune,
  worksOf,
  type CandidateTime,
  type TunedWork,
  type TuneOptions,
  type TuneProgress,
  type Tuning,
  type Work,
} from "./tuning/index.ts";
