// The WebGPU device: choosing an adapter, asking for all it has, and keeping its errors until someone can catch them.

import {
  DeviceLostError,
  DeviceUnavailableError,
  KernelError,
  OutOfMemoryError,
  TesseraError,
} from "../errors/errors.ts";
import { deviceGist, deviceWords } from "./device-words.ts";
import { provider } from "./provider.ts";
import { inNode, noAdapter } from "./home.ts";
import { adapterName, deviceTraits, optionalFeatures, traitsOf, type AdapterTraits } from "./traits.ts";
import { noted, noteHang } from "./waits.ts";

/** Seconds: no step that is worth taking is that long, and a driver that notices a hang by itself does so much sooner. */
export const defaultHangAfter = 300;

export interface DeviceRequest {
  readonly powerPreference?: "low-power" | "high-performance";
  /** Take the first adapter whose name or description contains this text (case does not matter). */
  readonly adapterName?: string;
  /**
   * Whether the device keeps shaders within their buffers and ends loops that would not end, as WebGPU demands. Default true. False, in
   * Node only, leaves out these checks, and what goes wrong in a shader may then do anything: see docs/kernels.md.
   */
  readonly robustness?: boolean;
  /**
   * Seconds without an answer after which the device is taken for lost: one that hangs is never reported by some drivers. Default 300;
   * a single step that takes longer needs more.
   */
  readonly hangAfter?: number;
}

/** A device with its traits, its first uncaught error, and its end. */
export interface Gpu {
  readonly device: GPUDevice;
  readonly traits: AdapterTraits;
  /** Throws the first error the device reported since the last check, or DeviceLostError once it is gone. */
  check(): void;
  /** Keeps an error for the next `check`, before those that follow from it: of what a refused buffer was bound to. */
  fail(error: OutOfMemoryError): void;
  /** Resolves when the device is gone, with the reason; never rejects. */
  readonly lost: Promise<DeviceLostError>;
  /** Why the device is gone, asked after something failed; undefined where it is there. */
  loss(): Promise<DeviceLostError | undefined>;
  /** Waits for what the device was asked for. @throws DeviceLostError where it does not answer, see `hangAfter` */
  answer<Result>(asked: Promise<Result>): Promise<Result>;
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

/** Milliseconds. */
const lossIsToldWithin = 100;

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What a driver says of a loss, without what the implementation was at. */
const firstWords = (message: string): string => deviceGist(message).split("; ")[0] || "without a reason";

/** Says in Tessera's words what kind of error the device reported. */
function describeDeviceError(error: GPUError, name: string): TesseraError {
  const kind = error.constructor.name;
  if (kind === "GPUOutOfMemoryError") {
    return new OutOfMemoryError(
      `the device "${name}" is out of memory; use a smaller batch or image, or end what else uses it`,
      { cause: error },
    );
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

  return watched(device, traits, true, request.hangAfter);
}

/**
 * Takes a device that somebody else made and keeps: its features and limits are what there is, and it is not destroyed here. Its
 * uncaptured errors are kept as those of a device of ours, until it is let go.
 */
export function adoptGpu(device: GPUDevice, hangAfter?: number): Gpu {
  return watched(device, deviceTraits(device), false, hangAfter);
}

function watched(
  device: GPUDevice,
  traits: AdapterTraits,
  isOurs: boolean,
  hangAfter = defaultHangAfter,
): Gpu {
  const destroyed = `the device "${traits.name}" was destroyed by this program; open another engine`;
  let firstError: TesseraError | undefined;
  let gone: DeviceLostError | undefined;
  const keep = (event: GPUUncapturedErrorEvent): void => {
    event.preventDefault(); // kept and thrown, not printed
    // What is to use a refused buffer is refused, too; the buffer is told, and what needs it left out.
    if (
      /^\[Invalid (?:Buffer|BindGroup|CommandBuffer)\b[^\]]*\] is invalid due to a previous error/.test(
        event.error.message,
      )
    )
      return;
    firstError ??= describeDeviceError(event.error, traits.name);
  };
  device.addEventListener("uncapturederror", keep);
  const waiting = new Set<(loss: DeviceLostError) => void>();
  let tell: (loss: DeviceLostError) => void;
  const whenLost = new Promise<DeviceLostError>((resolve) => (tell = resolve));
  const lose = (message: string, isForMemory = false): DeviceLostError => {
    if (gone === undefined) {
      gone = new DeviceLostError(message, { isForMemory });
      tell(gone);
      // Nobody waits for an answer of a device that is gone.
      for (const fail of [...waiting]) fail(gone);
    }
    return gone;
  };
  void device.lost.then((info) => {
    // Not for a buffer of ours, which would have been told: for what the implementation needs beside them.
    const isForMemory = info.reason !== "destroyed" && /out.of.(?:\w+.)?memory/i.test(info.message);
    lose(
      info.reason === "destroyed"
        ? destroyed
        : isForMemory
          ? `the device "${traits.name}" had not the memory that WebGPU needs beside the buffers, and was lost; use a smaller batch or image`
          : `the device "${traits.name}" was lost: ${firstWords(info.message)}; what lived on it is gone, open another engine`,
      isForMemory,
    );
  });

  let isOver = false;
  let hangs = false;
  return {
    device,
    traits,
    lost: whenLost,
    fail(error) {
      if (!(firstError instanceof OutOfMemoryError)) firstError = error;
    },
    async loss() {
      // Drivers tell in a turn of their own, and Dawn in Node only while something is waited for.
      const asked = device.queue.onSubmittedWorkDone().catch(() => undefined);
      if (gone === undefined) await Promise.race([asked, pause(lossIsToldWithin)]);
      if (gone === undefined) await pause(0);
      return gone;
    },
    answer: (asked) => {
      if (gone !== undefined) {
        asked.catch(() => undefined);
        return Promise.reject(gone);
      }
      return noted(
        new Promise((resolve, reject) => {
          const end = (): void => {
            waiting.delete(fail);
            clearTimeout(timer);
          };
          const fail = (loss: DeviceLostError): void => {
            end();
            reject(loss);
          };
          const hang = (): void => {
            hangs = true;
            noteHang();
            lose(
              `the device "${traits.name}" has not answered for ${hangAfter} s and is taken for lost (hangAfter` +
                `${inNode() ? " or --hang-after" : ""} says how long one step may take); open another engine`,
            );
          };
          // Once more, in case the answer is there and this thread was too busy to hear it.
          let timer = setTimeout(
            () => (timer = setTimeout(hang, 1000)),
            Math.min(1000 * hangAfter, 2 ** 31 - 1),
          );
          waiting.add(fail);
          asked.then(resolve, reject).finally(end);
        }),
      );
    },
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
      // It would wait for ever.
      if (hangs) return;
      // What is still under way on a device of ours may fail once it is gone, and is nobody's concern.
      if (isOurs) device.destroy();
      else device.removeEventListener("uncapturederror", keep);
    },
  };
}
