// Adapters of each kind that candidates depend on: software driver or not, with subgroups (of eight lanes or more) or without. For
// whoever asks which candidates there are without having an adapter.

function kinds(features, limits) {
  const adapter = (isSoftware, lanes) => ({
    ...{ name: "an adapter", vendor: "", architecture: "", description: "", isSoftware },
    features: new Set([...features, ...(lanes > 0 ? ["subgroups"] : [])]),
    subgroupSize: { minimum: lanes, maximum: lanes },
    ...limits,
  });
  return {
    gpu: adapter(false, 0),
    gpuSubgroups: adapter(false, 32),
    software: adapter(true, 0),
    softwareSubgroups: adapter(true, 8),
  };
}

/** With what every device of WebGPU has, and no more. */
export const leastAdapters = kinds([], {
  ...{ maxWorkgroupsPerDimension: 65_535, maxInvocationsPerWorkgroup: 256, maxStorageBuffers: 8 },
  ...{ maxBindingBytes: 2 ** 27, maxBufferBytes: 2 ** 28 },
});

/** With all that candidates ask for. */
export const fullAdapters = kinds(["shader-f16"], {
  ...{ maxWorkgroupsPerDimension: 65_535, maxInvocationsPerWorkgroup: 1024, maxStorageBuffers: 10 },
  ...{ maxBindingBytes: 2 ** 31, maxBufferBytes: 2 ** 31 },
});
