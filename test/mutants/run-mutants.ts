// Runs mutants of shaders against the tests of their operators: each candidate that launches the shader, on every sample, on an engine
// that checks its launches, against the reference. Bundled into one module, for scripts/mutate.mjs.

import "../../src/index.ts";
import { openGpu, type Gpu } from "../../src/device/gpu.ts";
import { kernels, type KernelName } from "../../src/kernels/built-in-kernels.ts";
import { describe as kernelOfText } from "../../src/kernels/kernel.ts";
import { operators, type OperatorName } from "../../src/operators/registry.ts";
import type { Launch, Operator } from "../../src/operators/operator.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { ReferenceBackend } from "../../src/runtime/reference-backend.ts";
import { WebGpuBackend, type ProvingOptions } from "../../src/runtime/webgpu/webgpu-backend.ts";
import type { HostArray } from "../../src/tensor/host.ts";
import { asOnAGpu, trialsBy, trialsOfGpus, type CandidateTrial } from "../operators/as-on-a-gpu.ts";
import { magnitudesOf, worstError } from "../operators/magnitudes.ts";
import { results } from "../operators/results.ts";
import type { Sample } from "../operators/sample.ts";
import { withoutSubgroups } from "../operators/without-subgroups.ts";
import { mutantsOf, mutated, type Mutant } from "./mutants.ts";
import { withMarksNamed, withWatchedIndices } from "./watched-indices.ts";

/** A sample, by one candidate. */
interface Trial {
  readonly operator: OperatorName;
  readonly candidate: string;
  readonly sample: Sample<unknown>;
  /** Those of ours that it launches. */
  readonly kernels: ReadonlySet<string>;
  readonly gpu: Gpu;
}

/** What the reference computes, once; operators share samples. */
class Expected {
  readonly #known = new Map<string, Map<Sample<unknown>, HostArray[]>>();

  async of(reference: Engine, name: OperatorName, sample: Sample<unknown>): Promise<HostArray[]> {
    const ofOperator = this.#known.get(name) ?? new Map<Sample<unknown>, HostArray[]>();
    this.#known.set(name, ofOperator);
    let found = ofOperator.get(sample);
    if (found === undefined) {
      found = await results(reference, operators[name] as Operator<unknown>, sample);
      ofOperator.set(sample, found);
    }
    return found;
  }
}

/** A backend for each device, and an engine on it. */
class Backends {
  readonly #options: ProvingOptions;
  readonly #made = new Map<Gpu, { readonly backend: WebGpuBackend; readonly engine: Engine }>();

  constructor(options: ProvingOptions) {
    this.#options = options;
  }

  on(gpu: Gpu): { readonly backend: WebGpuBackend; readonly engine: Engine } {
    let found = this.#made.get(gpu);
    if (found === undefined) {
      const backend = new WebGpuBackend(gpu, this.#options);
      this.#made.set(gpu, (found = { backend, engine: new Engine(backend) }));
    }
    return found;
  }
}

const watching: ProvingOptions = { checked: true, second: withWatchedIndices };

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

function allTrials(gpu: Gpu): Trial[] {
  // As test/operators/dense-blocks-without-subgroups.test.ts.
  const other = withoutSubgroups(gpu);
  return [
    ...trialsOn(gpu, trialsBy(gpu.traits)),
    ...trialsOn(other, trialsBy(other.traits, ["denseBlock", "denseBlockGradient"])),
    // As test/operators/gpu-rules.test.ts.
    ...trialsOn(asOnAGpu(gpu), trialsOfGpus(gpu.traits)),
  ];
}

const trialsOn = (gpu: Gpu, trials: readonly CandidateTrial[]): Trial[] =>
  trials.map(({ launches, ...trial }) => ({ ...trial, gpu, kernels: builtInKernelsOf(launches) }));

const builtInKernelsOf = (launches: readonly Launch[]): ReadonlySet<string> =>
  new Set(launches.map(({ kernel }) => kernel).filter((kernel) => typeof kernel === "string"));

function trialsOf(gpu: Gpu): Map<string, Trial[]> {
  const all = allTrials(gpu);
  const names = new Set(all.flatMap((trial) => [...trial.kernels]));
  return new Map([...names].map((name) => [name, all.filter((trial) => trial.kernels.has(name))]));
}

/** Tells of each mutant what killed it, or that nothing did; and of each sample that it has come through, so that nobody takes it for hung. */
export async function runMutants(
  mutants: readonly Mutant[],
  tell: (mutant: Mutant, killedBy: string | undefined) => void,
  alive: () => void = () => undefined,
): Promise<void> {
  const gpu = await openGpu();
  const trials = trialsOf(gpu);
  const reference = new Engine(new ReferenceBackend());
  const expected = new Expected();
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
      const ofKernel = trials.get(mutant.kernel) ?? [];
      // Pipelines are the backend's: the broken one is in no other.
      const [fast, slow] = [{ checked: true }, watching].map(
        (options) => () => firstFailure(new Backends(options), reference, expected, ofKernel, alive),
      );
      tell(mutant, (await fast()) ?? (await slow()));
    } finally {
      Object.defineProperty(kernel, "specialise", { configurable: true, value: specialise });
    }
  }
  reference.close();
  gpu.destroy();
}

/**
 * Runs all operators, or those of some names, on all samples by all candidates, with every index watched. Tells of those that go
 * wrong.
 * @returns how many there are
 */
export async function runWatched(names: readonly string[], tell: (found: string) => void): Promise<number> {
  const gpu = await openGpu();
  const reference = new Engine(new ReferenceBackend());
  const backends = new Backends(watching);
  const asked = allTrials(gpu).filter(({ operator }) => names.length === 0 || names.includes(operator));
  const expected = new Expected();
  for (const trial of asked) {
    const found = await firstFailure(backends, reference, expected, [trial]);
    if (found !== undefined) tell(found);
  }
  reference.close();
  gpu.destroy();
  return asked.length;
}

async function firstFailure(
  backends: Backends,
  reference: Engine,
  expected: Expected,
  trials: readonly Trial[],
  alive: () => void = () => undefined,
): Promise<string | undefined> {
  for (const { operator: name, candidate, sample, gpu } of trials) {
    const { backend, engine } = backends.on(gpu);
    const operator = operators[name] as Operator<unknown>;
    const where = `${name}, ${sample.name}, ${candidate}`;
    backend.candidates.clear();
    backend.candidates.set(name, candidate);
    const wanted = await expected.of(reference, name, sample);
    try {
      const found = await results(engine, operator, sample);
      const magnitudes = magnitudesOf(name, operator, sample);
      for (const [i, array] of found.entries()) {
        if (!(worstError(array, wanted[i] ?? new Float32Array(), sample, magnitudes?.[i]) <= 1)) {
          return `${where}: output ${i}`;
        }
      }
      alive();
    } catch (error) {
      return `${where}: ${withMarksNamed((error as Error).message).slice(0, 200)}`;
    }
  }
  return undefined;
}
