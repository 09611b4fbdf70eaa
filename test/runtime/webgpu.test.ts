// What is special about the WebGPU backend: order of uploads and launches, folded launches, loss, limits.

import { describe, expect, test } from "vitest";
import { DeviceLostError, KernelError, OutOfMemoryError } from "../../src/errors/errors.ts";
import { openGpu } from "../../src/device/gpu.ts";
import { add, affine, exp, multiply } from "../../src/functions/elementwise.ts";
import { sum } from "../../src/functions/reduction.ts";
import { Adam } from "../../src/optim/adam.ts";
import { Engine } from "../../src/runtime/engine.ts";
import { WebGpuBackend } from "../../src/runtime/webgpu/webgpu-backend.ts";
import { input, output, type Operator } from "../../src/operators/operator.ts";

async function open(traits: object = {}): Promise<{ engine: Engine; backend: WebGpuBackend }> {
  const gpu = await openGpu();
  const backend = new WebGpuBackend({ ...gpu, traits: { ...gpu.traits, ...traits } });
  return { engine: new Engine(backend), backend };
}

describe("the WebGPU backend", () => {
  test("an upload never overwrites what launches not yet submitted still read", async () => {
    const { engine } = await open();
    const results = Array.from({ length: 40 }, (_, i) =>
      engine.scope(() => {
        const x = engine.tensor(new Float32Array(64).fill(i)); // released at the end of the scope, reused by the next
        return sum(add(x, x));
      }),
    );
    const values = await Promise.all(results.map((tensor) => tensor.item()));
    expect(values).toEqual(values.map((_, i) => 128 * i));
    engine.close();
  });

  test("a readback gives the values of its place in the order, whatever is disposed or overwritten after it", async () => {
    // A device of its own, so that the pipelines are cold and everything waits for them.
    const { engine } = await open();
    const [a, b] = [engine.tensor([1, 2, 3]), engine.tensor([10, 20, 30])];
    const total = add(a, b);
    const reading = total.read();
    total.dispose();
    const product = multiply(a, b); // takes the buffer of the total
    expect(Array.from(await reading)).toEqual([11, 22, 33]);
    expect(Array.from(await product.read())).toEqual([10, 40, 90]);
    const weight = engine.tensor([1]);
    const before = weight.read();
    new Adam([weight], { learningRate: 0.1 }).step([engine.tensor([1])]);
    expect(Array.from(await before)).toEqual([1]);
    expect(await weight.item()).toBeCloseTo(0.9, 5);
    engine.close();
  });

  test("after a kernel failed nothing is computed any more, and each call says why", async () => {
    const { engine } = await open();
    const broken: Operator<object> = {
      name: "broken",
      infer: ([x]) => [x],
      reference: () => undefined,
      candidates: () => [
        {
          name: "only",
          // No device has workgroups of a million invocations.
          launches: [
            {
              kernel: "unary",
              knobs: { WIDTH: 1_000_000 },
              bind: { x: input(0), y: output(0) },
              sizes: { count: 1, first: 0, second: 0 },
            },
          ],
        },
      ],
    };
    const x = engine.tensor([1]);
    const [failed] = engine.run(broken, [x], {});
    await expect(failed.read()).rejects.toThrow(/unary\.wgsl/);
    expect(() => add(x, x)).toThrow(/unary\.wgsl/);
    await expect(x.read()).rejects.toThrow(KernelError);
    engine.close();
  });

  test("a launch of more than 65,535 workgroups computes every element", async () => {
    const { engine } = await open();
    const count = 65_536 * 64 + 1;
    const host = new Float32Array(count);
    host[count - 1] = 3;
    host[65_535 * 64 + 5] = 2;
    const values = await affine(engine.tensor(host), 2, 1).read();
    expect([values.length, values[0], values[65_535 * 64 + 5], values[count - 1]]).toEqual([count, 1, 5, 7]);
    engine.close();
  });

  test("a tensor too large for one buffer is refused with its shape before anything is allocated", async () => {
    const { engine } = await open({ maxBindingBytes: 1000 });
    expect(() => engine.tensor(new Float32Array(251))).toThrow(OutOfMemoryError);
    expect(() => engine.tensor(new Float32Array(251))).toThrow(/\[251\] of 1004 bytes/);
    engine.close();
  });

  test("shapes that come and go leave no more spare bytes than the limit", async () => {
    const { engine } = await open();
    for (let i = 0; i < 60; i++) {
      using y = engine.scope(() => affine(engine.tensor(new Float32Array(250_000 + i)), 2));
      expect((await y.read()).length).toBe(250_000 + i);
    }
    // 60 pairs of a megabyte each were released; 64 MiB may be kept.
    expect(engine.memory().pooledBytes).toBeLessThan(70e6);
    engine.close();
  });

  test("an unknown candidate is refused with the ones there are", async () => {
    const { engine, backend } = await open();
    backend.candidates.set("exp", "fastest");
    expect(() => exp(engine.tensor([1]))).toThrow(KernelError);
    expect(() => exp(engine.tensor([1]))).toThrow(/no candidate "fastest".*elements/);
    engine.close();
  });

  test("a lost device is a typed error at the next call and at a readback under way", async () => {
    const { engine, backend } = await open();
    const x = engine.tensor(new Float32Array(100_000).fill(1));
    const reading = exp(x).read();
    backend.gpu.device.destroy();
    await expect(reading).rejects.toThrow(DeviceLostError);
    await backend.gpu.lost;
    expect(() => exp(x)).toThrow(DeviceLostError);
    await expect(x.read()).rejects.toThrow(DeviceLostError);
    engine.close();
  });

  test("a device error is thrown at the next call, in the words of the device", async () => {
    const { engine, backend } = await open();
    backend.gpu.device.createBuffer({ label: "impossible", size: 4, usage: 0xffff });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await backend.gpu.device.queue.onSubmittedWorkDone();
    await expect(async () => exp(engine.tensor([1])).read()).rejects.toThrow(/rejected a launch/);
    engine.close();
  });
});
