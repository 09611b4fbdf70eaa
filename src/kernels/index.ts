// Kernels for any WebGPU program: WGSL text, bindings, uniform packing, knobs and launch size, without the engine.

export { KernelError } from "../errors/errors.ts";
export { kernelOf, type KernelOptions } from "./own-kernel.ts";
export { kernels, type Choice, type Kernel, type KernelName } from "./kernel.ts";
export type {
  Binding,
  Knob,
  KnobValue,
  Knobs,
  NamedValue,
  ShaderSource,
  UniformField,
  UniformType,
  UniformValues,
} from "./source.ts";
