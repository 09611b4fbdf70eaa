// A machine without an adapter: `auto` computes on the reference backend, whoever asked for WebGPU is told. The WebGPU
// entry point of this process is replaced by one that finds nothing, before anything asks for it.

import { describe, expect, test } from "vitest";
import { DeviceUnavailableError } from "../../src/errors/errors.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";

(globalThis as Record<symbol, unknown>)[Symbol.for("tessera.webgpu")] = Promise.resolve({
  requestAdapter: () => Promise.resolve(null),
});

describe("without an adapter", () => {
  test("auto takes the reference backend", async () => {
    using engine = await openEngine({ device: "auto" });
    expect(engine.backend.kind).toBe("reference");
    expect(await engine.tensor(2).item()).toBe(2);
  });

  test("auto with `checked` computes nowhere: there are no kernels to check", async () => {
    await expect(openEngine({ device: "auto", checked: true })).rejects.toThrow(DeviceUnavailableError);
    using engine = await openEngine({ device: "reference", checked: true });
    expect(engine.backend.kind).toBe("reference");
  });

  test("webgpu, or an adapter by name, is an error that says what to do", async () => {
    await expect(openEngine({ device: "webgpu" })).rejects.toThrow(DeviceUnavailableError);
    await expect(openEngine({ device: "webgpu" })).rejects.toThrow(
      /install a Vulkan driver.*--device reference/,
    );
    await expect(openEngine({ device: "auto", adapterName: "some" })).rejects.toThrow(/"some"; found: none/);
  });
});
