// Started by adapter.mjs: prints {"adapter": NAME}, {"bindingError": WHY} or {} and ends.

import { writeSync } from "node:fs";

function answer(value) {
  // Synchronous, and then straight out: tearing Dawn down in order is not worth the risk here.
  writeSync(1, `${JSON.stringify(value)}\n`);
  process.exit(0);
}

let webgpu;
try {
  webgpu = await import("webgpu");
} catch (error) {
  answer({ bindingError: error.message.split("\n")[0] });
}

try {
  // On globalThis because Dawn crashes when this object is collected while an adapter or device lives.
  globalThis.gpu = webgpu.create([]);
  const adapter = await globalThis.gpu.requestAdapter();
  if (!adapter) answer({});
  const { description, device, vendor, isFallbackAdapter } = adapter.info;
  // Some drivers list an adapter that then cannot make a device (20 ms with lavapipe).
  const made = await adapter.requestDevice();
  const name = description || device || vendor || "unnamed";
  if (made) answer({ adapter: isFallbackAdapter ? `${name} (software)` : name });
} catch (error) {
  console.error(`Error: ${error.message}`);
}
answer({});
