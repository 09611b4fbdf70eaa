// Adapters of each kind that candidates depend on: software driver or not, with subgroups or without.

import type { AdapterTraits } from "../../src/device/traits.ts";

const adapter = (isSoftware: boolean, subgroups: number): AdapterTraits => ({
  ...{ name: "an adapter", vendor: "", architecture: "", description: "", isSoftware },
  features: new Set(["shader-f16", ...(subgroups > 0 ? ["subgroups"] : [])]),
  subgroupSize: { minimum: subgroups, maximum: subgroups },
  ...{ maxWorkgroupsPerDimension: 65_535, maxInvocationsPerWorkgroup: 1024, maxStorageBuffers: 10 },
  ...{ maxBindingBytes: 2 ** 31, maxBufferBytes: 2 ** 31 },
});

export const adapters = [adapter(false, 32), adapter(false, 0), adapter(true, 8), adapter(true, 0)];
