// Runs mutants of shaders against the tests of their operators: each candidate that launches the shader, on every sample, on an engine
// that checks its launches, against the reference. Bundled into one module, for scripts/mutate.mjs.

import "../../src/index.ts";
import { openGpu, type Gpu } from "../../src/device/gpu.ts";
import { kernels, type KernelName } from "../../src/kernels/built-in-kernels.ts";
import { describe as kernelOfText } from "../../src/kernels/kernel.ts";
import { operators, type OperatorName } from "../../src/operators/registry.ts";
import type { Operator } from "../../src/operators/operator.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { ReferenceBackend } from "../../src/runtime/reference-backend.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";
import type { HostArray } from "../../src/tensor/host.ts";
import { magnitudesOf, worstError } from "../operators/magnitudes.ts";
import { results } from "../operators/results.ts";
import type { Sample } from "../operators/sample.ts";
import { samples } from "../operators/samples.ts";
import { mutantsOf, mutated, type Mutant } from "./mutants.ts";

/** A sample that a shader takes part in, by one candidate. */
interface Trial {
  readonly operator: OperatorName;
  readonly candidate: string;
  readonly sample: Sample<unknown>;
}

/** All mutants, by kernel, and those kernels that no operator launches here. */
export async function allMutants(): Promise<{ mutants: Record<string, Mutant[]>; unused: string[] }> {
  const gpu = await openGpu();
  const trials = trialsOf(gpu);
  gpu.destroy();
  const names = Object.keys(kernels) as KernelName[];
  const used = names.filter((name) => trials.has(name));
  return {
    mutants: Object.fromEntries(used.map((name) => [name, mutantsOf(name, kernels[name].text)])),
    unused: names.filter((name) => !trials.has(name)),
  };
}

function trialsOf({ traits }: Gpu): Map<string, Trial[]> {
  const found = new Map<string, Trial[]>();
  for (const name of Object.keys(operators) as OperatorName[]) {
    const operator = operators[name] as Operator<unknown>;
    if (operator.aliases === true) continue;
    for (const sample of samples[name] as readonly Sample<unknown>[]) {
      for (const candidate of operator.candidates(sample.inputs, sample.attributes, traits)) {
        for (const kernel of new Set(candidate.launches.map((launch) => launch.kernel))) {
          if (typeof kernel !== "string") continue;
          found.set(kernel, [
            ...(found.get(kernel) ?? []),
            { operator: name, candidate: candidate.name, sample },
          ]);
        }
      }
    }
  }
  return found;
}

/** Tells of each mutant what killed it, or that nothing did. */
export async function runMutants(
  mutants: readonly Mutant[],
  tell: (mutant: Mutant, killedBy: string | undefined) => void,
): Promise<void> {
  const gpu = await openGpu();
  const trials = trialsOf(gpu);
  const reference = new Engine(new ReferenceBackend());
  const expected = new Map<Sample<unknown>, HostArray[]>();
  for (const mutant of mutants) {
    const kernel = kernels[mutant.kernel as KernelName];
    const specialise = kernel.specialise.bind(kernel);
    let broken: typeof kernel;
    try {
      broken = kernelOfText(mutant.kernel, mutated(kernel.text, mutant));
    } catch (error) {
      tell(mutant, `is no kernel: ${(error as Error).message}`);
      continue;
    }
    const wrong = (knobs?: Parameters<typeof specialise>[0]): string => broken.specialise(knobs);
    Object.defineProperty(kernel, "specialise", { configurable: true, value: wrong });
    try {
      tell(mutant, await firstFailure(gpu, reference, expected, trials.get(mutant.kernel) ?? []));
    } finally {
      Object.defineProperty(kernel, "specialise", { configurable: true, value: specialise });
    }
  }
  reference.close();
  gpu.destroy();
}

async function firstFailure(
  gpu: Gpu,
  reference: Engine,
  expected: Map<Sample<unknown>, HostArray[]>,
  trials: readonly Trial[],
): Promise<string | undefined> {
  // Pipelines are the backend's: the broken one is in no other.
  const backend = new WebGpuBackend(gpu, { checked: true });
  const engine = new Engine(backend);
  for (const { operator: name, candidate, sample } of trials) {
    const operator = operators[name] as Operator<unknown>;
    const where = `${name}, ${sample.name}, ${candidate}`;
    backend.candidates.clear();
    backend.candidates.set(name, candidate);
    let wanted = expected.get(sample);
    if (wanted === undefined) expected.set(sample, (wanted = await results(reference, operator, sample)));
    try {
      const found = await results(engine, operator, sample);
      const magnitudes = magnitudesOf(name, operator, sample);
      for (const [i, array] of found.entries()) {
        if (!(worstError(array, wanted[i] ?? new Float32Array(), sample, magnitudes?.[i]) <= 1)) {
          return `${where}: output ${i}`;
        }
      }
    } catch (error) {
      return `${where}: ${(error as Error).message.slice(0, 120)}`;
    }
  }
  return undefined;
}
