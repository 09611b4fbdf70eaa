// On which device a run computes, as commands and run records name it.

import { UsageError } from "../errors/errors.ts";
import type { DeviceChoice, EngineOptions } from "../runtime/open-engine.ts";

export interface DeviceOptions {
  /** Default `auto`: WebGPU where there is an adapter, else the CPU reference. */
  readonly device?: DeviceChoice;
  /** Part of the adapter's name. */
  readonly adapter?: string | undefined;
  readonly power?: "low-power" | "high-performance" | undefined;
}

/** @throws UsageError when an adapter is asked for where none is used */
export function engineOptions({ device = "auto", adapter, power }: DeviceOptions): EngineOptions {
  if (device === "reference" && (adapter !== undefined || power !== undefined)) {
    const option = adapter === undefined ? "--power" : "--adapter";
    throw new UsageError(
      `${option} chooses a WebGPU adapter, and --device reference uses none; leave one of them out`,
    );
  }
  return {
    device,
    ...(adapter === undefined ? {} : { adapterName: adapter }),
    ...(power === undefined ? {} : { powerPreference: power }),
  };
}
