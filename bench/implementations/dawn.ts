// The WebGPU of this process, for peers that look for it at `navigator.gpu`.

import { openEngine } from "@tessera-gpu/tessera";

/**
 * Dawn, as Tessera loads and keeps it: one instance for everyone in the process. Peers thereby wait as Tessera does,
 * without taking a core from a software GPU.
 */
export async function dawn(): Promise<GPU> {
  (await openEngine({ device: "webgpu" })).close();
  const kept = (globalThis as Record<symbol, unknown>)[Symbol.for("tessera.webgpu")];
  if (!(kept instanceof Promise))
    throw new Error("Tessera keeps Dawn elsewhere now; see src/device/provider.ts");
  return kept as Promise<GPU>;
}
