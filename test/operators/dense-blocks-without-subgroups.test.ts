// Dense blocks on a device without subgroups: no other operator launches convolutions that fold a batch norm and a ReLU into what
// they load, so that parity.test.ts, which runs all candidates, meets only the kernels that are preferred on its device.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openGpu } from "../../src/device/gpu.ts";
import type { Operator } from "../../src/operators/operator.ts";
import { operators } from "../../src/operators/registry.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { ReferenceBackend } from "../../src/runtime/reference-backend.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";
import { magnitudesOf, worstError } from "./magnitudes.ts";
import { results } from "./results.ts";
import type { Sample } from "./sample.ts";
import { samples } from "./samples.ts";
import { withoutSubgroups } from "./without-subgroups.ts";

const chosen = [
  "a bottleneck",
  "two groups of odd sizes, an odd number of channels",
  "two groups, 32 channels in the bottleneck and out of it",
];

describe.each(["denseBlock", "denseBlockGradient"] as const)("%s without subgroups", (name) => {
  let engine: Engine;
  let reference: Engine;
  beforeAll(async () => {
    engine = new Engine(new WebGpuBackend(withoutSubgroups(await openGpu()), { checked: true }));
    reference = new Engine(new ReferenceBackend());
  });
  afterAll(() => {
    engine.close();
    reference.close();
  });

  test.each(chosen)("%s: equals the reference", async (sampleName) => {
    const operator = operators[name] as Operator<unknown>;
    const sample = (samples[name] as readonly Sample<unknown>[]).find((each) => each.name === sampleName);
    if (sample === undefined) throw new Error(`there is no sample "${sampleName}"`);
    const candidates = operator.candidates(sample.inputs, sample.attributes, engine.traits);
    const texts = candidates.flatMap(({ launches }) => launches.map(({ kernel }) => kernel));
    expect(
      texts.some(
        (kernel) =>
          kernel === "conv2dBlocked" ||
          kernel === "conv2dTile" ||
          kernel === "conv2dWeightGradientChunks" ||
          kernel === "conv2dWeightGradientTile",
      ),
    ).toBe(true);
    const wanted = await results(reference, operator, sample);
    const found = await results(engine, operator, sample);
    const magnitudes = magnitudesOf(name, operator, sample);
    found.forEach((array, i) => {
      expect(worstError(array, wanted[i], sample, magnitudes?.[i]), `output ${i}`).toBeLessThanOrEqual(1);
    });
  });
});
