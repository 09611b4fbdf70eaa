// Operators below the engine: their records (shape rule, reference, launch lists) and the contract for operators of one's
// own. A project that has nothing but a GPUDevice runs the launch lists itself: examples/launch-lists/convolution.mjs.

export { KernelError, ShapeError, UsageError } from "../errors/errors.ts";
export { deviceTraits, type AdapterTraits } from "../device/traits.ts";
export { kernels, type KernelName } from "../kernels/built-in-kernels.ts";
export { type Kernel } from "../kernels/kernel.ts";
export type { KnobValue, Knobs, UniformValues } from "../kernels/source.ts";
export { kernelOf, type KernelOptions } from "../kernels/own-kernel.ts";
export type { HostArray, HostTensor } from "../tensor/host.ts";
export type { DType, Shape, TensorSpec } from "../tensor/shape.ts";
export { preferred } from "./compose.ts";
export type { Gradient, GradientRule, RuleCall } from "./gradient-rule.ts";
export {
  input,
  output,
  temporary,
  updatesOf,
  type Candidate,
  type Launch,
  type Operator,
  type Slot,
} from "./operator.ts";
export { operators, type AttributesOf, type OperatorName } from "./registry.ts";
