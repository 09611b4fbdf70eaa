// Devices that are lost on the way: after so many submits, as by a driver that resets a GPU.

import { afterEach, beforeEach } from "vitest";
import { provider } from "../src/device/provider.ts";

const lasting = Symbol.for("tessera.webgpu");
type Held = { [lasting]?: Promise<GPU> };

export interface Losses {
  /** After how many of its submits each device that is opened from now on is destroyed; those beyond the list stay. */
  plan: readonly number[];
  /** Devices that were opened, and submits of each. */
  readonly submits: number[];
}

/** Within the tests of this block, devices are lost as planned. */
export function useLosses(): Losses {
  const losses: { plan: readonly number[]; submits: number[] } = { plan: [], submits: [] };
  let before: Promise<GPU> | undefined;
  beforeEach(async () => {
    const real = await provider();
    before = (globalThis as Held)[lasting];
    losses.plan = [];
    losses.submits.length = 0;
    (globalThis as Held)[lasting] = Promise.resolve(losing(real, losses));
  });
  afterEach(() => {
    if (before !== undefined) (globalThis as Held)[lasting] = before;
  });
  return losses;
}

function losing(real: GPU, losses: { plan: readonly number[]; submits: number[] }): GPU {
  return {
    requestAdapter: async (request: GPURequestAdapterOptions) => {
      const adapter = await real.requestAdapter(request);
      if (adapter === null) return null;
      const requestDevice = adapter.requestDevice.bind(adapter);
      Object.defineProperty(adapter, "requestDevice", {
        value: async (descriptor: GPUDeviceDescriptor) => {
          const device = await requestDevice(descriptor);
          const own = losses.submits.push(0) - 1;
          const { queue } = device;
          const submit = queue.submit.bind(queue);
          Object.defineProperty(queue, "submit", {
            value: (buffers: GPUCommandBuffer[]) => {
              submit(buffers);
              if (++losses.submits[own] === losses.plan.at(own)) device.destroy();
            },
          });
          Object.defineProperty(device, "queue", { value: queue });
          return device;
        },
      });
      return adapter;
    },
  } as unknown as GPU;
}
