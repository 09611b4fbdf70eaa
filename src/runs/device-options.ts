// On which device a run computes, as commands and run records name it.

import { UsageError } from "../errors/errors.ts";
import type { Engine } from "../runtime/engine.ts";
import { openEngine, type DeviceChoice, type EngineOptions } from "../runtime/open-engine.ts";

export interface DeviceOptions {
  /** Default `auto`: WebGPU where there is an adapter, else the CPU reference. */
  readonly device?: DeviceChoice;
  /** Part of the adapter's name. */
  readonly adapter?: string | undefined;
  readonly power?: "low-power" | "high-performance" | undefined;
  /** Default true; see `EngineOptions`. */
  readonly robustness?: boolean | undefined;
}

/** Options of an engine that opens its device itself. */
export type NamedDevice = EngineOptions & { readonly device: DeviceChoice };

/** @throws UsageError when an adapter, or something of it, is asked for where none is used */
export function engineOptions({
  device = "auto",
  adapter,
  power,
  robustness = true,
}: DeviceOptions): NamedDevice {
  if (device === "reference" && (adapter !== undefined || power !== undefined)) {
    const option = adapter === undefined ? "--power" : "--adapter";
    throw new UsageError(
      `${option} chooses a WebGPU adapter, and --device reference uses none; leave one of them out`,
    );
  }
  if (device === "reference" && !robustness) {
    throw new UsageError(
      "--no-robustness is for WebGPU, and --device reference uses none; leave one of them out",
    );
  }
  return {
    device,
    ...(adapter === undefined ? {} : { adapterName: adapter }),
    ...(power === undefined ? {} : { powerPreference: power }),
    ...(robustness ? {} : { robustness }),
  };
}

/**
 * Opens an engine for work that a person waits for, and says why where it is the CPU that computes though nobody asked for it.
 * @throws as openEngine
 */
export async function openNamedEngine(where: NamedDevice, warn: (text: string) => void): Promise<Engine> {
  const engine = await openEngine(where);
  const { unavailable } = engine.backend;
  if (unavailable !== undefined) warn(`warning: the CPU computes, slowly: ${unavailable.message}`);
  return engine;
}
