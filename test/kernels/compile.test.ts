// Every shader is valid WGSL as it stands, and a broken one is reported by shader and line.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KernelError } from "../../src/errors/errors.ts";
import { openGpu, type Gpu } from "../../src/device/gpu.ts";
import { kernels, type KernelName } from "../../src/kernels/built-in-kernels.ts";
import { PipelineCache } from "../../src/runtime/webgpu/pipelines.ts";

let gpu: Gpu;
beforeAll(async () => {
  gpu = await openGpu();
});
afterAll(() => gpu.destroy());

describe("shaders on the device", () => {
  test.each(Object.keys(kernels) as KernelName[])("%s compiles with its default knobs", async (name) => {
    const entry = new PipelineCache(gpu.device).get(kernels[name]);
    await entry.settled;
    if (!kernels[name].features.every((feature) => gpu.traits.features.has(feature))) {
      // No candidate offers it on such a device, and whoever asks is told.
      expect(entry.failure?.message).toMatch(/subgroups/);
      return;
    }
    expect(entry.failure).toBeUndefined();
    expect(entry.pipeline).toBeDefined();
  });

  test("a shader that does not compile is an error with its name and line", async () => {
    const whole = kernels.unary;
    const line = whole.text.split("\n").findIndex((text) => text.includes("y[index] =")) + 1;
    const broken = { ...whole, specialise: () => whole.text.replace("y[index] =", "z[index] =") };
    const entry = new PipelineCache(gpu.device).get(broken);
    await entry.settled;
    expect(entry.failure).toBeInstanceOf(KernelError);
    expect(entry.failure?.message).toContain(`unary.wgsl:${line}:`);
    expect(() => gpu.check()).not.toThrow();
  });

  test("a pipeline is compiled once, however often and however early it is asked for", async () => {
    const cache = new PipelineCache(gpu.device);
    const [first, second, other] = [{ WIDTH: 32 }, { WIDTH: 32 }, { WIDTH: 64 }].map((knobs) =>
      cache.get(kernels.unary, knobs),
    );
    expect(first).toBe(second);
    expect(first).not.toBe(other);
    await Promise.all([first?.settled, other?.settled]);
    expect(cache.count).toBe(2);
  });
});
