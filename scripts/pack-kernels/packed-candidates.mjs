// The ways that calls are launched on the adapters for which launches are packed.

import { leastAdapters } from "../adapter-kinds.mjs";

/** A launch as the package has it: a slot is a word and a number. */
const launchOf = ({ kernel, knobs = {}, sizes, bind }) => ({
  ...{ kernel, knobs, sizes },
  bind: Object.fromEntries(Object.entries(bind).map(([name, { kind, index }]) => [name, `${kind} ${index}`])),
});

/** The ways that the candidates of a call are launched on any of them, each once, with the adapters whose rule takes it. */
export function candidatesOf(operator, inputs, attributes) {
  const found = new Map();
  for (const [name, traits] of Object.entries(leastAdapters)) {
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
