// Options that several commands share, read and checked.

import { InvalidArgumentError } from "commander";
import type { DeviceChoice, EngineOptions } from "../runtime/index.ts";

/** A parser of whole numbers of at least `minimum`. */
export function wholeNumber(option: string, minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < minimum || value > 2 ** 31) {
      throw new InvalidArgumentError(`${option} takes a whole number of at least ${minimum}.`);
    }
    return value;
  };
}

/** What `--device`, `--adapter` and `--power` came to. */
export interface DeviceOptions {
  readonly device: DeviceChoice;
  readonly adapter?: string;
  readonly power?: "low-power" | "high-performance";
}

export function engineOptions({ device, adapter, power }: DeviceOptions): EngineOptions {
  return {
    device,
    ...(adapter === undefined ? {} : { adapterName: adapter }),
    ...(power === undefined ? {} : { powerPreference: power }),
  };
}
