// Kernels for any WebGPU program: WGSL text, bindings, uniform packing, knobs and launch size, without the engine. Each by its
// own name, so that a bundler takes those that are used, and all of them as a table.

export { KernelError } from "../errors/errors.ts";
export { kernelOf, type KernelOptions } from "./own-kernel.ts";
export { kernels, type Choice, type KernelName } from "./built-in-kernels.ts";
export type { Kernel } from "./kernel.ts";
export * from "./named.generated.ts";
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
