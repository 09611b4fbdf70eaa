// A launch of a program, ready to be encoded: replays and the timer run the same ones.

import type { LoweredLaunch } from "./lowering.ts";

/** A launch with everything bound. */
export interface BoundLaunch {
  readonly lowered: LoweredLaunch;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
}
