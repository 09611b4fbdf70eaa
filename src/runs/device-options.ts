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
  /** Seconds without an answer after which a device is taken for lost; default: 300. */
  readonly hangAfter?: number | undefined;
}

/** Options of an engine that opens its device itself. */
export type NamedDevice = EngineOptions & { readonly device: DeviceChoice };

/** @throws UsageError when an adapter, or something of it, is asked for where none is used */
export function engineOptions({
  device = "auto",
  adapter,
  power,
  robustness = true,
  hangAfter,
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
    ...(hangAfter === undefined ? {} : { hangAfter }),
  };
}

/** Says why where it is the CPU that computes though nobody asked for it. */
export function warnOfCpu({ backend: { unavailable } }: Engine, warn: (text: string) => void): void {
  if (unavailable !== undefined) warn(`warning: the CPU computes, slowly: ${unavailable.message}`);
}

/** @throws as openEngine */
export async function openNamedEngine(where: NamedDevice, warn: (text: string) => void): Promise<Engine> {
  const engine = await openEngine(where);
  warnOfCpu(engine, warn);
  return engine;
}
