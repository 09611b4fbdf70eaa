// The device that the worker computes on: the first one, and another one when it was lost.

import { DeviceUnavailableError, openEngine, type Engine } from "@tessera-gpu/tessera";
import type { Adapter, Setup } from "../protocol.ts";

export interface Opened {
  readonly engine: Engine;
  readonly adapter: Adapter;
}

/** @throws DeviceUnavailableError where WebGPU and nothing else was asked for */
export async function openDevice(device: Setup["device"]): Promise<Opened> {
  if (device !== "reference") {
    try {
      const engine = await openEngine({ device: "webgpu" });
      return {
        engine,
        adapter: { device: "webgpu", name: engine.traits.name, isSoftware: engine.traits.isSoftware },
      };
    } catch (error) {
      if (device === "webgpu" || !(error instanceof DeviceUnavailableError)) throw error;
      const engine = await openEngine({ device: "reference" });
      return { engine, adapter: { ...reference, why: error.message.replace(/; openEngine.*/, "") } };
    }
  }
  return { engine: await openEngine({ device: "reference" }), adapter: reference };
}

const reference: Adapter = { device: "reference", name: "the CPU, in JavaScript", isSoftware: true };

/** Seconds between attempts: a driver that was reset takes a moment. */
const waits = [0, 0.5, 1, 2, 4];

/** A device in the place of one that was lost. The reference where there is none any more and any will do. */
export async function openAgain(device: Setup["device"], signal: AbortSignal): Promise<Opened> {
  for (const wait of waits) {
    await new Promise((resolve) => setTimeout(resolve, 1000 * wait));
    signal.throwIfAborted();
    try {
      return await openDevice(device === "reference" ? device : "webgpu");
    } catch {
      // The next attempt, and after the last one the line below.
    }
  }
  return await openDevice(device);
}
