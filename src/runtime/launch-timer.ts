// Times of a program's launches, one by one: what a profile is made of.

import type { Kernel } from "../kernels/kernel.ts";
import type { Knobs, UniformValues } from "../kernels/source.ts";
import type { Shape } from "../tensor/shape.ts";

/** What a launch is, for whoever sums up times. */
export interface TimedLaunch {
  readonly kernel: Kernel;
  readonly knobs: Knobs;
  readonly sizes: UniformValues;
  /** Workgroups launched. */
  readonly workgroups: number;
  /** Bytes of everything it binds, read or written, whole. */
  readonly bytes: number;
  readonly operator: string;
  /** Of what the operator was called with: its inputs, then its outputs. */
  readonly shapes: readonly Shape[];
  readonly phase: string;
}

/** One replay: for each launch when it began, counted from the first one's beginning, and how long it took; seconds. */
export interface RunTimes {
  readonly starts: Float64Array;
  readonly seconds: Float64Array;
}

export interface LaunchTimer {
  readonly launches: readonly TimedLaunch[];
  /**
   * "device": the device's own timestamps. "wall": the time from a submit of the launch alone until it was done, as seen
   * from JavaScript, where the adapter has no timestamps or none that make sense; some tenths of a millisecond of each
   * launch are the submit's.
   */
  clock(): "device" | "wall";
  /**
   * In what steps the device's timestamps of the replays so far came, in seconds: browsers round them (Chrome's Dawn to 65.5
   * microseconds), and what is shorter than a step is not told apart. Undefined for wall time, and for stamps too few to say.
   */
  resolution(): number | undefined;
  /** Replays the step once. */
  run(): Promise<RunTimes>;
  destroy(): void;
}
