// What a recorded step needs, in numbers: known before anything is allocated.

import { described } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";

/** What a buffer of a step is for. */
export type Purpose =
  /** Made in one phase of the step and needed in a later one. */
  | "activations"
  /** Made and used up in one phase. */
  | "working"
  /** Inside one operator. */
  | "scratch"
  /** Packed for one launch over all of them: gradients of the parameters. */
  | "packed"
  /** Returned by the step. */
  | "results"
  /** Written before every replay. */
  | "feeds"
  | "constants";

/** One buffer of a step and the launches during which it is needed. */
export interface BufferPlan {
  /** The operator that makes it. */
  readonly label: string;
  readonly purpose: Purpose;
  readonly bytes: number;
  /** Indices of the first and the last launch that use it. */
  readonly first: number;
  readonly last: number;
}

export interface StepPlan {
  /** Launches of each phase, in order. */
  readonly launches: ReadonlyMap<string, number>;
  /** Different pipelines. */
  readonly pipelines: number;
  /** Every buffer of the step; those that are not needed at the same time share memory. */
  readonly buffers: readonly BufferPlan[];
  /** Bytes of its buffers: what is shared counts once. Uniforms (256 bytes a launch at most) and readings come on top. */
  readonly bytes: number;
  /** Of these, what is reused from launch to launch (activations, working, scratch). */
  readonly reusedBytes: number;
  /** The most bytes of reused buffers that are needed at one launch: no plan can need less than this. */
  readonly peakBytes: number;
  /** What the reused bytes at that launch are for. */
  readonly peak: ReadonlyMap<Purpose, number>;
}

/** Launches of the whole step. */
export function launchesOf(plan: StepPlan): number {
  const launches: unknown = (plan as Partial<StepPlan> | undefined | null)?.launches;
  if (!(launches instanceof Map)) {
    throw new UsageError(
      `launchesOf: takes the plan of a program, which there is on WebGPU alone; got ${described(plan)}`,
    );
  }
  return [...plan.launches.values()].reduce((sum, count) => sum + count, 0);
}

/** A table of the largest buffers, for error messages. */
export function largestBuffers(buffers: readonly BufferPlan[], count = 8): string {
  return [...buffers]
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, count)
    .map(
      ({ label, purpose, bytes }) =>
        `  ${(bytes / 2 ** 20).toFixed(1).padStart(9)} MiB  ${purpose}  ${label}`,
    )
    .join("\n");
}
