// The adapters for which launches are packed: candidates depend on an adapter by whether it is a software driver and whether
// it has subgroups, of eight lanes or more.

const adapter = (isSoftware, lanes) => ({
  ...{ name: "an adapter", vendor: "", architecture: "", description: "", isSoftware },
  features: new Set(lanes > 0 ? ["subgroups"] : []),
  subgroupSize: { minimum: lanes, maximum: lanes },
  // What every device of WebGPU has.
  ...{ maxWorkgroupsPerDimension: 65_535, maxInvocationsPerWorkgroup: 256, maxStorageBuffers: 8 },
  ...{ maxBindingBytes: 2 ** 27, maxBufferBytes: 2 ** 28 },
});

/** By the name that the package has for them. */
export const adapters = {
  gpu: adapter(false, 0),
  gpuSubgroups: adapter(false, 32),
  software: adapter(true, 0),
  softwareSubgroups: adapter(true, 8),
};

/** A launch as the package has it: a slot is a word and a number. */
const launchOf = ({ kernel, knobs = {}, sizes, bind }) => ({
  ...{ kernel, knobs, sizes },
  bind: Object.fromEntries(Object.entries(bind).map(([name, { kind, index }]) => [name, `${kind} ${index}`])),
});

/** The ways that the candidates of a call are launched on any of them, each once, with the adapters whose rule takes it. */
export function candidatesOf(operator, inputs, attributes) {
  const found = new Map();
  for (const [name, traits] of Object.entries(adapters)) {
    const offered = operator.candidates(inputs, attributes, traits);
    for (const { name: candidate, launches, temporaries = [] } of offered) {
      const plain = launches.map(launchOf);
      const key = JSON.stringify([plain, temporaries]);
      const known = found.get(key) ?? { name: candidate, launches: plain, temporaries, ruleOf: [] };
      found.set(key, known);
      if (candidate === offered.at(-1).name) known.ruleOf.push(name);
    }
  }
  return [...found.values()];
}
