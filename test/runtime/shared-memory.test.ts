// Memory that programs share, that is reserved before they are recorded, and that a device refuses.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OutOfMemoryError } from "../../src/errors/errors.ts";
import { add, multiply, relu } from "../../src/functions/elementwise.ts";
import { matmul } from "../../src/functions/products.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import type { Program } from "../../src/runtime/program.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { limitMemory } from "./limited-memory.ts";

let engine: Engine;
beforeEach(async () => {
  engine = await openEngine({ device: "webgpu" });
});
afterEach(() => {
  engine.close();
});

/** (x + 1)^2 of [n], with values in between that are in memory. */
const step =
  (n: number, value = 1) =>
  (): Tensor => {
    const x = engine.feed(() => new Float32Array(n).fill(value), [n]);
    const more = add(x, 1);
    return multiply(relu(more), more);
  };

const valueOf = async (program: Program<Tensor>): Promise<number> => {
  program.run();
  return (await program.result.read())[0];
};

describe("programs that share their memory", () => {
  test("take no more than the largest of them, and compute what they compute alone", async () => {
    const sizes = [100_000, 40_000, 70_000];
    const plans = sizes.map((n) => engine.plan(step(n)));
    const before = engine.memory().bytes;
    const programs: Program<Tensor>[] = [];
    for (const [i, n] of sizes.entries()) programs.push(await engine.record(step(n, i), { shared: true }));
    // What is the same in every run is each program's own: here the 1 that is added.
    const [largest, ...others] = plans.map((plan) => plan?.bytes ?? 0);
    expect(plans.map((plan) => plan?.ownBytes)).toEqual([4, 4, 4]);
    expect(engine.memory().bytes - before).toBe(largest + 4 * others.length);
    for (let round = 0; round < 3; round++) {
      for (const [i, program] of programs.entries()) expect(await valueOf(program)).toBe((i + 1) ** 2);
    }
    for (const program of programs) program.dispose();
    expect(engine.memory().bytes).toBe(before);
  });

  test("grow while others are there, which go on as they were", async () => {
    const [small, large] = [
      await engine.record(step(1000, 2), { shared: true }),
      await engine.record(step(9000, 3), { shared: true }),
    ];
    expect([await valueOf(small), await valueOf(large), await valueOf(small)]).toEqual([9, 16, 9]);
    small.dispose();
    large.dispose();
  });

  test("recorded at the same time get memory one after the other", async () => {
    const before = engine.memory().bytes;
    const programs = await Promise.all(
      [500, 5000, 50].map((n, i) => engine.record(step(n, i), { shared: true })),
    );
    for (const [i, program] of programs.entries()) expect(await valueOf(program)).toBe((i + 1) ** 2);
    for (const program of programs) program.dispose();
    expect(engine.memory().bytes).toBe(before);
  });

  test("a plan is what a program takes, and nothing is allocated for it", () => {
    const before = engine.memory();
    expect(engine.plan(step(50_000))?.bytes).toBeGreaterThan(200_000);
    expect(engine.memory()).toEqual(before);
  });
});

describe("reserved memory", () => {
  test("is all that programs of the plans take, readings among it", async () => {
    const reserved = await engine.reserve(
      [step(30_000), step(20_000)].map((each) => engine.plan(each)),
      {
        readBytes: 4 * 30_000,
      },
    );
    const { bytes, asideBytes } = engine.memory();
    for (const n of [20_000, 30_000]) {
      using program = await engine.record(step(n, 4), { shared: true });
      expect(await valueOf(program)).toBe(25);
      expect(engine.memory().bytes).toBe(bytes + 4);
      // Uniforms of the program beside it.
      expect(engine.memory().asideBytes - asideBytes).toBe(engine.plan(step(n))?.uniformBytes);
    }
    await reserved.release();
    expect(engine.memory()).toMatchObject({ bytes: 0, asideBytes: 0 });
  });

  test("that there is not is refused with the largest buffers and how much there is; the engine goes on", async () => {
    limitMemory(engine, 10 * 2 ** 20);
    const plan = engine.plan(step(2 ** 20));
    const refusal = await engine.reserve([plan], { what: "the test" }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(OutOfMemoryError);
    const { message, available } = refusal as OutOfMemoryError;
    expect(message).toMatch(/^the test needs \d+\.\d MiB, which is more than there is on ".*" \(it gives /);
    expect(message).toContain("4.0 MiB");
    expect(message).not.toContain("0x7f3a");
    expect(available).toBeLessThan(10 * 2 ** 20);
    expect(engine.memory()).toMatchObject({ bytes: 0, asideBytes: 0 });
    using program = await engine.record(step(1000, 5), { shared: true });
    expect(await valueOf(program)).toBe(36);
  });

  test("what could never be in one buffer is refused without a try", async () => {
    const limit = limitMemory(engine, Infinity);
    const huge = Math.ceil(engine.traits.maxBufferBytes / 4);
    const plan = engine.plan(() => relu(engine.feed(() => [0], [huge])));
    await expect(engine.reserve([plan])).rejects.toThrow(/one buffer may hold/);
    expect(limit.refused).toEqual([]);
  });
});

describe("a tensor whose memory is refused", () => {
  test("is told once, and neither it nor what needs it is used; everything else is computed", async () => {
    const limit = limitMemory(engine, 2 ** 20);
    const weights = engine.tensor([1, 2, 3, 4], [2, 2]);
    const doubled = add(weights, weights);
    const large = engine.zeros([2 ** 18]);
    const after = add(large, 1);
    const product = matmul(doubled, weights);
    await expect(engine.synchronise()).rejects.toThrow(
      /^engine\.zeros: ".*" does not have 1\.00 MiB beside the .* in use; use a smaller batch or image\. The largest/,
    );
    expect(limit.refused.length).toBeGreaterThan(0);
    expect([...(await product.read())]).toEqual([14, 20, 30, 44]);
    for (const lost of [large, after]) {
      expect(() => add(lost, 1)).toThrow(OutOfMemoryError);
      await expect(lost.read()).rejects.toThrow(OutOfMemoryError);
      await expect(engine.record(() => add(lost, 1))).rejects.toThrow(OutOfMemoryError);
      lost.dispose();
    }
    expect([...(await add(product, 1).read())]).toEqual([15, 21, 31, 45]);
    await engine.synchronise();
    // With more memory, or less of it taken, the same is computed.
    limit.most = 2 ** 24;
    expect((await add(engine.zeros([2 ** 18]), 1).read())[7]).toBe(1);
  });
});
