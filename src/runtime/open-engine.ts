// Opening an engine: on which device it computes.

import {
  aFlag,
  aNumberAbove,
  aRecord,
  aString,
  expectArgument,
  expectOptions,
  oneOf,
  type OptionChecks,
} from "../errors/arguments.ts";
import { DeviceUnavailableError, UsageError } from "../errors/errors.ts";
import { suggestion } from "../errors/nearest.ts";
import { builtInNames } from "../operators/registry.ts";
import { adoptGpu, openGpu, type DeviceRequest, type Gpu } from "../device/gpu.ts";
import { Engine } from "./engine.ts";
import { warnOfForgotten, type ForgottenTensor } from "./live-tensors.ts";
import { ReferenceBackend } from "./reference-backend.ts";
import { WebGpuBackend, type WebGpuOptions } from "./webgpu/webgpu-backend.ts";

export const deviceChoices = ["auto", "webgpu", "reference"] as const;
export type DeviceChoice = (typeof deviceChoices)[number];

export interface EngineOptions extends DeviceRequest, WebGpuOptions {
  /**
   * `auto` takes WebGPU where there is an adapter and the reference backend elsewhere. Default `auto`. A `GPUDevice` of the program's
   * is used as it is, with the features and limits that it was made with, and left to it when the engine is closed.
   */
  readonly device?: DeviceChoice | GPUDevice;
  /**
   * To find leaks: tells of each tensor that was forgotten outside every scope, with the line that made it, once the garbage collector has
   * found it: on the console, or to a function. Slow, since each tensor notes where it is made. Default false.
   */
  readonly traceTensors?: boolean | ((forgotten: ForgottenTensor) => void);
}

function isDevice(value: unknown): value is GPUDevice {
  const { createShaderModule, queue, limits } = (value ?? {}) as Partial<GPUDevice>;
  return typeof createShaderModule === "function" && queue !== undefined && limits !== undefined;
}

const engineOptions: OptionChecks<EngineOptions> = {
  device: {
    words: `one of ${deviceChoices.join(", ")}, or a GPUDevice`,
    fits: (value) => typeof value === "string" || isDevice(value),
  },
  powerPreference: oneOf(["low-power", "high-performance"]),
  adapterName: aString,
  robustness: aFlag,
  hangAfter: aNumberAbove(0),
  candidates: aRecord,
  tuning: aRecord,
  checked: aFlag,
  traceTensors: {
    words: "true, false, or a function",
    fits: (value) => typeof value === "boolean" || typeof value === "function",
  },
};

/**
 * A name that is near a built-in operator's is taken for a slip; any other may be an operator's of the user's, which is known
 * when it runs. A name with a slash says whose it is and is never a slip.
 */
function expectOperator(name: string): void {
  if (name === "*" || builtInNames.has(name) || name.includes("/")) return;
  const near = suggestion(name, [...builtInNames]);
  if (near === "") return;
  throw new UsageError(
    `openEngine: candidates: there is no operator "${name}"${near} For one of your own by a name so near, use ` +
      `engine.withCandidate, or a name that says whose it is, such as "mine/${name}"`,
  );
}

function expectCandidates({ candidates = {}, tuning = {} }: EngineOptions): void {
  for (const [operator, name] of Object.entries(candidates)) {
    expectOperator(operator);
    expectArgument("openEngine", `candidates["${operator}"]`, name, aString);
  }
  for (const [work, name] of Object.entries(tuning)) {
    // No slips: the tuner writes them, those of a user's operators as well, whatever they are called.
    if (!work.includes(" ")) {
      throw new UsageError(
        `openEngine: tuning: "${work}" is no key of a tuning file, an operator with shapes and attributes; the option ` +
          "candidates takes operators by name",
      );
    }
    expectArgument("openEngine", `tuning["${work}"]`, name, aString);
  }
}

/** @throws UsageError for options of a device that is there already */
function adopted(device: GPUDevice, options: EngineOptions): Gpu {
  for (const option of ["powerPreference", "adapterName", "robustness"] as const) {
    if (options[option] === undefined) continue;
    throw new UsageError(
      `openEngine: ${option} chooses how a device is opened, and device is a GPUDevice already; leave one of them out`,
    );
  }
  return adoptGpu(device, options.hangAfter);
}

/**
 * Opens an engine on WebGPU, on a device of the program's own, or on the CPU reference.
 * @throws DeviceUnavailableError when WebGPU was asked for and there is no adapter, UsageError for an unknown device
 *   or option, and for candidates of an operator whose name is nearly that of a built-in one
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  expectOptions("openEngine", options, engineOptions);
  expectCandidates(options);
  if (options.checked === true && options.robustness === false) {
    throw new UsageError(
      "openEngine: a checked engine looks for what WebGPU drops, and without robustness nothing is dropped; leave one of " +
        "checked and robustness out",
    );
  }
  const { device, traceTensors = false } = options;
  const forgotten = traceTensors === true ? warnOfForgotten : traceTensors || undefined;
  if (isDevice(device)) return new Engine(new WebGpuBackend(adopted(device, options), options), forgotten);
  const choice: string = device ?? "auto";
  if (choice === "reference") return new Engine(new ReferenceBackend(), forgotten);
  if (choice !== "webgpu" && choice !== "auto") {
    throw new UsageError(`openEngine: unknown device "${choice}"; choose one of ${deviceChoices.join(", ")}`);
  }
  try {
    return new Engine(new WebGpuBackend(await openGpu(options), options), forgotten);
  } catch (error) {
    // A named adapter that is missing is a mistake to report, not a reason to compute elsewhere; and there are no kernels to
    // check elsewhere.
    const mayFallBack = choice === "auto" && options.adapterName === undefined && options.checked !== true;
    if (mayFallBack && error instanceof DeviceUnavailableError)
      return new Engine(new ReferenceBackend(error), forgotten);
    throw error;
  }
}
