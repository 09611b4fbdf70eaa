// The ten steps of training in Node, from the same sources.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export async function trainTenInNode(bundled) {
  // In the checkout, where the binding is found; a bundle for pages has none in it, so the provider is put at navigator.gpu.
  const folder = mkdtempSync(join(root, ".runtime-"));
  try {
    const file = join(folder, "checks.mjs");
    writeFileSync(file, await bundled("test/runtimes/checks.ts"));
    const { create, globals } = await import("webgpu");
    Object.assign(globalThis, globals);
    const gpu = create([]);
    Object.defineProperty(globalThis.navigator ?? (globalThis.navigator = {}), "gpu", {
      value: gpu,
      configurable: true,
    });
    globalThis.tesseraRuntimeGpu = gpu;
    const { trainTen, openEngine } = await import(pathToFileURL(file));
    const engine = await openEngine({ device: "webgpu" });
    try {
      return await trainTen(engine);
    } finally {
      engine.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
