// How many launches a piece of work takes, whoever's it is: dispatches of this process, counted where they are encoded.

import { globals } from "webgpu";

interface Encoder {
  dispatchWorkgroups: (this: Encoder, x: number, y?: number, z?: number) => void;
  dispatchWorkgroupsIndirect: (this: Encoder, buffer: GPUBuffer, offset: number) => void;
}

/**
 * The dispatches that a piece of work encodes. It takes time and is not timed.
 *
 * @returns 0 where it computes elsewhere than on WebGPU
 */
export async function launchesOf(work: () => Promise<unknown>): Promise<number> {
  const { prototype } = (globals as { GPUComputePassEncoder: { prototype: Encoder } }).GPUComputePassEncoder;
  const { dispatchWorkgroups, dispatchWorkgroupsIndirect } = prototype;
  let count = 0;
  prototype.dispatchWorkgroups = function (...counts) {
    count++;
    dispatchWorkgroups.call(this, ...counts);
  };
  prototype.dispatchWorkgroupsIndirect = function (...place) {
    count++;
    dispatchWorkgroupsIndirect.call(this, ...place);
  };
  try {
    await work();
  } finally {
    Object.assign(prototype, { dispatchWorkgroups, dispatchWorkgroupsIndirect });
  }
  return count;
}
