// Devices that are lost on the way: after so many submits, as by a driver that resets a GPU.

import { afterEach, beforeEach } from "vitest";
import { losingGpu, providerSymbol } from "../scripts/losing-gpu.mjs";
import { provider } from "../src/device/provider.ts";

type Held = { [providerSymbol]?: Promise<GPU> };

export interface Losses {
  /** After how many of its submits each device that is opened from now on is destroyed; those beyond the list stay. */
  plan: readonly number[];
  /** Devices that were opened, and submits of each. */
  readonly submits: number[];
}

/** Within the tests of this block, devices are lost as planned. */
export function useLosses(): Losses {
  const losses: Losses = { plan: [], submits: [] };
  let before: Promise<GPU> | undefined;
  beforeEach(async () => {
    const real = await provider();
    before = (globalThis as Held)[providerSymbol];
    losses.plan = [];
    losses.submits.length = 0;
    (globalThis as Held)[providerSymbol] = Promise.resolve(losingGpu(real, losses));
  });
  afterEach(() => {
    if (before !== undefined) (globalThis as Held)[providerSymbol] = before;
  });
  return losses;
}
