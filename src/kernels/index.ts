// Kernels for any WebGPU program: WGSL text, bindings, uniform packing, knobs and launch size, without the engine.

export { KernelError } from "../errors/errors.ts";
export { kernels, type Kernel, type KernelName } from "./kernel.ts";
export type {
  Binding,
  Knob,
  KnobValue,
  Knobs,
  ShaderSource,
  UniformField,
  UniformType,
  UniformValues,
} from "./source.ts";
