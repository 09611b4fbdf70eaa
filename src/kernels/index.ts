// Kernels for any WebGPU program: WGSL text, bindings, uniform packing, knobs and launch size, without the engine.

export { foldWorkgroups, kernel, kernelNames, type Kernel, type KernelName } from "./kernel.ts";
export {
  packUniforms,
  type Binding,
  type Knob,
  type Knobs,
  type ShaderSource,
  type UniformField,
  type UniformValues,
} from "./source.ts";
