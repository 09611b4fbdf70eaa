// An engine that outlives its device.

import { describe, expect, test } from "vitest";
import { DeviceLostError } from "../../src/errors/errors.ts";
import { add } from "../../src/functions/elementwise.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { LastingEngine } from "../../src/runtime/lasting-engine.ts";
import { useLosses } from "../lost-devices.ts";

const losses = useLosses();

const three = async (engine: Engine): Promise<number[]> =>
  await engine
    .scope(() => add(engine.tensor([1, 2]), engine.tensor([2, 1])))
    .read()
    .then((values) => [...values]);

test("work is done again on another device, and told of the loss", async () => {
  losses.plan = [1];
  const told: string[] = [];
  using lasting = await LastingEngine.open(
    { device: "webgpu" },
    { lost: ({ message }) => told.push(message) },
  );
  const { engine: first } = lasting;
  expect(await lasting.run(three)).toEqual([3, 3]);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/^the device ".+" was destroyed/u);
  expect(lasting.engine).not.toBe(first);
  expect(losses.submits).toHaveLength(2);
  // From now on it is the other one that computes.
  expect(await lasting.run(three)).toEqual([3, 3]);
  expect(losses.submits).toHaveLength(2);
});

test("three losses without a gain between them are the end, and a gain begins the count anew", async () => {
  losses.plan = [1, 1, 1];
  using lasting = await LastingEngine.open({ device: "webgpu" });
  await expect(lasting.run(three)).rejects.toThrow(
    /^3 devices were lost one after the other without getting any further: the device ".+" was destroyed/u,
  );
  losses.plan = [];
  losses.submits.length = 0;
  losses.plan = [1, 1, 1, 1, 1];
  let gained = 0;
  using gaining = await LastingEngine.open({ device: "webgpu" });
  const work = async (engine: Engine): Promise<number[]> => {
    gained++;
    return await three(engine);
  };
  expect(await gaining.run(work, () => gained)).toEqual([3, 3]);
  expect(losses.submits).toHaveLength(6);
});

describe("what is no loss", () => {
  test("is thrown as it is", async () => {
    using lasting = await LastingEngine.open({ device: "webgpu" });
    const wrong = lasting.run(() => Promise.reject(new Error("a mistake")));
    await expect(wrong).rejects.toThrow("a mistake");
    expect(losses.submits).toHaveLength(1);
  });

  test("also on the reference backend, which has no device", async () => {
    using lasting = await LastingEngine.open({ device: "reference" });
    await expect(lasting.run(() => Promise.reject(new Error("a mistake")))).rejects.toThrow("a mistake");
  });
});

test("a loss that comes as another error is one", async () => {
  using lasting = await LastingEngine.open({ device: "webgpu" });
  let attempts = 0;
  const work = (engine: Engine): Promise<number[]> => {
    if (attempts++ > 0) return three(engine);
    (engine.backend as unknown as { gpu: { device: GPUDevice } }).gpu.device.destroy();
    return Promise.reject(new Error("the map was aborted"));
  };
  expect(await lasting.run(work)).toEqual([3, 3]);
});

test("a device of the program's own is its owner's to open again", async () => {
  const { openGpu } = await import("../../src/device/gpu.ts");
  const { device } = await openGpu();
  using lasting = await LastingEngine.open({ device });
  device.destroy();
  await expect(lasting.run(three)).rejects.toThrow(/only its owner can open another/u);
});

test("a device that does not answer is taken for lost, and the wait for it is over", async () => {
  using lasting = await LastingEngine.open({ device: "webgpu", hangAfter: 0.1 });
  const { gpu } = lasting.engine.backend as unknown as {
    gpu: { answer: (asked: Promise<unknown>) => Promise<unknown> };
  };
  await expect(gpu.answer(new Promise(() => undefined))).rejects.toThrow(DeviceLostError);
  // It stays so: whoever asks next hears the same at once.
  await expect(three(lasting.engine)).rejects.toThrow(
    /^the device ".+" has not answered for 0\.1 s and is taken for lost \(hangAfter or --hang-after says how long/u,
  );
  expect(await lasting.run(three)).toEqual([3, 3]);
});
