// Which backend computes a run.

import type { Engine } from "../runtime/engine.ts";
import type { AnyRecord } from "./run-record.ts";

/** Which backend computes, on what. */
export function computedOn({
  backend,
  traits,
}: Pick<Engine, "backend" | "traits">): Pick<AnyRecord, "device" | "adapter" | "driver"> {
  const device = backend.kind === "webgpu" ? "webgpu" : "reference";
  return { device, adapter: traits.name, driver: traits.description };
}
