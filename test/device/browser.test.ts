// In a browser: its own WebGPU is taken, and where it has none somebody is told so, not that a package of Node is missing.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { bringsWebGpu, runtimeName } from "../../src/device/home.ts";
import { provider } from "../../src/device/provider.ts";
import { DeviceUnavailableError } from "../../src/errors/errors.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";

const holder = globalThis as Record<symbol, unknown>;
const lasting = Symbol.for("tessera.webgpu");
const nextTick = process.nextTick.bind(process);

beforeEach(() => {
  holder[lasting] = undefined;
  // What vitest itself needs of it stays.
  vi.stubGlobal("process", { nextTick });
});
afterEach(() => {
  holder[lasting] = undefined;
  vi.unstubAllGlobals();
});

test("the browser's WebGPU is taken", async () => {
  const gpu = { requestAdapter: () => Promise.resolve(null) };
  vi.stubGlobal("navigator", { gpu });
  expect(await provider()).toBe(gpu);
});

test("a browser without WebGPU is named as such, and auto computes on the CPU", async () => {
  vi.stubGlobal("navigator", {});
  const refused = openEngine({ device: "webgpu" });
  await expect(refused).rejects.toThrow(DeviceUnavailableError);
  await expect(refused).rejects.toThrow(
    /^this browser has no WebGPU .*openEngine\(\{ device: "reference" \}\) computes on the CPU/,
  );
  using engine = await openEngine();
  expect(engine.backend.kind).toBe("reference");
});

test("a page that is no secure context is told what it needs", async () => {
  vi.stubGlobal("navigator", {});
  vi.stubGlobal("isSecureContext", false);
  await expect(openEngine({ device: "webgpu" })).rejects.toThrow(/^this page is no secure context.*https/);
});

test("where there is no adapter, nobody is told to install a driver or to pass an option", async () => {
  vi.stubGlobal("navigator", { gpu: { requestAdapter: () => Promise.resolve(null) } });
  const refused = openEngine({ device: "webgpu" });
  await expect(refused).rejects.toThrow(/^this browser has WebGPU, but no adapter/);
  await expect(refused).rejects.not.toThrow(/driver|--device/);
});

test.each([
  [{ Deno: { version: { deno: "2.9.6" } } }, "Deno 2.9.6"],
  [{ Bun: { version: "1.4.0" } }, "Bun 1.4.0"],
  [{ navigator: { userAgent: "Mozilla/5.0 Firefox/153.0" } }, "Mozilla/5.0 Firefox/153.0"],
])("%j is called %s", (globals, name) => {
  for (const [each, value] of Object.entries(globals)) vi.stubGlobal(each, value);
  expect(runtimeName()).toBe(name);
});

test("Node is called by its version, and its WebGPU is a package's", () => {
  vi.unstubAllGlobals();
  expect(runtimeName()).toBe(`Node ${process.versions.node}`);
  expect(bringsWebGpu()).toBe(false);
});
