// The device floor: everything above reaches WebGPU through these names.

export * from "../errors/errors.ts";
export { listAdapters, openGpu, type DeviceRequest, type Gpu } from "./gpu.ts";
export { optionalFeatures, traitsOf, type AdapterTraits } from "./traits.ts";
