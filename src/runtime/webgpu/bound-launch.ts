// A launch of a program, ready to be encoded: replays and the timer run the same ones.

import type { Dispatch } from "./dispatch.ts";
import type { LoweredLaunch } from "./lowering.ts";

/** A launch with everything bound. */
export interface BoundLaunch {
  readonly lowered: LoweredLaunch;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  /** The same launch as an eager one: what a checked engine runs. */
  readonly dispatch: Dispatch;
}
