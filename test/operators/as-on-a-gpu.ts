// A device as a GPU, and what its rules alone choose: kernels with knobs that no candidate has on the device that the tests run on.

import type { Gpu } from "../../src/device/gpu.ts";
import type { AdapterTraits } from "../../src/device/traits.ts";
import type { Operator } from "../../src/operators/operator.ts";
import { operators, type OperatorName } from "../../src/operators/registry.ts";
import type { Sample } from "./sample.ts";
import { samples } from "./samples.ts";

export function asOnAGpu(gpu: Gpu): Gpu {
  return { ...gpu, traits: { ...gpu.traits, isSoftware: false } };
}

/** A sample of an operator by one of its candidates. */
export interface CandidateTrial {
  readonly operator: OperatorName;
  readonly candidate: string;
  readonly sample: Sample<unknown>;
  readonly launches: ReturnType<Operator<unknown>["candidates"]>[number]["launches"];
}

/** All samples by all candidates on a device of these traits. @param names of operators; default: all */
export const trialsBy = (
  traits: AdapterTraits,
  names = Object.keys(operators) as readonly OperatorName[],
): CandidateTrial[] =>
  names.flatMap((name) => {
    const operator = operators[name] as Operator<unknown>;
    if (operator.aliases === true) return [];
    return (samples[name] as readonly Sample<unknown>[]).flatMap((sample) =>
      operator
        .candidates(sample.inputs, sample.attributes, traits)
        .map(({ name: candidate, launches }) => ({ operator: name, candidate, sample, launches })),
    );
  });

/** One sample of each kernel with knobs that the rules of GPUs choose, and those of this device do not. */
export function trialsOfGpus(traits: AdapterTraits): CandidateTrial[] {
  const keysOf = ({ launches }: CandidateTrial): string[] =>
    launches.map(({ kernel, knobs }) =>
      JSON.stringify([typeof kernel === "string" ? kernel : kernel.name, knobs]),
    );
  const known = new Set(trialsBy(traits).flatMap(keysOf));
  return trialsBy({ ...traits, isSoftware: false }).filter((trial) => {
    const fresh = keysOf(trial).filter((key) => !known.has(key));
    for (const key of fresh) known.add(key);
    return fresh.length > 0;
  });
}
