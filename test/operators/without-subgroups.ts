// A device as one without subgroups: other kernels take the convolutions within its dense blocks.

import type { Gpu } from "../../src/device/gpu.ts";

export function withoutSubgroups(gpu: Gpu): Gpu {
  const features = new Set([...gpu.traits.features].filter((feature) => feature !== "subgroups"));
  return { ...gpu, traits: { ...gpu.traits, features, subgroupSize: { minimum: 0, maximum: 0 } } };
}
