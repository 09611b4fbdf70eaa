// What the rules of GPUs alone choose equals the reference: parity.test.ts meets only what those of its own device choose.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openGpu, type Gpu } from "../../src/device/gpu.ts";
import type { Operator } from "../../src/operators/operator.ts";
import { operators } from "../../src/operators/registry.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { ReferenceBackend } from "../../src/runtime/reference-backend.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";
import { asOnAGpu, trialsOfGpus } from "./as-on-a-gpu.ts";
import { magnitudesOf, worstError } from "./magnitudes.ts";
import { results } from "./results.ts";

describe("kernels with knobs that rules of GPUs choose", () => {
  let gpu: Gpu;
  let backend: WebGpuBackend;
  let engine: Engine;
  let reference: Engine;
  beforeAll(async () => {
    gpu = await openGpu();
    backend = new WebGpuBackend(asOnAGpu(gpu), { checked: true });
    engine = new Engine(backend);
    reference = new Engine(new ReferenceBackend());
  });
  afterAll(() => {
    engine.close();
    reference.close();
  });

  test("equal the reference", async () => {
    const trials = trialsOfGpus(gpu.traits);
    if (gpu.traits.isSoftware) expect(trials.length).toBeGreaterThan(20);
    for (const { operator: name, candidate, sample } of trials) {
      const operator = operators[name] as Operator<unknown>;
      const wanted = await results(reference, operator, sample);
      backend.candidates.set(name, candidate);
      const found = await results(engine, operator, sample);
      const magnitudes = magnitudesOf(name, operator, sample);
      found.forEach((array, i) => {
        const error = worstError(array, wanted[i], sample, magnitudes?.[i]);
        expect(error, `${name} ${sample.name} ${candidate}, output ${i}`).toBeLessThanOrEqual(1);
      });
    }
  });
});
