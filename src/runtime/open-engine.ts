// Opening an engine: on which device it computes.

import { aFlag, aRecord, aString, expectOptions, oneOf, type OptionChecks } from "../errors/arguments.ts";
import { DeviceUnavailableError, UsageError } from "../errors/errors.ts";
import { openGpu, type DeviceRequest } from "../device/gpu.ts";
import { Engine } from "./engine.ts";
import { ReferenceBackend } from "./reference-backend.ts";
import { WebGpuBackend, type WebGpuOptions } from "./webgpu/webgpu-backend.ts";

export const deviceChoices = ["auto", "webgpu", "reference"] as const;
export type DeviceChoice = (typeof deviceChoices)[number];

export interface EngineOptions extends DeviceRequest, WebGpuOptions {
  /** `auto` takes WebGPU where there is an adapter and the reference backend elsewhere. Default `auto`. */
  readonly device?: DeviceChoice;
}

const engineOptions: OptionChecks<EngineOptions> = {
  device: aString,
  powerPreference: oneOf(["low-power", "high-performance"]),
  adapterName: aString,
  candidates: aRecord,
  tuning: aRecord,
  checked: aFlag,
};

/**
 * Opens an engine on WebGPU or on the CPU reference.
 * @throws DeviceUnavailableError when WebGPU was asked for and there is no adapter, UsageError for an unknown device
 *   or option
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  expectOptions("openEngine", options, engineOptions);
  const choice: string = options.device ?? "auto";
  if (choice === "reference") return new Engine(new ReferenceBackend());
  if (choice !== "webgpu" && choice !== "auto") {
    throw new UsageError(`openEngine: unknown device "${choice}"; choose one of ${deviceChoices.join(", ")}`);
  }
  try {
    return new Engine(new WebGpuBackend(await openGpu(options), options));
  } catch (error) {
    // A named adapter that is missing is a mistake to report, not a reason to compute elsewhere; and there are no kernels to
    // check elsewhere.
    const mayFallBack = choice === "auto" && options.adapterName === undefined && options.checked !== true;
    if (mayFallBack && error instanceof DeviceUnavailableError) return new Engine(new ReferenceBackend());
    throw error;
  }
}
