// The device floor on a real adapter: choice, kept errors, loss.

import { describe, expect, test } from "vitest";
import { DeviceLostError, DeviceUnavailableError, KernelError } from "../../src/errors/errors.ts";
import { listAdapters, openGpu } from "../../src/device/gpu.ts";
import { adapterName, deviceTraits } from "../../src/device/traits.ts";
import { openEngine } from "../../src/index.ts";

describe("the device", () => {
  test("takes the limits and optional features that the adapter has", async () => {
    const gpu = await openGpu();
    const [adapter] = await listAdapters();
    expect(gpu.device.limits.maxStorageBufferBindingSize).toBe(adapter?.limits.maxStorageBufferBindingSize);
    expect(gpu.traits.maxBindingBytes).toBe(adapter?.limits.maxStorageBufferBindingSize);
    for (const feature of gpu.traits.features) expect(gpu.device.features.has(feature)).toBe(true);
    gpu.destroy();
  });

  test("tells its traits itself, and those of a device with default limits are smaller", async () => {
    const gpu = await openGpu();
    const own = deviceTraits(gpu.device);
    // What every device may do (core-features-and-limits, say) is a feature too; the engine counts those it asks for.
    expect({ ...own, features: gpu.traits.features }).toEqual(gpu.traits);
    for (const feature of gpu.traits.features) expect(own.features).toContain(feature);
    const [adapter] = await listAdapters();
    const plain = await adapter?.requestDevice();
    if (plain === undefined) throw new Error("no adapter");
    const traits = deviceTraits(plain);
    expect(traits.maxBufferBytes).toBeLessThan(own.maxBufferBytes);
    expect(traits.features.has("timestamp-query")).toBe(false);
    plain.destroy();
    gpu.destroy();
  });

  test("of the program's own is used, and left to it", async () => {
    const [adapter] = await listAdapters();
    const device = await adapter?.requestDevice();
    if (device === undefined) throw new Error("no adapter");
    {
      using engine = await openEngine({ device });
      expect(engine.traits.maxBufferBytes).toBe(device.limits.maxBufferSize);
      expect(await engine.tensor([1, 2, 3]).sum().item()).toBe(6);
      device.createBuffer({ label: "impossible", size: 4, usage: 0xffff });
      await device.queue.onSubmittedWorkDone();
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(() => engine.tensor([1])).toThrow(KernelError);
    }
    using again = await openEngine({ device });
    expect(await again.tensor([2, 3]).sum().item()).toBe(5);
    device.destroy();
    await device.lost;
    expect(() => again.tensor([1])).toThrow(/^the device ".*" was destroyed by this program/);
    const both = openEngine({ device, adapterName: "some" });
    await expect(both).rejects.toThrow(/adapterName chooses how a device is opened.*leave one of them out/);
  });

  test.each([
    [["", "", "llvmpipe---", "Mesa"], "llvmpipe"],
    [["nvidia", "ampere", "", ""], "nvidia ampere"],
    [["nvidia", "", "0", ""], "nvidia"],
    [["", "", "0", "Intel(R) Iris"], "Intel(R) Iris"],
    [["", "", "", ""], "an adapter without a name"],
  ])("%j is called %s", ([vendor, architecture, device, description], name) => {
    expect(adapterName({ vendor, architecture, device, description } as GPUAdapterInfo)).toBe(name);
  });

  test("is found by a part of the adapter's name, in any case", async () => {
    const [adapter] = await listAdapters();
    const name = (adapter?.info.device ?? "").slice(0, 6).toUpperCase();
    const gpu = await openGpu({ adapterName: name });
    expect(gpu.traits.name.toUpperCase()).toContain(name);
    gpu.destroy();
  });

  test("an unknown adapter name is refused with the names there are", async () => {
    const [adapter] = await listAdapters();
    const refused = openGpu({ adapterName: "no such adapter" });
    await expect(refused).rejects.toThrow(DeviceUnavailableError);
    await expect(refused).rejects.toThrow(adapter === undefined ? "?" : adapterName(adapter.info));
  });

  test("an uncaptured error is kept and thrown at the next check, once", async () => {
    const gpu = await openGpu();
    gpu.device.createBuffer({ label: "impossible", size: 4, usage: 0xffff });
    await gpu.device.queue.onSubmittedWorkDone();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(() => gpu.check()).toThrow(KernelError);
    expect(() => gpu.check()).not.toThrow();
    gpu.destroy();
  });

  test("immediates of the program are not slowed down", async () => {
    const gpu = await openGpu();
    const end = performance.now() + 200;
    let count = 0;
    while (performance.now() < end) {
      await new Promise((resolve) => setImmediate(resolve));
      count++;
    }
    expect(count).toBeGreaterThan(1000);
    gpu.destroy();
  });

  test("a destroyed device says so at the next check", async () => {
    const gpu = await openGpu();
    gpu.destroy();
    gpu.destroy();
    expect(await gpu.lost).toBeInstanceOf(DeviceLostError);
    expect(() => gpu.check()).toThrow(DeviceLostError);
  });
});
