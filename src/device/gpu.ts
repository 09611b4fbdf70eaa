// The WebGPU device: choosing an adapter, asking for all it has, and keeping its errors until someone can catch them.

import {
  DeviceLostError,
  DeviceUnavailableError,
  KernelError,
  OutOfMemoryError,
  TesseraError,
} from "../errors/errors.ts";
import { deviceWords } from "./device-words.ts";
import { provider } from "./provider.ts";
import { inNode, noAdapter } from "./home.ts";
import { adapterName, deviceTraits, optionalFeatures, traitsOf, type AdapterTraits } from "./traits.ts";

export interface DeviceRequest {
  readonly powerPreference?: "low-power" | "high-performance";
  /** Take the first adapter whose name or description contains this text (case does not matter). */
  readonly adapterName?: string;
  /**
   * Whether the device keeps shaders within their buffers and ends loops that would not end, as WebGPU demands. Default true. False, in
   * Node only, leaves out these checks, and what goes wrong in a shader may then do anything: see docs/kernels.md.
   */
  readonly robustness?: boolean;
}

/** A device with its traits, its first uncaught error, and its end. */
export interface Gpu {
  readonly device: GPUDevice;
  readonly traits: AdapterTraits;
  /** Throws the first error the device reported since the last check, or DeviceLostError once it is gone. */
  check(): void;
  /** Resolves when the device is gone, with the reason; never rejects. */
  readonly lost: Promise<DeviceLostError>;
  /** Destroys the device; what lives on it is gone. Safe to call twice. */
  destroy(): void;
}

/** Every adapter that can be reached, each once, the preferred first; `robustness` as in `DeviceRequest`. */
export async function listAdapters(robustness = true): Promise<GPUAdapter[]> {
  const gpu = await provider(robustness);
  const requests: GPURequestAdapterOptions[] = [
    { powerPreference: "high-performance" },
    { powerPreference: "low-power" },
    { forceFallbackAdapter: true },
  ];
  const found = new Map<string, GPUAdapter>();
  for (const request of requests) {
    const adapter = await gpu.requestAdapter(request);
    if (adapter === null) continue;
    const { vendor, architecture, device, description } = adapter.info;
    const key = [vendor, architecture, device, description].join("|");
    if (!found.has(key)) found.set(key, adapter);
  }
  return [...found.values()];
}

async function chooseAdapter(request: DeviceRequest): Promise<GPUAdapter> {
  const wanted = request.adapterName?.toLowerCase();
  if (wanted === undefined) {
    const gpu = await provider(request.robustness);
    const adapter = await gpu.requestAdapter({
      powerPreference: request.powerPreference ?? "high-performance",
    });
    if (adapter !== null) return adapter;
    throw new DeviceUnavailableError(noAdapter());
  }
  const adapters = await listAdapters(request.robustness);
  const match = adapters.find(({ info }) =>
    `${info.device} ${info.description} ${info.vendor} ${info.architecture}`.toLowerCase().includes(wanted),
  );
  if (match !== undefined) return match;
  const names = adapters.map(({ info }) => `"${adapterName(info)}"`).join(", ");
  throw new DeviceUnavailableError(
    `no WebGPU adapter is named like "${request.adapterName ?? ""}"; found: ${names === "" ? "none" : names}`,
  );
}

/** All limits of the adapter, so that the engine may use large buffers and workgroups where there are any. */
function allLimits(adapter: GPUAdapter): Record<string, number> {
  const limits: Record<string, number> = {};
  for (const name in adapter.limits) {
    const value: unknown = adapter.limits[name as keyof GPUSupportedLimits];
    if (typeof value === "number") limits[name] = value;
  }
  return limits;
}

/** Says in Tessera's words what kind of error the device reported. */
function describeDeviceError(error: GPUError): TesseraError {
  const kind = error.constructor.name;
  if (kind === "GPUOutOfMemoryError") {
    return new OutOfMemoryError(`the device is out of memory: ${deviceWords(error.message)}`, {
      cause: error,
    });
  }
  return new KernelError(`the device rejected a launch: ${deviceWords(error.message)}`, { cause: error });
}

/**
 * Opens a device on the adapter that fits the request, with every limit the adapter has.
 * @throws DeviceUnavailableError when no adapter fits or the adapter gives no device
 */
export async function openGpu(request: DeviceRequest = {}): Promise<Gpu> {
  const adapter = await chooseAdapter(request);
  const features = optionalFeatures.filter((feature) => adapter.features.has(feature));
  const traits = traitsOf(adapter, features);
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({
      label: "tessera",
      requiredFeatures: features as GPUFeatureName[],
      requiredLimits: allLimits(adapter),
    });
  } catch (cause) {
    throw new DeviceUnavailableError(
      `adapter "${traits.name}" refused a device: ${deviceWords((cause as Error).message)}${inNode() ? "; try another with --adapter NAME" : ""}`,
      { cause },
    );
  }

  return watched(device, traits, true);
}

/**
 * Takes a device that somebody else made and keeps: its features and limits are what there is, and it is not destroyed here. Its
 * uncaptured errors are kept as those of a device of ours, until it is let go.
 */
export function adoptGpu(device: GPUDevice): Gpu {
  return watched(device, deviceTraits(device), false);
}

function watched(device: GPUDevice, traits: AdapterTraits, isOurs: boolean): Gpu {
  const destroyed = `the device "${traits.name}" was destroyed by this program; open another engine`;
  let firstError: TesseraError | undefined;
  let gone: DeviceLostError | undefined;
  const keep = (event: GPUUncapturedErrorEvent): void => {
    event.preventDefault(); // kept and thrown, not printed
    firstError ??= describeDeviceError(event.error);
  };
  device.addEventListener("uncapturederror", keep);
  const whenLost = device.lost.then((info) => {
    gone = new DeviceLostError(
      info.reason === "destroyed"
        ? destroyed
        : `the device "${traits.name}" was lost: ${info.message}; what lived on it is gone, open another engine`,
    );
    return gone;
  });

  let isOver = false;
  return {
    device,
    traits,
    lost: whenLost,
    check() {
      if (gone !== undefined) throw gone;
      if (isOver) throw new DeviceLostError(destroyed);
      const error = firstError;
      firstError = undefined;
      if (error !== undefined) throw error;
    },
    destroy() {
      if (isOver) return;
      isOver = true;
      // What is still under way on a device of ours may fail once it is gone, and is nobody's concern.
      if (isOurs) device.destroy();
      else device.removeEventListener("uncapturederror", keep);
    },
  };
}
