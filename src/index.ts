// The package's front door.

export * from "./assemble/index.ts";
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
export { absent, auc, aucByClass, meanAuc, negative, positive } from "./metrics/index.ts";
export * from "./nn/index.ts";
export * from "./operators/index.ts";
export * from "./optim/index.ts";
export {
  Engine,
  openEngine,
  type DeviceChoice,
  type EngineMemory,
  type EngineOptions,
} from "./runtime/index.ts";
export {
  Tensor,
  toNdArray,
  type DType,
  type HostArray,
  type Shape,
  type TensorData,
} from "./tensor/index.ts";
